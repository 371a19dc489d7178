"""C-FIND, C-MOVE and C-GET as provider (PS3.4 annex C), study root: what we have, to those who may ask for it.

Who may ask, for what, and where it may be sent is the caller's to say (`Offers`). Files go out byte for byte as they
arrived; one that a peer takes in no transfer syntax of ours is counted as failed and named in the answer.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from imaging.dimse.quiet import keep_answers
from imaging.dimse.sender import NODELAY, Remote

log = logging.getLogger(__name__)

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
"""Study Root Query/Retrieve Information Model (PS3.4 C.6.2)."""
_PENDING, _SUCCESS, _CANCELLED = 0xFF00, 0x0000, 0xFE00
_NOT_ALLOWED, _MISMATCH, _UNABLE, _TOO_MUCH = 0x0124, 0xA900, 0xC000, 0xA700
_IDENTIFIER_BYTES = 64 * 1024
_CONTEXTS = 128
"""Presentation contexts of one association (PS3.8 9.3.2.2)."""
_SUBOPERATIONS = 65_535


class WrongQuestion(Exception):
    """The identifier cannot be answered; the text is a comment of up to 64 characters."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One instance that a peer may have."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    digest: str


class Offers(Protocol):
    """What others may find and have; called in the threads of the listener, may block."""

    def may_ask(self, title: str) -> bool:
        """Whether this application entity may query at all."""

    def find(self, title: str, asked: Dataset) -> Sequence[Dataset]:
        """What matches, each with the attributes that were asked for; raises WrongQuestion."""

    def instances(self, title: str, asked: Dataset) -> Sequence[Offered]:
        """The instances an identifier of C-MOVE or C-GET names; raises WrongQuestion."""

    def destination(self, title: str) -> Remote | None:
        """Where an application entity that may be sent to is; None for one we do not know."""

    def open(self, digest: str) -> BinaryIO:
        """A file of the vault; it has a name."""


class Filed(Dataset):
    """Stands for a file in what pynetdicom is given; the file itself is sent."""

    digest: str = ""

    @classmethod
    def of(cls, one: Offered) -> "Filed":
        """A stand-in that knows its instance."""
        made = cls()
        made.SOPClassUID, made.SOPInstanceUID = one.sop_class_uid, one.sop_instance_uid
        made.digest = one.digest
        return made


