import json

import pytest

from tests.benchmarks.__main__ import main, names
from tests.benchmarks.figures import Figure, as_json, as_text


def test_a_figure_meets_its_bar_or_says_so() -> None:
    within, beyond = Figure("a", 1, 2, "s", 0.5), Figure("b", 3, 2, "s", 1.0)
    assert (within.ratio, within.met, beyond.met) == (0.5, True, False)
    assert "bar 1: NOT MET" in as_text([beyond])
    assert Figure("c", 9, 2, "s", None).met


def test_json_is_a_list_of_objects_with_these_keys() -> None:
    assert json.loads(as_json([Figure("a", 1, 2, "s", 1.0), Figure("b", 1, 0, "s", 0.0)])) == [
        {"name": "a", "ours": 1, "peer": 2, "unit": "s", "ratio": 0.5, "bar": 1.0, "met": True},
        {"name": "b", "ours": 1, "peer": 0, "unit": "s", "ratio": None, "bar": 0.0, "met": False},
    ]


def test_an_unknown_benchmark_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["no-such-thing"])
    assert ended.value.code == 2
    assert "no benchmark 'no-such-thing'" in capsys.readouterr().err


def test_every_module_here_with_a_run_is_a_benchmark() -> None:
    assert "arrange" in names()
    assert not {"figures", "test-runner"} & set(names())
