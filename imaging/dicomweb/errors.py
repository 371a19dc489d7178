"""What a DICOMweb request can be refused for; each text is a sentence for whoever reads the client's log."""

from imaging.errors import ImagingError


class BadQuery(ImagingError):
    """A parameter of the request cannot be understood (400)."""

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(f"{parameter}: {reason}")
        self.parameter = parameter


class BadMessage(ImagingError):
    """The body is not the multipart message its heading says (400)."""


class NotAcceptable(ImagingError):
    """Nothing the client accepts can be made of what is stored (406)."""


class UnsupportedBody(ImagingError):
    """The body has a media type that is not taken (415)."""
