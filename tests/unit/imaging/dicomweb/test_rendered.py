"""The query of a rendered picture."""

import pytest

from imaging.dicomweb.accept import accepted
from imaging.dicomweb.errors import BadQuery, NotAcceptable
from imaging.dicomweb.rendered import THUMBNAIL, wish
from imaging.pixels.window import Window


def test_jpeg_is_given_when_nothing_is_said() -> None:
    found = wish({}, accepted("*/*"), thumbnail=True)
    assert (found.media, found.form, found.size, found.window) == ("image/jpeg", "jpeg", THUMBNAIL, None)


def test_a_picture_fits_into_its_viewport() -> None:
    assert wish({"viewport": "600,500"}, accepted("image/png"), thumbnail=False).size == 256
    assert wish({"viewport": "512,512,,,,"}, accepted("image/webp"), thumbnail=False).size == 512
    assert wish({"viewport": "5,5"}, accepted(""), thumbnail=False).size == 96


def test_a_window_has_its_function() -> None:
    found = wish({"window": "40,400,sigmoid"}, accepted(""), thumbnail=False)
    assert found.window == Window(40.0, 400.0, "", "SIGMOID")


@pytest.mark.parametrize(("name", "value"), [
    ("viewport", "512"), ("viewport", "0,5"), ("viewport", "a,b"), ("viewport", "9,9,1,1,2,2"), ("window", "40"),
    ("window", "40,0,linear"), ("window", "nan,400"), ("window", "40,400,cubic"),
])
def test_a_parameter_that_cannot_be_read_is_named(name: str, value: str) -> None:
    with pytest.raises(BadQuery) as refused:
        wish({name: value}, accepted(""), thumbnail=False)
    assert refused.value.parameter == name


def test_another_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotAcceptable, match="image/jpeg"):
        wish({}, accepted("image/gif"), thumbnail=False)
