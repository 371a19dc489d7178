"""When waiting cases should come, and how far a sitting is from its agenda."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conference.room import commands as c
from conference.room.course import course
from conference.room.state import CaseState, RoomState
from conference.room.values import PlannedTime
from tests.rooms import HIP, KNEE, OPTIONS, brief, listed

SITTINGS = json.loads((Path(__file__).parents[3] / "data" / "course" / "sittings.json").read_text("utf-8"))


def sitting(found: dict[str, Any]) -> RoomState:
    cases = {
        one["id"]: CaseState(
            replace(brief(one["id"]), minutes=one["minutes"]), OPTIONS, called_at=one.get("called")
        )
        for one in found["cases"]
    }
    planned = {
        one["id"]: PlannedTime(one["planned"], one["pause"]) for one in found["cases"] if "planned" in one
    }
    return RoomState(
        phase=found["phase"], table=found["table"], cases=cases, order=tuple(cases), planned=planned
    )


@pytest.mark.parametrize("found", SITTINGS, ids=[one["name"] for one in SITTINGS])
def test_R103_what_is_expected(found: dict[str, Any]) -> None:
    told = course(sitting(found), found["now"])
    assert [(one.case, one.starts_at, one.ahead) for one in told.waiting] == [
        (case, datetime.fromisoformat(at), ahead) for case, at, ahead in found["waiting"]
    ]
    drift = found["drift_min"]
    assert told.drift == (None if drift is None else timedelta(minutes=drift))


def test_R103_times_are_planned_for_listed_cases_by_the_host_alone() -> None:
    table = listed()
    times = {HIP: PlannedTime("2026-11-26T08:00:00Z", 0), KNEE: PlannedTime("2026-11-26T08:10:00Z", 0)}
    table.do(None, c.TimeCases(times))
    assert table.state.planned == times
    assert table.do(None, c.TimeCases(times)).events == ()
    assert table.refused(None, c.TimeCases({"unknown": times[HIP]})) == "no-such-case"  # type: ignore[dict-item]
