"""What can go wrong with images, by whose fault it is.

ImagingError
├── NotFound               the request names nothing                    (404)
│   ├── StudyNotFound  SeriesNotFound  InstanceNotFound  FrameNotFound  UploadNotFound  ObjectNotFound
├── Refused                a file or a whole delivery cannot be taken   (a stable code and a sentence)
│   ├── Unreadable         not DICOM, broken, cut short, or of a kind we do not take
│   ├── TooLarge           beyond a limit of the configuration          (413)
│   ├── TooOften           more uploads in an hour than the configuration allows (429)
│   ├── QuotaReached       no room is left for this board, or for any   (413)
│   └── UnsafeArchive      a zip that would do harm
├── VaultFailed            the storage of the vault does not answer    (503)
├── UploadState            the upload is at another step                (409)
├── WrongOffset            a chunk that does not continue the file      (409; says where to go on)
├── WorkerLost             the disposable reader ended on this file
└── NodeUnusable, Unreached  another archive: its settings cannot be used, or it does not answer (in their modules)
"""


class ImagingError(Exception):
    """Any error of this package; its text is a sentence for a person."""


class NotFound(ImagingError):
    """The request names nothing that exists."""

    noun = "record"

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no {self.noun} with this identity.")
        self.key = key


class StudyNotFound(NotFound):
    """No study with this Study Instance UID."""

    noun = "study"


class SeriesNotFound(NotFound):
    """No series with this Series Instance UID."""

    noun = "series"


class InstanceNotFound(NotFound):
    """No instance with this SOP Instance UID."""

    noun = "image"


class FrameNotFound(NotFound):
    """The image has no frame of this number."""

    noun = "frame"


class UploadNotFound(NotFound):
    """No upload with this identity, or it has expired."""

    noun = "upload"


class ObjectNotFound(NotFound):
    """The vault holds nothing under this digest."""

    noun = "object"


class Refused(ImagingError):
    """Something that arrived cannot be taken; `code` is stable for programs, the text is for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Unreadable(Refused):
    """Not DICOM, broken, cut short, or of a kind we do not take."""


class TooLarge(Refused):
    """Beyond a limit of the configuration; the sentence names the limit."""


class QuotaReached(TooLarge):
    """No room is left for this board's images, or for any; the sentence says whose limit it is."""


class TooOften(Refused):
    """More uploads in an hour than the configuration allows."""


class UnsafeArchive(Refused):
    """A zip that would do harm when unpacked."""


class UploadState(ImagingError):
    """The upload is at another step; the text says at which."""


class WrongOffset(ImagingError):
    """A chunk does not continue its file; `expected` is where to go on."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"This part does not continue the file; go on at byte {expected}.")
        self.expected = expected


class WorkerLost(ImagingError):
    """The disposable reader ended on this file: out of memory, out of time, or it crashed."""


class VaultFailed(ImagingError):
    """The storage of the vault does not answer, or does not do what it was asked; the text names it."""
