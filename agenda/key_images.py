"""Key images: the pictures of a case that somebody wants everybody to have seen, in the order they are shown."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel, UniqueConstraint, col, select

from agenda.columns import instant
from agenda.errors import Invalid, NotNow
from agenda.ids import new_id

MOST = 40
"""Key images of one case; more would be the study again."""
LONGEST_NOTE = 300


class KeyImage(SQLModel, table=True):
    """One frame with the window it was chosen in."""

    __tablename__ = "key_image"
    __table_args__ = (UniqueConstraint("case_id", "sop_instance_uid", "frame"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    case_id: str = Field(foreign_key="case.id", index=True)
    position: int
    """Place among the case's key images, from 0."""
    sop_instance_uid: str = Field(index=True)
    frame: int
    """From 1 (PS3.3 C.7.6.6)."""
    window_centre: float | None = None
    window_width: float | None = None
    """The window in which it was chosen, in the units after rescale; both or neither."""
    note: str = ""
    chosen_by: str = Field(foreign_key="person.id")
    chosen_at: datetime = instant()


def key_images(session: Session, case_id: str) -> list[KeyImage]:
    """The key images of a case in their order."""
    return list(session.exec(
        select(KeyImage).where(KeyImage.case_id == case_id).order_by(col(KeyImage.position), col(KeyImage.id))
    ))


def choose(
    session: Session, case_id: str, sop_instance_uid: str, frame: int, *, by: str, at: datetime,
    window: tuple[float, float] | None = None, note: str | None = None,
) -> KeyImage:
    """Make a frame a key image; choosing it again takes the new window and note, and keeps its place.

    window: (centre, width); None: as the file says. note: None leaves a note that is there. Raises Invalid for a note
    that is too long, NotNow when there are MOST already.
    """
    words = None if note is None else " ".join(note.split())
    if words is not None and len(words) > LONGEST_NOTE:
        raise Invalid("note", f"Keep the note under {LONGEST_NOTE} characters.")
    listed = key_images(session, case_id)
    found = _among(listed, sop_instance_uid, frame)
    if found is None:
        if len(listed) >= MOST:
            raise NotNow("too-many-key-images", f"A case has at most {MOST} key images; take one off first.")
        found = KeyImage(
            case_id=case_id, position=len(listed), sop_instance_uid=sop_instance_uid, frame=frame, chosen_by=by,
            chosen_at=at,
        )
    found.window_centre, found.window_width = window or (None, None)
    found.note = found.note if words is None else words
    session.add(found)
    session.flush()
    return found


def annotate(session: Session, case_id: str, sop_instance_uid: str, frame: int, note: str) -> None:
    """Say why an image is a key image; raises Invalid, NotNow when it is none any more."""
    found = _chosen(session, case_id, sop_instance_uid, frame)
    window = None
    if found.window_centre is not None and found.window_width is not None:
        window = (found.window_centre, found.window_width)
    choose(session, case_id, sop_instance_uid, frame, by=found.chosen_by, at=found.chosen_at, window=window, note=note)


def let_go(session: Session, case_id: str, sop_instance_uid: str, frame: int) -> None:
    """Make it no key image any more; what is none is left alone."""
    listed = key_images(session, case_id)
    found = _among(listed, sop_instance_uid, frame)
    if found is None:
        return
    listed.remove(found)
    session.delete(found)
    _number(session, listed)


def shift(session: Session, case_id: str, sop_instance_uid: str, frame: int, by: int) -> None:
    """Move a key image by so many places; the ends of the list hold it. Raises NotNow when it is none any more."""
    found = _chosen(session, case_id, sop_instance_uid, frame)
    listed = key_images(session, case_id)
    place = listed.index(found)
    listed.insert(max(0, place + by), listed.pop(place))
    _number(session, listed)


def _chosen(session: Session, case_id: str, sop_instance_uid: str, frame: int) -> KeyImage:
    found = _among(key_images(session, case_id), sop_instance_uid, frame)
    if found is None:
        raise NotNow("no-key-image", "Somebody took this key image off meanwhile.")
    return found


def _among(listed: list[KeyImage], sop_instance_uid: str, frame: int) -> KeyImage | None:
    return next((one for one in listed if (one.sop_instance_uid, one.frame) == (sop_instance_uid, frame)), None)


def _number(session: Session, listed: list[KeyImage]) -> None:
    for position, one in enumerate(listed):
        one.position = position
        session.add(one)
    session.flush()
