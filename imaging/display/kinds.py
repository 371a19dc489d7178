"""What an object is, by its SOP class (PS3.4 annex B)."""

from typing import Literal

DisplayKind = Literal["report", "document", "presentation", "segmentation"]

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_KEY_OBJECT = _STORAGE + "88.59"


def kind_of(sop_class_uid: str) -> DisplayKind | None:
    """How an object is shown; None: as a picture, or not at all. A key object selection is the report it is."""
    if sop_class_uid.startswith(_STORAGE + "88."):
        return "report"
    if sop_class_uid == _STORAGE + "104.1":
        return "document"
    if sop_class_uid in (_STORAGE + "11.1", _STORAGE + "11.2"):
        return "presentation"
    return "segmentation" if sop_class_uid in (_STORAGE + "66.4", _STORAGE + "66.7") else None


def title_of(kind: DisplayKind, sop_class_uid: str, description: str) -> str:
    """What it is called in a list."""
    plain = {"presentation": "Presentation state"}.get(kind, kind.capitalize())
    name = "Key images" if sop_class_uid == _KEY_OBJECT else plain
    return f"{name}: {description}" if description else name
