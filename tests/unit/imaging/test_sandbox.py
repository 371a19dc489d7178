import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from imaging.errors import WorkerLost
from imaging.sandbox import Sandbox
from imaging.settings import WorkerSettings
from tests.unit.imaging.samples import slice_of

SETTINGS = WorkerSettings(processes=1, reuse=3, memory_bytes=512 * 1024 * 1024, cpu_seconds=1, wall_seconds=20)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(SETTINGS)
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "IM1").write_bytes(slice_of())
    return str(tmp_path / "IM1")


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split())


def test_a_header_is_read_in_another_process(sandbox: Sandbox, file: str) -> None:
    facts = sandbox.run("imaging.header:read", path=file, frames=1).facts
    assert facts["patient_name"] == "Rivera^Ana"


def test_a_worker_is_replaced_after_its_share_of_files(sandbox: Sandbox, file: str) -> None:
    seen = set[frozenset[str]]()
    before = children()
    for _ in range(4):
        sandbox.run("imaging.header:read", path=file, frames=1)
        seen.add(frozenset(children() - before))
    assert len(seen - {frozenset()}) == 2


def test_a_failing_task_costs_its_file_and_the_next_is_read(sandbox: Sandbox, file: str) -> None:
    with pytest.raises(WorkerLost, match="cannot be read"):
        sandbox.run("imaging.header:read", path=file + "-absent", frames=1)
    assert sandbox.run("imaging.header:read", path=file, frames=1).facts["modality"] == "MR"


def test_the_reason_names_the_kind_of_failure_and_no_content(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "Rivera-Ana.dcm").write_bytes(b"x" * 500)
    with pytest.raises(WorkerLost) as caught:
        sandbox.run("imaging.header:read", path=str(tmp_path / "Rivera-Ana.dcm"), frames=1)
    assert "Rivera" not in str(caught.value)


def test_only_tasks_of_this_package_can_be_asked_for(sandbox: Sandbox) -> None:
    with pytest.raises(WorkerLost):
        sandbox.run("os:system", command="true")


def test_a_closed_sandbox_leaves_no_process(file: str) -> None:
    before = children()
    made = Sandbox(SETTINGS)
    made.run("imaging.header:read", path=file, frames=1)
    assert children() - before
    made.close()
    assert children() - before == set()


@pytest.mark.parametrize(("code", "said"), [
    ("x = bytearray(1 << 30)", "too much memory"),
    ("while True: pass", "too much memory or time"),
    ("import os; os.kill(os.getpid(), 11)", "ended on this file"),
    ("import time; time.sleep(60)", "longer than 2 s"),
    ("print('x' * 100); raise SystemExit(0)", "cannot be read"),
])
def test_a_worker_that_grows_spins_crashes_or_sleeps_is_ended(
    code: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package of the test's own stands in front of the real one inside the worker."""
    fake = tmp_path / "imaging"
    fake.mkdir()
    source = Path(__file__).parents[3] / "imaging" / "sandboxed.py"
    (fake / "__init__.py").write_text("")
    (fake / "sandboxed.py").write_text(source.read_text("utf-8"))
    (fake / "header.py").write_text(f"def read(path, frames):\n    {code}\n    return {{}}, b''\n")
    monkeypatch.setattr("imaging.sandbox._ROOT", tmp_path)
    made = Sandbox(SETTINGS.model_copy(update={"wall_seconds": 2.0 if "sleep" in code else 20.0}))
    try:
        with pytest.raises(WorkerLost, match=said):
            made.run("imaging.header:read", path="x", frames=1)
    finally:
        made.close()
