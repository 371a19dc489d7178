"""C-FIND, C-GET and C-MOVE as user (PS3.4 annex C), study root. Everything here blocks; errors are sentences."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from itertools import count
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, StoragePresentationContexts, build_context, build_role

from imaging.claims import TAKEN
from imaging.dimse.part10 import header
from imaging.dimse.quiet import keep_answers, prepare
from imaging.dimse.sender import NODELAY, remote_of
from imaging.errors import TooLarge
from imaging.nodes import Node
from imaging.remote.answer import Found, FoundSeries, FoundStudy, of_dataset, series_of, study_of
from imaging.remote.caller import Caller
from imaging.remote.errors import RemoteFailed, Stopped, status_sentence
from imaging.remote.question import Question
from imaging.remote.stage import Stage
from imaging.settings import FetchSettings

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
"""Study Root Query/Retrieve Information Model (PS3.4 C.6.2)."""
_NATIVE = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
_COMPRESSED = tuple(sorted(TAKEN - {*_NATIVE, "1.2.840.10008.1.2.2"}))
_CLASSES = 63
"""Kinds of object offered in a C-GET, each once native and once compressed: 127 contexts with the query's own."""
_FIRST = (
    "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.6",
    "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.88", "1.2.840.10008.5.1.4.1.1.104",
    "1.2.840.10008.5.1.4.1.1.11", "1.2.840.10008.5.1.4.1.1.66", "1.2.840.10008.5.1.4.1.1.12",
    "1.2.840.10008.5.1.4.1.1.20", "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.77",
)
"""Beginnings of the classes a spine board meets: CT, MR, radiographs, ultrasound, captures, reports and so on."""
_PENDING = (0xFF00, 0xFF01)
_numbers = count(1)
"""Message identities: a C-STORE that a C-MOVE causes names the one of its request."""


def find(node: Node, asked: Question, caller: Caller) -> Found:
    """The studies of a node that match; raises RemoteFailed, NodeUnusable."""
    studies: list[FoundStudy] = []
    for one in _matches(node, asked.identifier(), caller):
        study = study_of(of_dataset(one))
        if study is not None:
            studies.append(study)
        if len(studies) > caller.settings.results:
            break
    return Found(tuple(studies[: caller.settings.results]), len(studies) > caller.settings.results)


def series(node: Node, study_uid: str, caller: Caller) -> list[FoundSeries]:
    """The series of a study; empty where the node does not tell."""
    asked = Dataset()
    asked.QueryRetrieveLevel = "SERIES"
    asked.StudyInstanceUID = study_uid
    asked.SeriesInstanceUID = asked.NumberOfSeriesRelatedInstances = asked.Modality = ""
    try:
        found = [series_of(of_dataset(one)) for one in _matches(node, asked, caller)]
    except RemoteFailed:
        return []  # some archives answer at study level alone: then it is fetched as a whole
    return [one for one in found if one is not None]


def get(node: Node, study_uid: str, series_uid: str, into: tuple[Stage, str], caller: Caller) -> None:
    """Fetch one series (an empty one: the whole study) over the association that asks (C-GET).

    into: the stage, and the name of the series there. Raises RemoteFailed, TooLarge, Stopped.
    """
    stage, place = into
    trouble: list[Exception] = []

    def arrived(event: evt.Event) -> int:
        request = event.request
        head = header(request.AffectedSOPClassUID, request.AffectedSOPInstanceUID, event.context.transfer_syntax)
        try:
            stage.put(place, _pieces(head, request.DataSet))
        except (Stopped, TooLarge, OSError) as error:
            trouble.append(error)
            return 0xA700
        return 0x0000

    contexts = [build_context(GET), *_storage()]
    roles = [build_role(one.abstract_syntax, scp_role=True) for one in contexts[1:]]
    with _associated(node, contexts, caller, roles=_once(roles), handlers=[(evt.EVT_C_STORE, arrived)]) as association:
        stage.on_stop(lambda: _cut(association))
        answers = association.send_c_get(_wanted(study_uid, series_uid), GET)
        _follow(answers, node, stage, trouble, association)


