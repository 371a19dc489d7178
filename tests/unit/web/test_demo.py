"""The demo tells a whole year with the product's own verbs, and its records hold."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from agenda.boards import boards, members
from agenda.cases import Case, history, questions, treatments
from agenda.conferences import Conference, items
from agenda.lifecycle import STATES
from agenda.people import Person, Site, people
from agenda.quick_questions import QuickQuestion
from conference.outcome.bundle import bundle, verify
from conference.outcome.letter import letter_of
from conference.outcome.signing import record_in_force
from conference.record import audit, log
from conference.room.evolve import replay
from imaging.phantoms.studies import KINDS
from web.auth.enter import open_link
from web.database import Database
from web.demo import build as demo
from web.demo.cast import CAST
from web.settings import Settings, StorageSettings

AT = datetime(2026, 11, 21, 16, 40, tzinfo=UTC)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, Database]]:
    """The demo without its images, which have tests of their own."""
    settings = Settings(storage=StorageSettings(directory=tmp_path_factory.mktemp("demo") / "data"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.demo.pictures.kept", lambda *_arguments: contextlib.nullcontext({}))
        demo.build(settings, AT, lambda _what, _share: None)
    database = Database(settings.database_url)
    yield settings, database
    database.close()


@pytest.fixture
def session(built: tuple[Settings, Database]) -> Iterator[Session]:
    with Session(built[1].engine) as opened:
        yield opened


def test_there_is_a_case_in_every_state_that_outlasts_a_sitting(session: Session) -> None:
    assert {found.state for found in session.exec(select(Case))} == set(STATES)


def test_a_second_opinion_waits_for_two_disciplines_and_a_quick_question_for_its_answer(session: Session) -> None:
    asked = session.exec(select(Conference).where(col(Conference.due_at).is_not(None))).one()
    found = replay(log.history(session, asked.id).recorded)
    (about,) = found.cases.values()
    assert (found.phase, found.table, about.revealed) == ("open", about.brief.case, ())
    spoken = {given.discipline for given in about.opinions.values()}
    assert set(about.brief.required) - spoken == {"spine-surgery", "pain-medicine"}
    assert {one.state for one in session.exec(select(QuickQuestion))} == {"open", "answered"}


def test_no_sitting_is_in_session_and_todays_is_the_next(session: Session) -> None:
    wanted = select(Conference).where(col(Conference.due_at).is_(None)).order_by(col(Conference.starts_at))
    sittings = session.exec(wanted).all()
    assert {sitting.state for sitting in sittings} == {"ended", "published", "planned"}
    assert next(sitting for sitting in sittings if sitting.state != "ended").state == "published"


def test_the_board_has_ten_people_of_eight_disciplines_at_sites_in_two_time_zones(session: Session) -> None:
    board = boards(session)[0]
    seated = [person for _, person in members(session, board.id)]
    assert len(seated) >= 10
    assert len({person.discipline for person in seated if person.discipline}) >= 8
    sites = session.exec(select(Site)).all()
    assert len(sites) == 3
    assert len({site.time_zone for site in sites}) == 2
    assert any(site.rural for site in sites)


def test_todays_conference_is_published_with_cases_and_some_sealed_opinions(session: Session) -> None:
    today = session.exec(select(Conference).where(Conference.state == "published")).one()
    assert abs(today.starts_at - AT) < timedelta(minutes=5)
    cases = [item.case_id for item in items(session, today.id) if item.case_id]
    assert 4 <= len(cases) <= 5
    state = replay(log.history(session, today.id).recorded)
    assert state.phase == "preparing"
    assert any(case.opinions for case in state.cases.values())
    assert not any(case.revealed for case in state.cases.values())


def test_every_room_of_the_past_verifies_and_so_does_the_audit(session: Session) -> None:
    rooms = log.rooms(session)
    assert len(rooms) == 5
    for room in rooms:
        assert log.verify(session, room).seq > 0
    assert audit.verify(session) == []


@pytest.mark.parametrize("state", ["signed", "delivered", "followed_up", "closed"])
def test_a_signed_case_has_a_genuine_signature_and_a_letter(session: Session, state: str) -> None:
    found = session.exec(select(Case).where(Case.state == state)).one()
    record = record_in_force(session, found.id)
    assert record is not None
    assert verify(bundle(record)).genuine
    letter = letter_of(session, found.id)
    assert letter is not None
    assert (letter.opened_at is None) == (state == "signed")


def test_nothing_in_a_cases_history_lies_in_the_future_or_runs_backwards(session: Session) -> None:
    for found in session.exec(select(Case)):
        instants = [change.at for change in history(session, found.id)]
        assert instants == sorted(instants)
        assert all(instant <= AT for instant in instants), found.number


def test_every_sent_case_asks_a_discipline_and_tells_the_goal(session: Session) -> None:
    for found in session.exec(select(Case)):
        assert all(one.discipline for one in questions(session, found.id))
        assert found.goal
    tried = [len(treatments(session, found.id)) for found in session.exec(select(Case))]
    assert sum(count >= 2 for count in tried) >= 6


def test_every_role_gets_a_link_that_signs_in_and_an_older_one_stops(built: tuple[Settings, Database]) -> None:
    settings, database = built
    first = demo.doors(settings, database, AT)
    second = demo.doors(settings, database, AT)
    assert [link.label for link in second.links] == [part.label for part in CAST]
    text = second.links[0].path.removeprefix("/enter/")
    with Session(database.engine) as session:
        assert open_link(session, text, AT)[1].email == "administrator@demo.example"
        with pytest.raises(Exception, match="already used"):
            open_link(session, first.links[0].path.removeprefix("/enter/"), AT)


def test_the_demo_opens_at_todays_conference(built: tuple[Settings, Database]) -> None:
    settings, database = built
    ways = demo.doors(settings, database, AT)
    assert ways.conference_id is not None
    assert ways.password
    with Session(database.engine) as session:
        today = session.get_one(Conference, ways.conference_id)
        today.state, today.starts_at = "open", AT - timedelta(days=60)  # started again in the midst of it
        session.flush()
        assert demo.startable(session, AT) == today.id
        session.rollback()


def test_every_kind_of_image_occurs_in_the_stories() -> None:
    wanted = {picture.kind for story in demo.EVERYTHING for picture in story.pictures}
    assert wanted == set(KINDS)


def test_there_are_priors_to_compare() -> None:
    pairs = [story for story in demo.EVERYTHING if len({p.kind for p in story.pictures}) < len(story.pictures)]
    assert len(pairs) >= 2


def test_the_notes_with_the_password_are_their_owners_alone(built: tuple[Settings, Database]) -> None:
    path: Path = built[0].storage.directory / "demo.json"
    assert path.stat().st_mode & 0o077 == 0


def test_everybody_of_the_cast_has_an_account(session: Session) -> None:
    found: list[Person] = people(session)
    assert {person.name for person in found} == {part.name for part in CAST}
