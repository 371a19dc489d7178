"""What archives and workstations of others may find here and have: the studies of cases, through the DICOM listener.

A node whose settings say `asks` sees the studies of the cases of the board its listener entry names, of all boards
without one. Drafts and withdrawn cases are nobody's; studies of no case are not offered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from sqlalchemy import Select
from sqlmodel import Session, col, select

from agenda.cases import Case, CaseStudy
from conference.policy import Action
from conference.record.audit import note_read
from imaging.dicomweb.attributes import BY_TAG, Level
from imaging.dicomweb.errors import BadQuery
from imaging.dicomweb.present import result
from imaging.dicomweb.qido import Condition, Query, counts, find, query
from imaging.dimse.listener import peers_of
from imaging.dimse.provider import Offered, WrongQuestion
from imaging.dimse.sender import Remote, remote_of
from imaging.settings import DimseSettings, ImagingSettings
from imaging.studies import Instance, Series
from imaging.vault import Vault
from web.clock import now
from web.database import Database, Deed

_HIDDEN = ("draft", "withdrawn")
_OFFERED = (
    'EXISTS (SELECT 1 FROM casestudy JOIN "case" ON "case".id = casestudy.case_id '
    'WHERE casestudy.study_instance_uid = study.study_instance_uid AND "case".state NOT IN ({}){})'
)
_LEVELS: dict[str, Level] = {"STUDY": "study", "SERIES": "series", "IMAGE": "instance"}
_UNIQUE = {"STUDY": ("StudyInstanceUID",), "SERIES": ("StudyInstanceUID", "SeriesInstanceUID"),
           "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")}
_EVERYTHING: tuple[Level, ...] = ("study", "series", "instance")
_MOST = 5000


@dataclass(frozen=True, slots=True)
class CaseStudies:
    """The studies of cases, to those who may ask; called in the threads of the listener."""

    database: Database
    vault: Vault
    settings: ImagingSettings
    dimse: DimseSettings
    """As in force: a demo's differ from the configuration."""

    def may_ask(self, title: str) -> bool:
        """Whether the settings let this application entity query."""
        return any(one.kind == "dimse" and one.asks and one.ae_title == title for one in self.settings.nodes)

    def find(self, title: str, asked: Dataset) -> Sequence[Dataset]:
        """What matches; one row of the audit. Raises WrongQuestion."""
        level = str(asked.QueryRetrieveLevel)
        _demand(asked, _UNIQUE[level][:-1])
        question = _question(asked, _LEVELS[level])
        found = self.database.read_now(_found, question, self._board(title), _wanted(asked))
        self._note(title, f"dimse/{title}/find/{level}/{len(found)}")
        return found

    def instances(self, title: str, asked: Dataset) -> Sequence[Offered]:
        """The instances that are named; one row of the audit. Raises WrongQuestion."""
        keys = _UNIQUE[str(asked.QueryRetrieveLevel)]
        _demand(asked, keys)
        named = {keyword: _values(asked, keyword) for keyword in keys}
        found = self.database.read_now(_instances, named, self._board(title))
        self._note(title, f"dimse/{title}/retrieve/{named['StudyInstanceUID'][0]}/{len(found)}")
        return found

    def destination(self, title: str) -> Remote | None:
        """A node that images may be sent to."""
        fitting = (one for one in self.settings.nodes if one.kind == "dimse" and one.store and one.ae_title == title)
        node = next(fitting, None)
        return None if node is None else remote_of(node)

    def open(self, digest: str) -> BinaryIO:
        """A file of the vault."""
        return self.vault.open(digest)

    def _board(self, title: str) -> str:
        return next((one.destination for one in peers_of(self.dimse) if one.title == title), "")

    def _note(self, title: str, record: str) -> None:
        """The answer fails if the row cannot be written."""
        deed = Deed("system", f"DICOM peer {title}", Action.IMAGE_READ.value, now())
        self.database.write_now(deed, note_read, deed, Action.IMAGE_READ.value, record[:500])