def move(
    node: Node, study_uid: str, series_uid: str, stage: Stage, caller: Caller,
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Have one series (an empty one: the whole study) sent to our own listener (C-MOVE); returns when it was.

    Raises RemoteFailed, Stopped.
    """
    with _associated(node, [build_context(MOVE)], caller) as association:
        stage.on_stop(lambda: _cut(association))
        number = next(_numbers) % 0xFFFF + 1
        answers = association.send_c_move(_wanted(study_uid, series_uid), caller.title, MOVE, msg_id=number)
        _follow(answers, node, stage, [], association)
    progress()


def _cut(association: Association) -> None:
    """End an association from another thread: a lost connection wakes the one that waits for its next message."""
    with suppress(OSError, AttributeError):  # it may be over already
        association.dul.socket.socket.shutdown(socket.SHUT_RDWR)


def _pieces(head: bytes, data_set: BytesIO) -> Iterator[bytes | memoryview]:
    yield head
    yield data_set.getbuffer()


def _storage() -> list[PresentationContext]:
    """What an archive may send us in a C-GET, the kinds a spine board meets first."""
    known = [str(one.abstract_syntax) for one in StoragePresentationContexts]
    first = sorted(known, key=lambda uid: next((at for at, one in enumerate(_FIRST) if uid.startswith(one)), 99))
    kinds = first[:_CLASSES]
    return [build_context(uid, list(syntaxes)) for uid in kinds for syntaxes in (_NATIVE, _COMPRESSED)]


def _once(roles: list[Any]) -> list[Any]:
    return list({one.sop_class_uid: one for one in roles}.values())


def _wanted(study_uid: str, series_uid: str) -> Dataset:
    asked = Dataset()
    asked.QueryRetrieveLevel = "SERIES" if series_uid else "STUDY"
    asked.StudyInstanceUID = study_uid
    if series_uid:
        asked.SeriesInstanceUID = series_uid
    return asked


def _matches(node: Node, asked: Dataset, caller: Caller) -> Iterator[Dataset]:
    with _associated(node, [build_context(FIND)], caller) as association:
        for status, one in association.send_c_find(asked, FIND):
            _judge(status, node, caller.settings)
            if one is not None:
                yield one


def _follow(
    answers: Iterator[tuple[Dataset, Dataset | None]], node: Node, stage: Stage, trouble: list[Exception],
    association: Association,
) -> None:
    """Read the responses of a retrieval to their end; what went wrong on our side comes before theirs."""
    last = Dataset()
    for status, _ in answers:
        if trouble:
            association.abort(block=False)
            raise trouble[0]
        stage.go_on()
        last = status
    if trouble:
        raise trouble[0]
    stage.go_on()
    _judge(last, node, None)


def _judge(status: Dataset, node: Node, settings: FetchSettings | None) -> None:
    if "Status" not in status:
        waited = f" within {settings.silence_s:g} seconds" if settings else ""
        raise RemoteFailed(f"{node.name} did not answer{waited}, or broke the connection off.")
    code = int(status.Status)
    if code == 0x0000 or code in _PENDING:
        return
    raise RemoteFailed(f"{node.name} says no: {status_sentence(code)}.")


@contextmanager
def _associated(
    node: Node, contexts: list[PresentationContext], caller: Caller, *, roles: list[Any] | None = None,
    handlers: list[Any] | None = None,
) -> Iterator[Association]:
    """An association, released or aborted in the end; raises RemoteFailed with what a person can do about it."""
    prepare()
    remote, opened = remote_of(node), threading.Event()
    entity = AE(caller.title)
    entity.connection_timeout = entity.acse_timeout = caller.settings.connect_s
    entity.network_timeout = entity.dimse_timeout = caller.settings.silence_s
    tls: dict[str, Any] = {"tls_args": (remote.tls, remote.host)} if remote.tls else {}
    association = entity.associate(
        remote.host, remote.port, contexts, ae_title=remote.title, ext_neg=roles or None, max_pdu=128 * 1024,
        evt_handlers=[NODELAY, (evt.EVT_CONN_OPEN, lambda _event: opened.set()), *(handlers or [])], **tls,
    )
    keep_answers(association)
    if not association.is_established:
        raise RemoteFailed(_why_not(association, node, caller, opened=opened.is_set()))
    if not association.accepted_contexts or association.accepted_contexts[0].context_id != 1:
        association.abort()
        raise RemoteFailed(f"{node.name} does not offer this to us; ask its administrator for query and retrieve.")
    try:
        yield association
    finally:
        if association.is_established:
            association.release()
        association.join(caller.settings.connect_s)


def _why_not(association: Association, node: Node, caller: Caller, *, opened: bool) -> str:
    if not opened:
        return (f"{node.name} cannot be reached at {node.host}:{node.port}. Is it switched on, and may this server "
                "connect to it?")
    if association.is_rejected:
        answer = association.acceptor.primitive
        match (getattr(answer, "result_source", 0), getattr(answer, "diagnostic", 0)):
            case (1, 3):
                return f"{node.name} does not know us: its administrator must enter our title {caller.title}."
            case (1, 7):
                return f"{node.name} does not answer to the title {node.ae_title}; the title in our settings is wrong."
            case (3, _):
                return f"{node.name} is busy and took no more connections; try again in a minute."
            case _:
                return f"{node.name} refused the connection without a reason."
    return f"{node.name} took the connection and then broke it off, or offers no query and retrieve."
