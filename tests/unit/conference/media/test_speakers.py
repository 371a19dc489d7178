"""Who speaks, and who keeps which place."""

from conference.media.speakers import Speakers, arrange


def talk(speakers: Speakers, person: str, level: int, start: float, packets: int = 15) -> float:
    for count in range(packets):
        speakers.heard(person, level, start + count * 0.02)
    return start + packets * 0.02


def room(*people: str) -> Speakers:
    speakers = Speakers()
    for person in people:
        speakers.enter(person)
    return speakers


def test_a_new_voice_comes_first_within_a_third_of_a_second():
    speakers = room("ana", "bo")
    assert speakers.order(0.0) == ["ana", "bo"]
    at = talk(speakers, "bo", 25, 1.0)
    assert at <= 1.33
    assert speakers.order(at) == ["bo", "ana"]


def test_noise_and_old_speech_are_no_voice():
    speakers = room("ana", "bo")
    at = talk(speakers, "bo", 80, 1.0)
    assert speakers.order(at) == ["ana", "bo"]
    at = talk(speakers, "bo", 20, at)
    assert speakers.speaking(at) == ["bo"]
    assert speakers.speaking(at + 1.0) == []


def test_a_voice_that_is_barely_louder_does_not_displace_the_speaker():
    speakers = room("ana", "bo")
    talk(speakers, "ana", 30, 1.0, 40)
    speakers.order(1.8)
    talk(speakers, "bo", 29, 1.0, 40)
    assert speakers.speaking(1.8) == ["bo", "ana"]
    assert speakers.order(1.8) == ["ana", "bo"]
    talk(speakers, "bo", 5, 1.8, 40)
    talk(speakers, "ana", 30, 1.8, 40)
    assert speakers.order(2.6) == ["bo", "ana"]


def test_who_left_is_neither_heard_nor_ordered():
    speakers = room("ana", "bo")
    at = talk(speakers, "bo", 20, 1.0)
    speakers.leave("bo")
    speakers.leave("nobody")
    assert speakers.speaking(at) == []
    assert speakers.order(at) == ["ana"]
    assert Speakers().order(1.0) == []


def test_who_is_wanted_keeps_the_place():
    assert arrange(["a", "b", None], ["c", "b", "a"]) == ["a", "b", "c"]
    assert arrange(["a", "b", None], ["c", "d", "b", "a"]) == ["c", "b", "d"]
    assert arrange(["a", "b"], []) == [None, None]
    assert arrange([None, None], ["a", "a"]) == ["a", None]
    assert arrange([], ["a"]) == []
