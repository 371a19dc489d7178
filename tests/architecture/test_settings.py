"""config.toml shows every setting with its default and its explanation, and nothing else."""

import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT
from web.settings import ConfigurationError, Settings, document, load


def test_the_file_is_what_the_classes_say() -> None:
    assert (ROOT / "config.toml").read_text("utf-8") == document()


def test_the_file_as_shipped_changes_nothing() -> None:
    shown = tomllib.loads("\n".join(line for line in document().splitlines() if not line.startswith("#")))
    assert Settings.model_validate(shown) == Settings()


def test_the_environment_wins_over_the_file_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[server]\nport = 8100\n")
    effective = load(file, {"CONSILIUM_SERVER__PORT": "8200", "UNRELATED": "1"})
    assert effective.settings.server.port == 8200
    assert effective.origins["server.port"] == "CONSILIUM_SERVER__PORT"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nport = 'many'\n", "server.port"),
        ("[server]\nprot = 1\n", "server.prot: is not a setting we know"),
        ("[server\n", "config.toml"),
    ],
)
def test_a_mistake_names_the_setting_and_where_it_was_made(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load(file, {})
    assert said in str(caught.value)
    assert "config.toml" in str(caught.value)
