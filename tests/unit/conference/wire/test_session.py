"""One connection's side of the protocol, text by text."""

import json

import pytest

from conference.room.commands import CallCase
from conference.wire import session as wire
from conference.wire.session import Asked, Bucket, Close, Fault, Hello, Moved, Session

HELLO = '{"type":"hello","versions":[1],"since":null}'


def opened() -> Session:
    session = Session()
    assert session.receive(HELLO, 0.0) == Hello(None)
    return session


def test_hello_says_where_to_go_on() -> None:
    assert Session().receive('{"type":"hello","versions":[2,1],"since":17}', 0.0) == Hello(17)


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"hello","versions":[2],"since":null}', '{"type":"hello","versions":[1],"since":-1}',
        '{"type":"hello","versions":[1]}', '{"type":"presence","seen":1}', "nonsense", '{"type":"bye"}',
        '{"type":"command","id":"12345678","command":{"type":"raise-hand"}}',
    ],
)  # fmt: skip
def test_anything_but_a_good_hello_ends_it(text: str) -> None:
    session = Session()
    found = session.receive(text, 0.0)
    assert isinstance(found, Fault)
    assert found.code == Close.PROTOCOL_ERROR
    assert session.receive(HELLO, 0.0) is None


def test_a_command_is_understood() -> None:
    asked = opened().receive('{"type":"command","id":"0b1c2d3e-aa","command":{"type":"call-case","case":"hip"}}', 0.0)
    assert asked == Asked("0b1c2d3e-aa", CallCase("hip"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        HELLO, '{"type":"command","id":"short","command":{"type":"raise-hand"}}',
        '{"type":"command","id":"bad id with space","command":{"type":"raise-hand"}}',
        '{"type":"command","id":"12345678","command":{"type":"sign","case":"hip","revision":1}}',
        '{"type":"command","id":"12345678","command":{"type":"join","participant":{}}}',
        '{"type":"command","id":"12345678","command":{"type":"raise-hand","x":1}}',
        '{"type":"command","id":"12345678"}', '{"type":"presence","pointer":{"x":1}}', '{"type":"presence","seen":1.5}',
        '{"type":"presence","secret":1}', "x" * 70_000, '{"type":"presence","draft":{"mark":"m","kind":"k",'
        '"sop_instance_uid":"1","frame":1,"points":[' + ",".join(["[1,1]"] * 513) + "]}}",
    ],
)  # fmt: skip
def test_a_broken_message_ends_it(text: str) -> None:
    session = opened()
    assert isinstance(session.receive(text, 0.0), Fault)
    assert session.receive('{"type":"presence","seen":1}', 0.0) is None


PANE = (
    '{"series_instance_uid":"1","sop_instance_uid":"2","frame":1,"window_centre":null,"window_width":null,"zoom":1,'
    '"pan":[0,0],"rotation":0,"flipped":false,"inverted":false}'
)


@pytest.mark.parametrize(
    ("layout", "place", "beside", "taken"),
    [
        ("1x2", 1, [PANE], True),
        ("2x2", 0, [PANE, "null", PANE], True),
        ("2x2", 0, [PANE], False),
        ("1x2", 2, [PANE], False),
        ("1x2", -1, [PANE], False),
        ("9x9", 0, [PANE] * 80, False),
    ],
)
def test_presence_tells_of_every_pane_of_a_layout(layout: str, place: int, beside: list[str], taken: bool) -> None:
    screen = f'{{"layout":"{layout}","place":{place},"linked":true,"beside":[{",".join(beside)}]}}'
    found = opened().receive(f'{{"type":"presence","screen":{screen}}}', 0.0)
    assert isinstance(found, Moved if taken else Fault)


def test_presence_holds_the_keys_that_were_said() -> None:
    found = opened().receive('{"type":"presence","pointer":null,"seen":4}', 0.0)
    assert found == Moved({"pointer": None, "seen": 4})
    point = opened().receive('{"type":"presence","pointer":{"sop_instance_uid":"1","frame":1,"point":[1,2.5]}}', 0.0)
    assert isinstance(point, Moved)
    assert json.loads(json.dumps(point.patch)) == {
        "pointer": {"sop_instance_uid": "1", "frame": 1, "point": [1.0, 2.5]}
    }


def test_too_many_messages_end_it_and_a_calm_pace_does_not() -> None:
    session = Session(rate=10.0, burst=5)
    assert session.receive(HELLO, 0.0) == Hello(None)
    for beat in range(100):
        assert isinstance(session.receive('{"type":"presence","seen":1}', beat * 0.1), Moved)
    found = [session.receive('{"type":"presence","seen":1}', 10.0) for _ in range(10)]
    assert any(isinstance(one, Fault) for one in found)


def test_a_bucket_fills_with_time_and_not_beyond_its_size() -> None:
    bucket = Bucket(2.0, 3)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(0.5)
    assert not bucket.take(0.5)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]


def test_messages_to_the_client() -> None:
    assert json.loads(wire.ack("id", 3)) == {"type": "ack", "id": "id", "seq": 3}
    assert json.loads(wire.refused("id", "code", "Why.")) == {
        "type": "refused",
        "id": "id",
        "code": "code",
        "reason": "Why.",
    }
    assert json.loads(wire.presence({"bo": None})) == {"type": "presence", "people": {"bo": None}}
    assert json.loads(wire.happened([], None)) == {"type": "events", "events": [], "digest": None}