def _offered(board: str) -> Select[Any]:
    """Selects the studies of cases."""
    chosen = select(CaseStudy.study_instance_uid).join(Case, col(Case.id) == col(CaseStudy.case_id))
    chosen = chosen.where(col(Case.state).not_in(_HIDDEN))
    return chosen.where(Case.board_id == board) if board else chosen


def _findable(board: str) -> Condition:
    """The same of each study in turn."""
    hidden = ", ".join("{}" for _ in _HIDDEN)
    if not board:
        return Condition(_OFFERED.format(hidden, ""), _HIDDEN)
    return Condition(_OFFERED.format(hidden, ' AND "case".board_id = {}'), (*_HIDDEN, board))


def _found(session: Session, question: Query, board: str, wanted: Sequence[str]) -> list[Dataset]:
    page = find(session, question, _findable(board))
    tally = counts(session, page.rows)
    found = []
    for row in page.rows:
        model = result(row, tally, "", _EVERYTHING)
        made = Dataset.from_json({tag: model.get(tag, {"vr": "UN"}) for tag in wanted if tag in model})
        for tag in wanted:
            keyword = keyword_for_tag(tag)
            if keyword and keyword not in made:  # asked for, and not known here (PS3.4 C.2.2.1)
                setattr(made, keyword, None)
        made.SpecificCharacterSet = "ISO_IR 192"
        found.append(made)
    return found


def _instances(session: Session, named: dict[str, list[str]], board: str) -> list[Offered]:
    chosen = (
        select(Instance.sop_class_uid, Instance.sop_instance_uid, Instance.transfer_syntax_uid, Instance.digest)
        .join(Series, col(Series.series_instance_uid) == col(Instance.series_instance_uid))
        .where(col(Series.study_instance_uid).in_(_offered(board)))
        .where(col(Series.study_instance_uid).in_(named["StudyInstanceUID"]), col(Instance.held).is_(False))
        .order_by(col(Series.number), col(Instance.number), col(Instance.sop_instance_uid))
    )
    if "SeriesInstanceUID" in named:
        chosen = chosen.where(col(Series.series_instance_uid).in_(named["SeriesInstanceUID"]))
    if "SOPInstanceUID" in named:
        chosen = chosen.where(col(Instance.sop_instance_uid).in_(named["SOPInstanceUID"]))
    return [Offered(*row) for row in session.exec(chosen)]


def _question(asked: Dataset, level: Level) -> Query:
    """The matching keys as a search; those of a lower level and those not in the index select nothing."""
    said: list[tuple[str, str]] = [("limit", str(_MOST))]
    depth = _EVERYTHING.index(level)
    for one in asked:
        known = BY_TAG.get(f"{one.tag:08X}")
        if known is None or _EVERYTHING.index(known.level) > depth:
            continue
        values = _values(asked, known.keyword)
        if values:
            said.append((known.keyword, "\\".join(values)))
    try:
        return query(level, said)
    except BadQuery as error:
        raise WrongQuestion(str(error)) from None


def _wanted(asked: Dataset) -> list[str]:
    """The tags a peer asks back; group lengths and sequences are left out."""
    return [
        f"{one.tag:08X}" for one in asked
        if one.tag.element and one.VR != "SQ" and not one.tag.is_private and one.tag != 0x00080005
    ]


def _demand(asked: Dataset, keywords: Sequence[str]) -> None:
    for keyword in keywords:
        values = _values(asked, keyword)
        if not values or set("*?") & set("".join(values)):
            raise WrongQuestion(f"{keyword} must be given at this level.")


def _values(asked: Dataset, keyword: str) -> list[str]:
    value = asked.get(keyword)
    values = value if isinstance(value, MultiValue | list) else [value]
    return [text for one in values if one is not None and (text := str(one).strip())]
