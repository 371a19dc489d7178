"""A board with its people, and a session that flushes into a scratch database."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session, SQLModel, create_engine

from tests.unit.agenda.desk import settle
from web import schema


@pytest.fixture
def session() -> Iterator[Session]:
    schema.metadata()
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as opened:
        settle(opened)
        yield opened
    engine.dispose()
