"""A server that ends in the middle of sending: nothing is lost, and what goes out twice is the same object."""

import asyncio
from pathlib import Path

import pytest
from sqlmodel import Session

from conference.record import audit
from imaging.nodes import Node
from imaging.outbound.queue import Parcel, Sending, enqueue, sendings_of
from imaging.outbound.spool import Spool
from tests.unit.imaging.samples import slice_of
from tests.unit.imaging.test_outbound import Peer
from web.clock import now
from web.database import Database, Deed
from web.images.outgoing import Outgoing
from web.migrate import upgrade


class Killed(Exception):
    """The process ends here."""


def _queue(session: Session, parcel: Parcel) -> None:
    enqueue(session, "case1", "Archive", [parcel], "Dr Ada", now())


def _rows(session: Session) -> list[Sending]:
    return sendings_of(session, "case1")


def test_what_was_sent_but_not_written_down_is_sent_again_as_the_same_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, spool = f"sqlite:///{tmp_path / 'data.db'}", Spool(tmp_path / "outbound")
    peer = Peer(tmp_path, [])
    node = Node(name="Archive", host="127.0.0.1", port=peer.listener.port, ae_title="PACS")
    parcel = Parcel("report", "1.2.826.0.1.3680043.9.1.1", "1.2.840.10008.5.1.4.1.1.4", "1.2.3",
                    spool.keep(slice_of(1)), 10)

    def killed(*_: object) -> None:
        raise Killed

    try:
        with monkeypatch.context() as before:
            database = _opened(url)
            database.write_now(Deed("system", "Test", "test", now()), _queue, parcel)
            before.setattr("web.images.outgoing.settle", killed)
            with pytest.raises(Killed):
                asyncio.run(Outgoing(database, spool, (node,), "CONSILIUM").send_due())
            database.close()
        database = _opened(url)  # a new process finds the row as it was
        (row,) = database.read_now(_rows)
        assert (row.state, row.attempts) == ("waiting", 0)
        assert asyncio.run(Outgoing(database, spool, (node,), "CONSILIUM").send_due()) == 1
        (row,) = database.read_now(_rows)
        assert (row.state, row.attempts, row.said) == ("sent", 1, "Archive has stored it.")
        assert asyncio.run(Outgoing(database, spool, (node,), "CONSILIUM").send_due()) == 0
        database.close()
    finally:
        peer.listener.stop()
    assert peer.got == ["1.2.826.0.1.3680043.9.1.1"] * 2
    assert list(spool.folder.iterdir()) == []


def _opened(url: str) -> Database:
    database = Database(url)
    upgrade(database.engine)
    audit.install(database.engine)
    return database
