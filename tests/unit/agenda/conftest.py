"""A board with its people, and a session that flushes into a scratch database."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session, SQLModel, create_engine

from agenda.boards import Board, seat
from agenda.clinical import spine
from agenda.people import Person, Site, keep_disciplines
from web import schema


@pytest.fixture
def session() -> Iterator[Session]:
    schema.metadata()
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as opened:
        _settle(opened)
        yield opened
    engine.dispose()


def _settle(session: Session) -> None:
    keep_disciplines(session, spine().disciplines)
    session.add_all([
        Site(id="city", name="City General", time_zone="America/Denver"),
        Site(id="rural", name="Valley Clinic", time_zone="America/Los_Angeles", rural=True),
    ])
    session.add(Board(
        id="spine", name="Spine board", time_zone="America/Denver",
        required_disciplines=["spine-surgery", "neuroradiology"],
    ))
    session.flush()
    for key, standing, discipline, role in (
        ("chair", "member", "spine-surgery", "chair"), ("coordinator", "coordinator", None, "coordinator"),
        ("radiologist", "member", "neuroradiology", "core"), ("referrer", "referrer", "primary-care", ""),
    ):
        session.add(Person(
            id=key, name=f"Dr {key.title()}", email=f"{key}@example.org", standing=standing, site_id="city",
            discipline=discipline,
        ))
        session.flush()
        if role:
            seat(session, "spine", key, role)
