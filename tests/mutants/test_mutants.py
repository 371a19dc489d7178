"""The product keeps its promises, and the harnesses that say so bite: each mutant fails one of them."""

import asyncio
from typing import Any

import pytest

from conference.live.host import RoomHost
from tests.mutants import harness, variants
from web.database import Database

MUTANTS = {
    variants.AcknowledgesFirst: harness.nothing_leaves_before_it_is_durable,
    variants.ShowsFirst: harness.nothing_leaves_before_it_is_durable,
    variants.Unfenced: harness.a_fenced_host_writes_nothing,
    variants.ForgetsCommands: harness.a_command_sent_again_makes_no_second_event,
    variants.SendsInTurn: harness.one_stalled_reader_holds_nobody_up,
}


@pytest.mark.parametrize("promise", harness.HARNESSES, ids=lambda one: one.__name__)
def test_the_product_passes(promise: Any, database: Database) -> None:
    asyncio.run(promise(RoomHost, database))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.__name__)
def test_the_mutant_is_killed(mutant: type[RoomHost], database: Database) -> None:
    with pytest.raises(AssertionError):
        asyncio.run(MUTANTS[mutant](mutant, database))
