"""Instances that are here already, whoever wrote the header of the file that brings them again.

A disc, an archive's C-STORE and its WADO-RS give one data set three different file headers (PS3.10 7.1). That is the
same instance, not a conflict.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from imaging.dimse.part10 import same_data_set
from imaging.intake import Candidate, Intake, KeptFile, Progress
from imaging.studies import Instance

_ASKED_AT_ONCE = 500
_DIGESTS = select(Instance.sop_instance_uid, Instance.digest).where(
    col(Instance.sop_instance_uid).in_(bindparam("uids", expanding=True))
)


def digests_of(session: Session, sop_instance_uids: Iterable[str]) -> dict[str, str]:
    """The digests of those instances that are here, by SOP Instance UID."""
    uids = list(dict.fromkeys(sop_instance_uids))
    found: dict[str, str] = {}
    for at in range(0, len(uids), _ASKED_AT_ONCE):
        rows = session.connection().execute(_DIGESTS, {"uids": uids[at : at + _ASKED_AT_ONCE]})
        found |= {row[0]: row[1] for row in rows}
    return found


def keep_new(
    intake: Intake, candidates: Sequence[Candidate], known: Mapping[str, str],
    progress: Progress = lambda _done: None,
) -> list[KeptFile]:
    """Put into the vault what is not here yet; a data set that is here is named by the file that holds it. Blocks.

    known: what `digests_of` gave for these candidates.
    """
    here = {
        number: digest for number, one in enumerate(candidates)
        if (digest := known.get(one.header.sop_instance_uid)) and _same(intake, one, digest)
    }
    wanted = [one for number, one in enumerate(candidates) if number not in here]
    fresh = iter(intake.keep(wanted, lambda done: progress(len(here) + done)))
    return [KeptFile(one, here[number]) if number in here else next(fresh) for number, one in enumerate(candidates)]


def _same(intake: Intake, candidate: Candidate, digest: str) -> bool:
    with intake.vault.open(digest) as there, candidate.arrived.path.open("rb") as fresh:
        return same_data_set(there, fresh)
