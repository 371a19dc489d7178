"""Room for images and their end: quotas, what records refer to, and the removal of what nothing needs any more.

Imaging knows files, the agenda knows whose they are and the rules, the conference knows what was shown, marked and
signed; here they meet. Nothing goes that a mark, a picture shown in a room, a packet or a signed record refers to, nor
anything of a case under a legal hold.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from agenda.boards import Board, boards
from agenda.cases import Case, CaseStudy, case, cases_of_study, studies_of
from agenda.conferences import conferences_of_case
from agenda.errors import CaseNotFound
from agenda.ids import new_id
from agenda.keeping import BoardKeeping, due, keeping, over_since
from agenda.key_images import key_images
from agenda.packets import PacketVersion
from conference.outcome.signing import SignedRecord
from conference.record.log import RoomEvent
from imaging import retention
from imaging.errors import QuotaReached
from imaging.retention import Clearing, Plan, References
from imaging.settings import ImagingSettings, QuotaSettings
from imaging.studies import Instance
from imaging.vault import Held, Vault
from imaging.vault.upkeep import orphans
from web.database import Database, Deed

log = logging.getLogger(__name__)

Progress = Callable[[str, float], None]
_AT_ONCE = 20
"""Objects removed in one transaction: other writers wait no longer than that."""
_GB = 10**9
_BOARD_OF = (
    select(Board.id, Board.name, BoardKeeping.quota_bytes).join(Case, col(Case.board_id) == Board.id)
    .outerjoin(BoardKeeping, col(BoardKeeping.board_id) == Board.id).where(Case.id == bindparam("case"))
)
_LIMITS_OF = (
    select(BoardKeeping.board_id).join(Case, col(Case.board_id) == BoardKeeping.board_id)
    .where(col(BoardKeeping.quota_bytes).is_not(None), col(Case.id).in_(bindparam("cases", expanding=True))).limit(1)
)


class OnHold(Exception):
    """Everything is under a legal hold; nothing was removed."""

    def __init__(self) -> None:
        super().__init__("Nothing is removed: [imaging.vault] hold is set.")


@dataclass(frozen=True, slots=True)
class Room:
    """How much room images take, in bytes; `limit` 0: none but the disk's."""

    used: int
    limit: int

    @property
    def left(self) -> int | None:
        """None: there is no limit."""
        return max(self.limit - self.used, 0) if self.limit else None


@dataclass(frozen=True, slots=True)
class Ending:
    """A case whose images' time is over."""

    case_id: str
    number: int
    board: str
    over_since: datetime
    plan: Plan


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was removed, or would be."""

    objects: int
    size: int
    """Bytes."""


def room_of(session: Session, quota: QuotaSettings, board_id: str) -> Room:
    """How much room the images of a board's cases take; a study of two boards counts for both."""
    own = keeping(session, board_id).quota_bytes
    query = select(CaseStudy.study_instance_uid).join(Case, col(Case.id) == CaseStudy.case_id)
    studies = set(session.exec(query.where(Case.board_id == board_id)))
    return Room(retention.used(session, studies), quota.board_bytes if own is None else own)


def room_in_all(session: Session, quota: QuotaSettings) -> Room:
    """How much room all images take."""
    return Room(retention.used(session), quota.total_bytes)


def demand_room(session: Session, quota: QuotaSettings, case_id: str, coming: int) -> None:
    """Go on only if so many more bytes fit; raises QuotaReached with a sentence for whoever sends them."""
    if quota.total_bytes:
        _demand(room_in_all(session, quota), coming, "All images together", "your administrator")
    session.flush()
    found = session.connection().execute(_BOARD_OF, {"case": case_id}).first()
    if found is None:
        raise CaseNotFound(case_id)
    board_id, name, own = found
    if quota.board_bytes or own is not None:
        _demand(room_of(session, quota, board_id), coming, f"The images of {name}", "its coordinator")


def demand_room_for_study(session: Session, quota: QuotaSettings, study_uid: str, coming: int) -> None:
    """The same for what nobody named a case for: every case of its study must have room, and all images together."""
    cases = cases_of_study(session, study_uid)
    for case_id in cases:
        demand_room(session, quota, case_id, coming)
    if not cases and quota.total_bytes:
        _demand(room_in_all(session, quota), coming, "All images together", "your administrator")


def is_limited(session: Session, quota: QuotaSettings, study_uid: str) -> bool:
    """Whether `demand_room_for_study` could refuse anything at all."""
    if quota.total_bytes:
        return True
    cases = cases_of_study(session, study_uid)
    return bool(cases and (quota.board_bytes or session.connection().execute(_LIMITS_OF, {"cases": cases}).first()))


def _demand(room: Room, coming: int, whose: str, whom: str) -> None:
    if room.limit and room.used + coming > room.limit:
        raise QuotaReached(
            "quota",
            f"{whose} take {_size(room.used)} of {_size(room.limit)}; these files need {_size(coming)} more. Nothing "
            f"was taken. Ask {whom} to make room, or choose the series that matter.",
        )


def endings(session: Session, at: datetime, board_id: str | None = None) -> list[Ending]:
    """Every case whose images would go now, with what goes and what stays; nothing is changed."""
    over = _over(session, at)
    names = {one.id: one.name for one in boards(session)}
    found: list[Ending] = []
    counted: set[str] = set()
    for one in over.values():
        plan = _plan(session, one, over, counted)
        since = over_since(session, one)
        if plan.goes and since is not None and board_id in (None, one.board_id):
            counted.update(studies_of(session, one.id))
            found.append(Ending(one.id, one.number, names[one.board_id], since, plan))
    return found


