"""Agenda, opening, calling, showing, ending."""

from dataclasses import replace
from math import inf, nan

import pytest

from conference.room import commands as c
from conference.room.values import Option, PaneView, Viewport
from tests.rooms import (
    CHAIR,
    COORDINATOR,
    HIP,
    HIP_FRAME,
    IMAGE,
    KNEE,
    OPTIONS,
    PANE,
    SURGEON,
    THERAPIST,
    Table,
    brief,
    draw,
    four_panes,
    frame,
    listed,
    opened,
    signed,
    view,
)


def test_R10_a_case_listed_again_keeps_what_was_added_in_the_room() -> None:
    table = opened()
    table.do(SURGEON, c.AddOption(HIP, Option("block", "interventional", "Facet block")))
    table.do(None, c.ListCase(brief(required=("pain-medicine",)), OPTIONS[:1]))
    assert table.case.brief.required == ("pain-medicine",)
    assert [option.key for option in table.case.options] == ["fusion", "therapy", "wait", "block"]


def test_R10_listing_what_is_known_changes_nothing() -> None:
    table = opened()
    assert table.do(None, c.ListCase(brief(), OPTIONS)).events == ()
    done = signed()
    assert done.do(None, c.ListCase(brief(required=()), OPTIONS)).events == ()


def test_R11_a_called_case_stays() -> None:
    table = opened()
    assert table.refused(None, c.UnlistCase(HIP)) == "already-called"
    table.do(None, c.UnlistCase(KNEE))
    assert table.state.order == (HIP,)
    assert table.do(None, c.UnlistCase(KNEE)).events == ()


def test_R12_an_order_names_every_case_once() -> None:
    table = listed()
    table.do(None, c.ArrangeCases((KNEE, HIP)))
    assert table.state.order == (KNEE, HIP)
    assert table.refused(None, c.ArrangeCases((KNEE,))) == "bad-order"
    assert table.refused(None, c.ArrangeCases((KNEE, KNEE))) == "bad-order"
    assert table.do(None, c.ArrangeCases((KNEE, HIP))).events == ()


def test_R13_room_work_needs_an_open_conference() -> None:
    table = listed()
    for command in (c.CallCase(HIP), draw(), c.Reveal(HIP), c.Show(HIP, view())):
        assert table.refused(CHAIR, command) == "not-open"
    assert table.refused(CHAIR, c.EndConference()) == "not-open"
    table.do(COORDINATOR, c.OpenConference())
    assert table.do(CHAIR, c.OpenConference()).events == ()
    table.do(CHAIR, c.EndConference())
    for command in (c.CallCase(HIP), draw(), c.OpenConference()):
        assert table.refused(CHAIR, command) == "ended"
    assert table.do(CHAIR, c.EndConference()).events == ()
    assert table.refused(SURGEON, c.OpenConference()) == "not-permitted"


def test_R14_one_listed_case_is_on_the_table() -> None:
    table = opened()
    assert table.refused(CHAIR, c.CallCase("unknown")) == "no-such-case"
    assert table.refused(SURGEON, c.CallCase(KNEE)) == "not-permitted"
    table.do(CHAIR, c.CallCase(KNEE))
    assert table.state.table == KNEE
    assert table.case.on_table[-1].until is not None
    assert table.do(CHAIR, c.CallCase(KNEE)).events == ()


def test_R15_ending_clears_table_floor_and_hands() -> None:
    table = opened()
    table.do(CHAIR, c.PassFloor(SURGEON.person_id))
    table.do(THERAPIST, c.RaiseHand())
    table.do(CHAIR, c.EndConference())
    assert (table.state.table, table.state.floor, table.state.hands) == (None, None, ())


def test_R16_only_who_presents_sets_the_view_of_the_case_on_the_table() -> None:
    table = opened()
    table.do(CHAIR, c.Show(HIP, view()))
    assert table.case.shown == view()
    assert table.do(CHAIR, c.Show(HIP, view())).events == ()
    assert table.refused(CHAIR, c.Show(KNEE, view()), frame=frame(KNEE)) == "not-on-table"
    assert table.refused(THERAPIST, c.Show(HIP, view(2.0))) == "not-permitted"


@pytest.mark.parametrize(
    "changes",
    [
        {"zoom": 0.0},
        {"zoom": inf},
        {"pan": (nan, 0.0)},
        {"rotation": 45},
        {"window_width": 0.5},
        {"window_centre": None},
        {"window_width": inf},
    ],
)
def test_R17_a_view_is_finite_and_whole(changes: dict[str, object]) -> None:
    fields = {name: getattr(view(), name) for name in (*PaneView.__slots__, *Viewport.__slots__)} | changes
    assert opened().refused(CHAIR, c.Show(HIP, Viewport(**fields))) == "bad-viewport"  # type: ignore[arg-type]


def test_R17_a_view_is_of_an_image_of_its_case() -> None:
    table = opened()
    assert table.refused(CHAIR, c.Show(HIP, view()), frame=None) == "no-such-image"
    assert table.refused(CHAIR, c.Show(HIP, view()), frame=frame(KNEE)) == "no-such-image"


def test_R19_a_screen_tells_of_every_pane_and_that_one_is_empty() -> None:
    table = opened()
    table.do(CHAIR, c.Show(HIP, four_panes()), beside=(HIP_FRAME, None, HIP_FRAME))
    assert table.case.shown == four_panes()
    assert table.case.shown.beside[1] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"layout": "1x1"},
        {"layout": "2x3"},
        {"beside": ()},
        {"beside": (None,) * 4},
        {"layout": "2x3", "beside": (None,) * 6},
        {"place": 4},
        {"place": -1},
    ],
)
def test_R19_a_screen_has_as_many_panes_as_its_layout(changes: dict[str, object]) -> None:
    table = opened()
    frames = (HIP_FRAME,) * 6
    assert table.refused(CHAIR, c.Show(HIP, replace(four_panes(), **changes)), beside=frames) == "bad-layout"  # type: ignore[arg-type]


def test_R19_every_pane_rests_on_an_image_of_its_case() -> None:
    table = opened()
    assert table.refused(CHAIR, c.Show(HIP, four_panes())) == "no-such-image"
    beside = (frame(KNEE), None, HIP_FRAME)
    assert table.refused(CHAIR, c.Show(HIP, four_panes()), beside=beside) == "no-such-image"
    crooked = replace(four_panes(), beside=(replace(PANE, zoom=nan), None, PANE))
    assert table.refused(CHAIR, c.Show(HIP, crooked), beside=(HIP_FRAME, None, HIP_FRAME)) == "bad-viewport"


def test_images_are_announced_once() -> None:
    table: Table = opened()
    table.do(None, c.AnnounceImages(HIP, IMAGE))
    assert table.do(None, c.AnnounceImages(HIP, IMAGE)).events == ()
    assert table.case.studies == (IMAGE,)
    assert table.refused(None, c.AnnounceImages("unknown", IMAGE)) == "no-such-case"
