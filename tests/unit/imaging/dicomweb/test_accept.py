"""Accept headers as clients really send them."""

import pytest

from imaging.dicomweb.accept import Accepted, accepted, takes_any

OHIF = "multipart/related; type=application/octet-stream; transfer-syntax=*"


@pytest.mark.parametrize("header", ["", "  ", "nonsense"])
def test_no_header_takes_everything(header: str) -> None:
    assert accepted(header) == (Accepted("*/*"),)


def test_a_multipart_item_says_what_its_parts_may_be() -> None:
    assert accepted(OHIF) == (Accepted("application/octet-stream", "*", multipart=True),)
    assert accepted('multipart/related; type="*/*"') == (Accepted("*/*", "", multipart=True),)
    assert accepted("multipart/related") == (Accepted("*/*", "", multipart=True),)


def test_commas_inside_quotes_do_not_part_items() -> None:
    found = accepted('multipart/related; type="image/jphc"; x="a,b", image/jpeg')
    assert [one.media for one in found] == ["image/jphc", "image/jpeg"]


def test_a_hostile_header_costs_no_time() -> None:
    assert accepted("," * 65_000 + "image/png")[0].media == "image/png"
    assert accepted('"' * 65_000)[0].media == "*/*"
    assert len(accepted("image/png," * 6_500)) == 64


def test_weights_order_items_and_zero_forbids() -> None:
    found = accepted("image/png;q=0.3, image/jpeg, image/webp;q=0, image/*;q=x")
    assert [one.media for one in found] == ["image/jpeg", "image/*", "image/png"]


def test_the_parameter_of_the_query_comes_first() -> None:
    assert accepted("image/png", "image/jpeg")[0].media == "image/jpeg"


def test_wildcards_take_their_kind() -> None:
    assert takes_any(accepted("image/*"), "text/html", "image/png") == "image/png"
    assert takes_any(accepted("*/*"), "image/jpeg", "image/png") == "image/jpeg"
    assert takes_any(accepted(OHIF), "application/octet-stream") is None
    assert takes_any(accepted("application/dicom+xml"), "application/dicom+json") is None