def refers(session: Session, found: Case, studies: Collection[str]) -> References:
    """What the record of a case refers to: marks and pictures shown in its rooms, signed records, its packet."""
    named = _Named()
    rooms = conferences_of_case(session, found.id)
    for text in session.exec(select(RoomEvent.payload).where(col(RoomEvent.room_id).in_(rooms))):
        named.gather(json.loads(text))
    for text in session.exec(select(SignedRecord.record).where(SignedRecord.case_id == found.id)):
        named.gather(json.loads(text))
    for text in session.exec(select(PacketVersion.body).where(PacketVersion.case_id == found.id)):
        named.gather(json.loads(text))
    named.instances.update(one.sop_instance_uid for one in key_images(session, found.id))
    packet = retention.representatives(session, studies) if rooms else References()
    return packet | References(frozenset(named.instances), frozenset(named.series), frozenset(named.digests))


def retire(
    database: Database, vault: Vault, settings: ImagingSettings, derived: Path, deed: Deed, progress: Progress
) -> list[Ending]:
    """Let go of what boards' rules say: previews, then records, then what no record names any more.

    Raises OnHold, VaultFailed. After an interruption the rest goes the next time.
    """
    if settings.vault.hold:
        raise OnHold
    found = database.read_now(endings, deed.at)
    digests: set[str] = set()
    for done, one in enumerate(found):
        progress("Retention", done / len(found))
        retention.forget_previews(derived, one.plan.digests)
        digests |= set(database.write_now(deed, _retired, one.case_id, deed.at))
    held = [one for one in vault.objects() if one.digest in digests] if digests else []
    # What somebody kept again within the grace may be about to be indexed; it goes with the orphans if not.
    before = deed.at - timedelta(hours=settings.vault.grace_hours)
    _removed(database, vault, held, deed, before, lambda share: progress("Clearing", share), "")
    return found


def clear_orphans(
    database: Database, vault: Vault, settings: ImagingSettings, deed: Deed, progress: Progress, *, dry_run: bool
) -> list[Held]:
    """Remove what no record names and is older than the grace; gives it. Raises OnHold, VaultFailed."""
    if settings.vault.hold and not dry_run:
        raise OnHold
    before = deed.at - timedelta(hours=settings.vault.grace_hours)
    found = list(orphans(vault, database.read_now(retention.named), before))
    if not dry_run:
        found = _removed(database, vault, found, deed, before, lambda share: progress("Clearing", share), "orphans")
    return found


def _retired(session: Session, case_id: str, at: datetime) -> tuple[str, ...]:
    """Plan anew, since the world may have moved, and forget; gives the digests that were named."""
    over = _over(session, at)
    plan = _plan(session, over[case_id], over, ()) if case_id in over else None
    if plan is None or not plan.goes:
        return ()
    retention.forget(session, plan)
    session.add(Clearing(
        id=new_id(), at=at, reason="retention", subject=case_id, objects=plan.going.images, size=plan.going.size,
    ))
    return plan.digests


def _over(session: Session, at: datetime) -> dict[str, Case]:
    """The cases of every board whose images' time is over."""
    return {one.id: one for found in boards(session) for one in due(session, found.id, at)}


def _plan(session: Session, found: Case, over: Mapping[str, Case], without: Collection[str]) -> Plan:
    """A study of several cases goes when all of them are over; what any of them refers to stays."""
    studies = [
        uid for uid in studies_of(session, found.id)
        if uid not in without and set(cases_of_study(session, uid)) <= over.keys()
    ]
    sharing = {key for uid in studies for key in cases_of_study(session, uid)}
    stays = References()
    for key in sorted(sharing):
        stays = stays | refers(session, case(session, key), studies)
    return retention.plan(session, studies, stays)


def _removed(
    database: Database, vault: Vault, found: list[Held], deed: Deed, before: datetime,
    progress: Callable[[float], None], reason: str,
) -> list[Held]:
    gone: list[Held] = []
    for start in range(0, len(found), _AT_ONCE):
        progress(start / len(found))
        gone += database.write_now(deed, _remove, vault, found[start : start + _AT_ONCE], before, reason)
    return gone


def _remove(session: Session, vault: Vault, found: list[Held], before: datetime, reason: str) -> list[Held]:
    """Runs on the one writer: nothing can be indexed between the question who names an object and its removal."""
    wanted = [one.digest for one in found]
    named = set(session.exec(select(Instance.digest).where(col(Instance.digest).in_(wanted))))
    gone = [one for one in found if one.digest not in named and vault.remove_older(one.digest, before)]
    if gone and reason:
        size = sum(one.size for one in gone)
        session.add(Clearing(id=new_id(), at=session.info["deed"].at, reason=reason, objects=len(gone), size=size))
    return gone


class _Named:
    """Collects what JSON of a record refers to, wherever it stands in it."""

    def __init__(self) -> None:
        self.instances: set[str] = set()
        self.series: set[str] = set()
        self.digests: set[str] = set()

    def gather(self, value: object) -> None:
        """Take everything out of one value."""
        for key, text in _texts(value, ""):
            if key == "sop_instance_uid":
                self.instances.add(text)
            elif key == "series_instance_uid":
                self.series.add(text)
            elif len(text) == 64:
                self.digests.add(text)


def _texts(value: object, key: str) -> Iterator[tuple[str, str]]:
    """Every text in a JSON value with the key it stands under."""
    match value:
        case str():
            yield key, value
        case dict():
            for name, inner in value.items():
                yield from _texts(inner, name)
        case list():
            for inner in value:
                yield from _texts(inner, key)
        case _:
            return


def _size(size: int) -> str:
    return f"{size / _GB:,.1f} GB" if size >= _GB // 10 else f"{size / 1e6:,.1f} MB"
