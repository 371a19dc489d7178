"""Why there is no picture of a frame."""

from imaging.errors import ImagingError


class NoPicture(ImagingError):
    """This frame cannot be drawn; the text is a sentence that says why. The file itself is kept."""
