"""A viewer on a page of its own with several series; page, tickets and image stream are played by the test."""

import base64
import json
import struct
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.browser import test_viewer as one
from tests.patience import patience

AXIAL = (1, 0, 0, 0, 1, 0)
SAGITTAL = (0, 1, 0, 0, 0, -1)
REFUSED_CODEC = "Object.defineProperty(window, 'WebAssembly', { value: undefined });"


@dataclass
class Series:
    """What the stream brings of one series; voxels are slices × rows × columns of 16-bit stored values."""

    uid: str
    description: str
    voxels: Any
    orientation: tuple[float, ...] = AXIAL
    first: tuple[float, float, float] = (0, 0, 0)
    step: tuple[float, float, float] = (0, 0, 2)
    spacing: tuple[float, float] = (1, 1)
    modality: str = "MR"
    study: str = "1.2"
    date: str = "2026-11-09"
    frame_of_reference: str = "9.9"
    window: tuple[float, float] = (500.5, 1001)
    facts: dict[str, Any] = field(default_factory=dict)

    def message(self, handle: int) -> dict[str, Any]:
        """The `series` message of the stream."""
        count, rows, columns = self.voxels.shape
        place = [[self.first[axis] + at * self.step[axis] for axis in range(3)] for at in range(count)]
        frames = [
            {
                "sop_instance_uid": f"{self.uid}.{at}", "frame": 1, "rows": rows, "columns": columns,
                "position": place[at], "row_spacing_mm": self.spacing[0], "column_spacing_mm": self.spacing[1],
                "spacing_source": "pixel",
            }
            for at in range(count)
        ]  # fmt: skip
        signed = self.voxels.dtype.kind == "i"
        return {
            "type": "series", "series": self.uid, "handle": handle, "frames": frames, "modality": self.modality,
            "description": self.description, "photometric": "MONOCHROME2", "bits_stored": 16, "signed": signed,
            "sample": "i16" if signed else "u16", "slope": 1, "intercept": 0,
            "window": {"centre": self.window[0], "width": self.window[1], "function": "LINEAR"}, "presets": [],
            "voi_lut": None, "padding": None, "inverted": False, "colour": False,
            "orientation": list(self.orientation), "frame_of_reference": self.frame_of_reference, **self.facts,
        }  # fmt: skip


def listed(all_series: list[Series]) -> dict[str, Any]:
    """The list of studies."""
    studies: dict[str, dict[str, Any]] = {}
    for series in all_series:
        study = studies.setdefault(series.study, {"study_instance_uid": series.study, "description": "Spine"})
        study |= {"date": series.date, "patient": "same", "series": study.get("series", [])}
        study["series"].append({
            "series_instance_uid": series.uid, "modality": series.modality, "description": series.description,
            "body_part": "SPINE", "frames": len(series.voxels), "preview": None,
        })  # fmt: skip
    return {"studies": sorted(studies.values(), key=lambda study: str(study["date"]), reverse=True)}


def reading(
    context: BrowserContext, all_series: list[Series], renderer: str = "canvas2d", before: str = ""
) -> one.Stage:
    """A page whose viewer shows the first series; `before` runs first."""
    page = context.new_page()
    if before:
        page.add_init_script(before)
    stage = one.Stage(page, [], [])
    known = {series.uid: (handle, series) for handle, series in enumerate(all_series)}

    def connected(socket: WebSocketRoute) -> None:
        def told(message: str | bytes) -> None:
            said = json.loads(message)
            if said["type"] != "show":
                return
            first = all(shown["series"] != said["series"] for shown in stage.shows)
            stage.shows.append(said)
            if not first:
                return
            handle, series = known[said["series"]]
            socket.send(json.dumps(series.message(handle)))
            for index, slice_ in enumerate(series.voxels):
                samples = np.ascontiguousarray(slice_).tobytes()
                socket.send(struct.pack("<BBHII", 3, 0, handle, index, len(samples)) + samples)

        socket.on_message(told)

    page.on("console", lambda message: stage.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: stage.problems.append(str(error)))
    context.route(f"{one.ORIGIN}/**", lambda route: one.played(route, renderer))
    context.route(
        f"{one.ORIGIN}/cases/c1/studies.json",
        lambda route: route.fulfill(body=json.dumps(listed(all_series)), content_type="application/json"),
    )
    page.route_web_socket("**/sockets/images**", connected)
    page.goto(one.ORIGIN + "/")
    expect(pane(page, 0)).to_contain_text("Lossless", timeout=patience(30) * 1000)
    return stage


def pane(page: Page, at: int) -> Any:
    """One of the six panes."""
    return page.locator(".viewer-pane").nth(at)


def levels(page: Page, at: int) -> Any:
    """Red levels of a pane's canvas."""
    data = page.evaluate(
        "at => document.querySelectorAll('.viewer-pane')[at].querySelector('canvas').toDataURL('image/png')", at
    )
    return np.asarray(Image.open(BytesIO(base64.b64decode(data.split(",")[1]))).convert("RGB"), float)[:, :, 0]
