"""What can go wrong in the media unit, by whose fault it is.

MediaError
├── Malformed          a datagram, a description or a control line is not what its standard allows; dropped or refused
├── NotAdmitted        a join token is forged, stale or for another room                        (refused, no details)
└── MediaUnavailable   the media process cannot be reached; the meeting goes on without voice
"""


class MediaError(Exception):
    """Any error of this package; its text is a sentence for a person."""


class Malformed(MediaError):
    """Bytes or text that their standard does not allow; names the standard's clause where there is one."""


class NotAdmitted(MediaError):
    """A join token does not open this door; the text says no more than the caller may know."""


class MediaUnavailable(MediaError):
    """The media process does not answer; ask again later."""
