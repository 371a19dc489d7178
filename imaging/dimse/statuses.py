"""What a peer is answered to a C-STORE (PS3.4 B.2.3, PS3.7 9.1.1.1.9): a status and a comment without patient data."""

from dataclasses import dataclass

from imaging.intake import Outcome

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
NOT_AUTHORISED = 0x0124
OUT_OF_RESOURCES = 0xA700
MISMATCH = 0xA900
CANNOT_UNDERSTAND = 0xC000


@dataclass(frozen=True, slots=True)
class Status:
    """Status (0000,0900) and Error Comment (0000,0902, LO: up to 64 characters)."""

    code: int
    comment: str = ""


STORED = Status(SUCCESS)
FAILED = Status(PROCESSING_FAILURE, "Something went wrong on our side; please send it again.")
TOO_OFTEN = Status(OUT_OF_RESOURCES, "Too many instances in a minute; please send it again later.")
NO_SPACE = Status(OUT_OF_RESOURCES, "There is no space left for this instance.")
QUOTA = Status(OUT_OF_RESOURCES, "No room is left for these images; ask the coordinator.")
WRONG_CLASS = Status(MISMATCH, "The data set is of another SOP class or instance than said.")
NOT_A_UID = Status(CANNOT_UNDERSTAND, "The command names no SOP class or instance.")
STRANGER = Status(NOT_AUTHORISED, "This application entity may not send to us.")

_OF = {
    "conflict": Status(PROCESSING_FAILURE, "Another instance or patient has this identity here already."),
    "disk-full": NO_SPACE,
    "quota": QUOTA,
    "file-size": Status(OUT_OF_RESOURCES, "The instance is larger than we take."),
    "elements": Status(OUT_OF_RESOURCES, "The instance has more elements than we take."),
    "nesting": Status(OUT_OF_RESOURCES, "The instance nests deeper than we take."),
    "frames": Status(OUT_OF_RESOURCES, "The instance has more frames than we take."),
    "inflated": Status(OUT_OF_RESOURCES, "The data set unfolds to more than we take."),
    "pixel-flood": Status(OUT_OF_RESOURCES, "The pixels unfold to more than we take."),
    "codec-ratio": Status(OUT_OF_RESOURCES, "The pixels unfold to more than we take."),
    "mismatch": WRONG_CLASS,
    "cut-short": Status(CANNOT_UNDERSTAND, "The data set is cut short."),
    "no-identity": Status(CANNOT_UNDERSTAND, "The data set lacks a UID it is filed by."),
    "transfer-syntax": Status(CANNOT_UNDERSTAND, "The transfer syntax is not one we take."),
}


def status_of(outcome: Outcome) -> Status:
    """The answer to what became of one instance."""
    if outcome.result in ("taken", "already here"):
        return STORED
    return _OF.get(outcome.code, Status(CANNOT_UNDERSTAND, f"The data set cannot be read: {outcome.code}."[:64]))
