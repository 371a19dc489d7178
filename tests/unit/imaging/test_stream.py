"""The order of the image stream and its flow control, as laws over any scrolling."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.pixels.stream import Delivery, Item, Meter, Tier, Unsent


def drain(delivery: Delivery) -> list[Item]:
    items = []
    while (item := delivery.next()) is not None:
        delivery.sent(item, 0)
        items.append(item)
    return items


def test_the_looked_at_picture_comes_first_then_lossless_then_outward() -> None:
    delivery = Delivery()
    delivery.show("s", 5, 2)
    order = [(item.tier.name[0], item.index) for item in drain(delivery)]
    assert order == [
        ("P", 2), ("L", 2),
        ("P", 3), ("P", 1), ("P", 4), ("P", 0),
        ("L", 3), ("L", 1), ("L", 4), ("L", 0),
    ]  # fmt: skip


def test_a_scroll_is_answered_by_the_very_next_message() -> None:
    delivery = Delivery()
    delivery.show("s", 100, 10)
    for _ in range(7):
        item = delivery.next()
        assert item is not None
        delivery.sent(item, 0)
    delivery.show("s", 100, 80)
    assert delivery.next() == Item("s", 80, Tier.PREVIEW)


def test_what_was_sent_is_not_sent_again_after_a_drop_and_a_new_show() -> None:
    delivery = Delivery()
    delivery.show("s", 3, 0)
    delivery.sent(Item("s", 0, Tier.PREVIEW), 10)
    delivery.drop("s")
    assert delivery.next() is None
    delivery.show("s", 3, 0)
    assert Item("s", 0, Tier.PREVIEW) not in drain(delivery)


def test_what_the_reader_still_holds_is_not_sent() -> None:
    delivery = Delivery()
    delivery.show("s", 4, 0)
    delivery.skip("s", Tier.PREVIEW, -7, 2)
    delivery.skip("s", Tier.LOSSLESS, 0, 99)
    assert drain(delivery) == [Item("s", 3, Tier.PREVIEW)]


def test_the_series_shown_last_goes_first_within_each_stage() -> None:
    delivery = Delivery()
    delivery.show("prior", 2, 0)
    delivery.show("now", 2, 0)
    first = drain(delivery)[:4]
    assert [(item.series, item.tier) for item in first] == [
        ("now", Tier.PREVIEW), ("prior", Tier.PREVIEW), ("now", Tier.LOSSLESS), ("prior", Tier.LOSSLESS),
    ]  # fmt: skip


def test_a_failed_picture_is_skipped_and_the_series_still_completes_once() -> None:
    delivery = Delivery()
    delivery.show("s", 1, 0)
    delivery.failed(Item("s", 0, Tier.PREVIEW))
    assert delivery.completed() == []
    drain(delivery)
    assert delivery.completed() == ["s"]
    assert delivery.completed() == []


@pytest.mark.parametrize("index", [-5, 0, 99])
def test_an_index_outside_the_series_is_clamped(index: int) -> None:
    delivery = Delivery()
    delivery.show("s", 3, index)
    item = delivery.next()
    assert item is not None
    assert item.index == min(max(index, 0), 2)


def test_an_empty_series_sends_nothing() -> None:
    delivery = Delivery()
    delivery.show("s", 0, 0)
    assert delivery.next() is None


moves = st.lists(
    st.one_of(
        st.tuples(st.just("show"), st.sampled_from("ab"), st.integers(-3, 40)),
        st.tuples(st.just("send"), st.just(""), st.integers(1, 5_000)),
        st.tuples(st.just("credit"), st.just(""), st.integers(-10, 20_000)),
        st.tuples(st.just("drop"), st.sampled_from("ab"), st.just(0)),
    ),
    max_size=120,
)


@settings(deadline=None)
@given(moves, st.integers(1, 20_000))
def test_however_one_scrolls_each_picture_is_sent_once_within_the_limit(
    steps: list[tuple[str, str, int]], limit: int
) -> None:
    delivery, counts = Delivery(limit), {"a": 30, "b": 7}
    sent: list[Item] = []
    for verb, series, number in steps:
        if verb == "show":
            delivery.show(series, counts[series], number)
        elif verb == "credit":
            delivery.credit(number)
        elif verb == "drop":
            delivery.drop(series)
        elif (item := delivery.next()) is not None:
            assert delivery.in_flight < limit
            delivery.sent(item, number)
            sent.append(item)
            assert delivery.in_flight < limit + number
    delivery.in_flight = 0
    for series in counts:
        delivery.show(series, counts[series], 0)
    sent += drain(delivery)
    every = {Item(series, index, tier) for series, count in counts.items() for index in range(count) for tier in Tier}
    assert len(sent) == len(every)
    assert set(sent) == every


@given(st.integers(0, 40), st.lists(st.integers(-2, 42)), st.integers(0, 39))
def test_nearest_agrees_with_looking_at_all_of_them(count: int, taken: list[int], centre: int) -> None:
    unsent = Unsent(count)
    for index in taken:
        unsent.take(index)
    left = [index for index in range(count) if index not in taken]
    assert unsent.left == len(left)
    if count:
        centre = min(centre, count - 1)
        expected = min(left, key=lambda index: (abs(index - centre), -index), default=None)
        assert unsent.nearest(centre) == expected


def test_what_may_be_looked_at_next_waits_for_the_picture_looked_at_and_comes_before_its_neighbours() -> None:
    delivery = Delivery()
    delivery.foresee("next", 3, 1)
    delivery.show("now", 2, 0)
    order = []
    while (item := delivery.next()) is not None:
        order.append((item.series, item.index, int(item.tier)))
        delivery.sent(item, 1)
    assert order == [("now", 0, 1), ("now", 0, 2), ("next", 1, 1), ("now", 1, 1), ("now", 1, 2), ("next", 1, 2)]
    delivery.show("next", 3, 0)
    assert delivery.next() == Item("next", 0, Tier.PREVIEW)


def test_what_nobody_looks_at_ends_with_the_budget_of_the_link_and_what_is_looked_at_does_not() -> None:
    delivery = Delivery()
    delivery.budget = 10
    for name in ("a", "b", "c"):
        delivery.foresee(name, 1, 0)
    sent = []
    while (item := delivery.next()) is not None:
        delivery.sent(item, 8)
        sent.append(item.series)
    assert sent == ["a", "b"]
    delivery.show("c", 1, 0)
    delivery.foresee("c", 1, 0)
    assert delivery.next() == Item("c", 0, Tier.PREVIEW)


def test_somebody_waits_until_the_picture_looked_at_is_there_without_loss() -> None:
    delivery = Delivery()
    delivery.foresee("next", 3, 1)
    assert not delivery.somebody_waits()
    delivery.show("now", 2, 0)
    for _ in range(2):
        assert delivery.somebody_waits()
        item = delivery.next()
        assert item is not None
        delivery.sent(item, 1)
    assert not delivery.somebody_waits()


@pytest.mark.parametrize(("rate", "link"), [(100_000, "thin"), (400_000, None), (5_000_000, "normal")])
def test_a_link_is_measured_by_what_is_credited_while_something_is_on_its_way(rate: int, link: str | None) -> None:
    meter, at = Meter(), 0.0
    meter.credited(1_000_000, 0, at)
    assert meter.link is None
    for _ in range(20):
        meter.sent(at)
        at += 16_384 / rate
        meter.credited(16_384, 65_536, at)
    assert meter.link == link
    meter.credited(1, 0, at)
    meter.sent(at + 60)  # a minute of nothing is no slow link
    meter.credited(200_000, 0, at + 60.01)
    assert meter.link == "normal"
