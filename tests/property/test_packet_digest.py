"""The digest of a packet changes if, and only if, one of its lines does."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from agenda.clinical import spine
from agenda.packet import Asked, Attempt, Line, Packet
from agenda.packets import Content, KeyPicture, Patient, changes, digest_of, entries

TEXT = st.text(st.characters(codec="utf-8", exclude_characters=";()"), max_size=6)
DAY = st.none() | st.dates(date(2020, 1, 1), date(2020, 1, 3))
LINE = st.builds(Line, TEXT, TEXT, st.sampled_from(["Form", "Policy"]))
LINES = st.lists(LINE, max_size=2).map(tuple)
ATTEMPT = st.builds(
    lambda label, text, on, better: Attempt(
        label, label, text, "", on, None, "better" if better else "same", "Better" if better else "No change",
    ),
    TEXT, TEXT, DAY, st.booleans(),
)
ASKED = st.builds(lambda kind, text, key: Asked(key, kind, text, None, "the board"), TEXT, TEXT, TEXT)
PACKET = st.builds(
    Packet, case_id=st.just("case"), number=st.just(1), title=st.just(""),
    questions=st.lists(ASKED, max_size=2).map(tuple), goal=LINES, story=LINES, examination=LINES,
    attempts=st.lists(ATTEMPT, max_size=2).map(tuple), surgeries=LINES, proposal=LINES, scores=LINES, concerns=LINES,
    studies=st.lists(TEXT, max_size=1).map(tuple),
    required=st.lists(st.sampled_from([one.code for one in spine().disciplines]), max_size=2).map(tuple),
)
PICTURE = st.builds(
    lambda uid, frame, wide, note: KeyPicture(uid, frame, 40.0 if wide else None, 400.0 if wide else None, "MR", note,
                                              "Chosen by Dr Chair"),
    st.sampled_from(["1.1", "1.2"]), st.integers(1, 2), st.booleans(), TEXT,
)
CONTENT = st.builds(
    Content, case_id=st.just("case"), form=st.sampled_from(["Form A", "Form B"]),
    patient=st.builds(Patient, TEXT, DAY, st.sampled_from(["F", "M", ""]), TEXT), packet=PACKET, images=LINES,
    pictures=st.lists(PICTURE, max_size=2).map(tuple),
)


@given(CONTENT, CONTENT)
def test_two_packets_have_one_digest_exactly_when_they_have_the_same_lines(one: Content, other: Content) -> None:
    assert (digest_of(one) == digest_of(other)) == (entries(one) == entries(other))
    assert (digest_of(one) == digest_of(other)) == (changes(one, other) == ())


@given(CONTENT, st.data())
def test_one_changed_word_changes_the_digest_and_is_named(content: Content, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(["goal", "story", "examination", "surgeries", "proposal", "scores", "concerns"]))
    line = Line("Fresh", data.draw(TEXT), "Form")
    packet = content.packet
    after = _with(content, **{field: (*getattr(packet, field), line)})
    assert digest_of(after) != digest_of(content)
    assert any(one.label == "Fresh" for one in changes(content, after))


def _with(content: Content, **parts: tuple[Line, ...]) -> Content:
    kept = {name: getattr(content.packet, name) for name in Packet.__slots__}
    return Content(content.case_id, content.form, content.patient, Packet(**(kept | parts)), content.images,
                   content.pictures)
