"""The offer, read by an independent parser; answers as browsers write them."""

import pytest
from aiortc.sdp import SessionDescription

from conference.media.errors import Malformed
from conference.media.signalling import Address, Answer, Credentials, Place, mids, offer, read_answer

PRINT = ":".join(["AB"] * 32)
PLACES = tuple(Place(mid, video, 100 + at, 200 + at) for at, (mid, video) in enumerate(mids()))


def written(*addresses: Address, version: int = 1) -> str:
    return offer(
        session=5, version=version, addresses=addresses or (Address("192.0.2.1", 3478),),
        credentials=Credentials("ours", "p" * 24), fingerprint=PRINT, places=PLACES,
    )


def section(mid: str, *lines: str) -> str:
    return "\r\n".join(["m=video 9 UDP/TLS/RTP/SAVPF 96 97", f"a=mid:{mid}", *lines]) + "\r\n"


def answer(*sections: str, setup: str = "active", fingerprint: str = f"sha-256 {PRINT}") -> str:
    return f"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\na=fingerprint:{fingerprint}\r\na=setup:{setup}\r\n" + "".join(sections)


def test_an_independent_parser_reads_fixed_lines_in_order():
    read = SessionDescription.parse(written())
    assert [media.rtp.muxId for media in read.media] == [
        "mic", "cam", "screen", "a0", "a1", "a2", "a3", "a4", "v0", "v1", "v2", "v3", "s0",
    ]
    assert [media.direction for media in read.media] == ["recvonly"] * 3 + ["sendonly"] * 10
    assert [media.kind for media in read.media] == ["audio", "video", "video"] + ["audio"] * 5 + ["video"] * 5
    assert read.group[0].items == [media.rtp.muxId for media in read.media]


def test_ice_and_dtls_are_ours():
    read = SessionDescription.parse(written(Address("192.0.2.1", 3478), Address("2001:db8::1", 3478)))
    media = read.media[0]
    assert media.ice.iceLite
    assert (media.ice.usernameFragment, media.ice.password) == ("ours", "p" * 24)
    assert [(one.ip, one.port, one.type) for one in media.ice_candidates] == [
        ("192.0.2.1", 3478, "host"), ("2001:db8::1", 3478, "host"),
    ]
    assert media.ice_candidates[0].priority > media.ice_candidates[1].priority
    assert (media.dtls.fingerprints[0].value, media.dtls.role) == (PRINT, "auto")


def test_an_ipv6_host_is_named_as_such():
    assert "c=IN IP6 2001:db8::1\r\n" in written(Address("2001:db8::1", 3478))


def test_a_camera_has_two_layers_and_a_screen_one():
    cam, screen = written().split("\r\nm=")[2:4]
    assert "a=simulcast:recv l;h" in cam
    assert "simulcast" not in screen


def test_a_slot_announces_its_numbers():
    read = SessionDescription.parse(written())
    assert [one.ssrc for one in read.media[3].ssrc] == [100]
    assert [(group.semantic, group.items) for group in read.media[8].ssrc_group] == [("FID", [105, 205])]


def test_only_the_version_and_the_credentials_change_on_a_restart():
    assert written(version=2).replace("o=- 5 2 ", "o=- 5 1 ") == written()


def test_an_answer_is_read():
    found = read_answer(answer(
        section("mic", "a=sendonly", "a=ssrc:7 cname:x", "a=ssrc:7 msid:a b"),
        section("cam", "a=sendonly", "a=simulcast:send l;h", "a=ssrc:70 cname:x"),
        section("screen", "a=sendrecv", "a=ssrc-group:FID 8 9", "a=ssrc:8 cname:x"),
        section("a0", "a=recvonly"),
    ))
    assert found == Answer((("sha-256", PRINT),), active=True, ssrcs={"mic": (7, None), "screen": (8, 9)})


def test_a_passive_browser_and_a_line_that_sends_nothing():
    found = read_answer(answer(section("cam", "a=inactive", "a=ssrc:8 cname:x"), setup="passive"))
    assert (found.active, found.ssrcs) == (False, {})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "v="),
        ("v=0\r\n", "m="),
        (answer(section("mic"), fingerprint="md5 AB:CD"), "fingerprint"),
        (answer(section("mic"), fingerprint="sha-256 " + ":".join(["AB"] * 48)), "fingerprint"),
        (answer(section("mic"), setup="actpass"), "setup"),
        (answer(section("mic", "a=setup:passive")), "setup"),
        (answer(section("")), "mid"),
        (answer(section("x" * 99)), "mid"),
        (answer(section("mic", "a=sendonly", "a=ssrc:9999999999 cname:x")), "32 bits"),
        ("v=0\r\n" + "x" * 300_000, "longer"),
    ],
)
def test_what_no_browser_writes_is_refused(text: str, names: str):
    with pytest.raises(Malformed, match=names):
        read_answer(text)
