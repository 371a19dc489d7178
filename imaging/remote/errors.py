"""What an archive of others can do to us; each text is a sentence for the person who asked."""

from imaging.errors import ImagingError, NotFound, Refused


class BadQuestion(Refused):
    """A field of the search form cannot be used; `code` is the field."""


class RemoteFailed(ImagingError):
    """The archive did not do what it was asked."""


class Stopped(ImagingError):
    """The person stopped the fetch."""

    def __init__(self) -> None:
        super().__init__("The fetch was stopped.")


class FetchNotFound(NotFound):
    """No fetch with this identity."""

    noun = "fetch"


class FetchState(ImagingError):
    """The fetch is at another step; the text says at which."""


_STATUSES = {
    0x0105: "it does not know an attribute of the question",
    0x0106: "it takes an attribute of the question to be wrong",
    0x0110: "something went wrong on its side",
    0x0111: "it is working on the same request already",
    0x0112: "it has no such study any more",
    0x0117: "it does not know the object that was asked for",
    0x0118: "it does not know this kind of query",
    0x0119: "the study it was asked for is not of the kind it said",
    0x0122: "it does not do this kind of query",
    0x0124: "we are not allowed to ask it this",
    0x0210: "it has seen this message before",
    0x0211: "it does not know this operation",
    0x0212: "it takes the message to be mistyped",
    0xA700: "it is out of resources; try again later",
    0xA701: "it cannot count what matches; ask more narrowly",
    0xA702: "it could not send the images to us",
    0xA801: "it does not know where to send the images: its administrator must enter our title, address and port",
    0xA900: "the question does not fit what it can answer",
    0xB000: "it could send only some of the images",
    0xFE00: "it ended the request",
    0xFE01: "it ended the request",
}
"""PS3.7 annex C and PS3.4 tables C.4-1, C.4-2 and C.4-3."""


def status_sentence(status: int) -> str:
    """Why a request failed, as half a sentence; the number stays for whoever must look it up."""
    if 0xC000 <= status <= 0xCFFF:
        said = "it cannot process this request"
    else:
        said = _STATUSES.get(status, "it gives no reason we know")
    return f"{said} (status {status:04X})"