class Provider:
    """Answers queries and retrievals of the associations of one listener."""

    def __init__(self, offers: Offers, ae_title: str) -> None:
        self._offers, self._title = offers, ae_title
        self.handlers: list[Any] = [
            (evt.EVT_C_FIND, self._find), (evt.EVT_C_GET, self._get), (evt.EVT_C_MOVE, self._move),
        ]

    def prepare(self, entity: AE) -> None:
        """Take queries, and let a peer take the part of a receiver on its own association (PS3.7 D.3.3.4)."""
        for model in (FIND, MOVE, GET):
            entity.add_supported_context(model)
        for context in entity.supported_contexts:
            if context.abstract_syntax not in (FIND, MOVE, GET):
                context.scu_role = context.scp_role = True

    def sends_files(self, association: Association) -> None:
        """Make an association send the file where it is given a stand-in."""
        plain = association.send_c_store

        def send(one: Dataset | Path, **said: Any) -> Dataset:
            if not isinstance(one, Filed):
                return cast(Dataset, plain(one, **said))
            with self._offers.open(one.digest) as file:
                return cast(Dataset, plain(Path(file.name), **said))

        association.send_c_store = send

    def _find(self, event: evt.Event) -> Iterator[tuple[Any, Dataset | None]]:
        title = _title(event)
        if not self._offers.may_ask(title):
            yield _status(_NOT_ALLOWED, "This application entity may not query here."), None
            return
        try:
            asked = _identifier(event)
            found = self._offers.find(title, asked)
        except WrongQuestion as error:
            yield _status(_MISMATCH, str(error)), None
            return
        except Exception:
            log.exception("a query could not be answered")
            yield _status(_UNABLE, "Something went wrong on our side."), None
            return
        for one in found:
            if event.is_cancelled:
                yield _CANCELLED, None
                return
            one.QueryRetrieveLevel, one.RetrieveAETitle = asked.QueryRetrieveLevel, self._title
            yield _PENDING, one

    def _get(self, event: evt.Event) -> Iterator[Any]:
        found, refusal = self._wanted(event)
        if refusal is not None:
            yield 1
            yield refusal, None
            return
        yield len(found)
        yield from self._each(event, found)

    def _move(self, event: evt.Event) -> Iterator[Any]:
        found, refusal = self._wanted(event)
        remote = self._offers.destination(str(event.move_destination).strip())
        if remote is None:
            yield None, None
            return
        contexts = _contexts(found)
        yield remote.host, remote.port, {"contexts": contexts, "evt_handlers": [NODELAY], **_tls(remote)}
        if refusal is not None:
            yield 1
            yield refusal, None
            return
        yield len(found)
        yield from self._each(event, found)

    def _wanted(self, event: evt.Event) -> tuple[Sequence[Offered], Any]:
        """The instances that are meant, or the refusal."""
        title = _title(event)
        if not self._offers.may_ask(title):
            return (), _status(_NOT_ALLOWED, "This application entity may not fetch here.")
        try:
            found = self._offers.instances(title, _identifier(event))
        except WrongQuestion as error:
            return (), _status(_MISMATCH, str(error))
        except Exception:
            log.exception("a retrieval could not be prepared")
            return (), _status(_UNABLE, "Something went wrong on our side.")
        if len(found) > _SUBOPERATIONS:
            return (), _status(_TOO_MUCH, "More instances than one request may name.")
        return found, None

    def _each(self, event: evt.Event, found: Sequence[Offered]) -> Iterator[tuple[Any, Dataset | None]]:
        for one in found:
            if event.is_cancelled:
                yield _CANCELLED, None
                return
            yield _PENDING, Filed.of(one)


class Entity(AE):  # type: ignore[misc]  # pynetdicom is not typed
    """An application entity whose associations to others send files where they are given stand-ins."""

    provider: Provider | None = None

    def associate(self, *said: Any, **more: Any) -> Association:
        """As the base class."""
        made = super().associate(*said, **more)
        keep_answers(made)
        if self.provider is not None:
            self.provider.sends_files(made)
        return made


def _identifier(event: evt.Event) -> Dataset:
    """What was asked, checked for its shape (PS3.4 C.4.1.1.3); raises WrongQuestion."""
    if event.request.Identifier.getbuffer().nbytes > _IDENTIFIER_BYTES:
        raise WrongQuestion("The identifier is larger than a question can be.")
    try:
        asked = cast(Dataset, event.identifier)
        for one in asked:
            str(one.value)
        level = str(asked.get("QueryRetrieveLevel", ""))
    except Exception:
        raise WrongQuestion("The identifier cannot be read.") from None
    if level not in ("STUDY", "SERIES", "IMAGE"):
        raise WrongQuestion("Query/Retrieve Level must be STUDY, SERIES or IMAGE.")
    return asked


def _contexts(found: Sequence[Offered]) -> list[PresentationContext]:
    """One for each kind of object in each transfer syntax it is stored in."""
    kinds = list(dict.fromkeys((one.sop_class_uid, one.transfer_syntax) for one in found))[:_CONTEXTS]
    if not kinds:
        kinds = [("1.2.840.10008.1.1", "1.2.840.10008.1.2")]  # C-ECHO: an association must propose something
    return [build_context(*kind) for kind in kinds]


def _tls(remote: Remote) -> dict[str, Any]:
    return {"tls_args": (remote.tls, remote.host)} if remote.tls else {}


def _title(event: evt.Event) -> str:
    return str(event.assoc.requestor.primitive.calling_ae_title).strip()


def _status(code: int, comment: str) -> Dataset:
    made = Dataset()
    made.Status, made.ErrorComment = code, comment[:64]
    return made
