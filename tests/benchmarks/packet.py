"""packet: one case's packet as PDF, asked for like a person does: signed in, composed, frozen, drawn, set, audited.

Two sizes: a case as referrals usually are, and the longest the form takes. Against the bar of
5 seconds; there is no peer.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from math import log
from pathlib import Path

from sqlmodel import Session

from agenda.cases import case
from agenda.treatments import LIMIT, add_treatment
from tests.benchmarks.figures import Figure
from tests.unit.imaging.objects.orders import FIRST, SECOND
from tests.unit.web.desk import a_desk
from tests.unit.web.read_packets import Sat, sit
from web.clock import now

BAR_S = 5.0
SIZES = {"usual": (6, 1), "longest": (LIMIT, 2)}
"""Name → treatments, key images."""


def run(*, short: bool) -> Iterator[Figure]:
    """The median time of each size against the bar, and how it grows with the lines."""
    found: dict[str, tuple[float, int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (rows, pictures) in SIZES.items():
            place = Path(folder) / name
            place.mkdir()
            times, size = _measured(place, rows, pictures, 3 if short else 9)
            found[name] = statistics.median(times), rows
            spread = (max(times) - min(times)) / found[name][0]
            note = f"{rows} treatments, {pictures} key images, {size // 1024} kB"
            if spread > 0.4:
                note += f"; single runs differ by {spread:.0%}"
            yield Figure(f"packet {name} / bar", found[name][0], BAR_S, "s", 1.0, note)
    (small, few), (large, many) = found["usual"], found["longest"]
    yield Figure("packet exponent of time, by treatments", log(large / small) / log(many / few), 1.0, "power", None)


def _measured(folder: Path, rows: int, pictures: int, rounds: int) -> tuple[list[float], int]:
    with a_desk(folder / "desk") as desk:
        sat = sit(desk, folder)
        desk.do(_fill, sat, rows)
        for sop in (FIRST, SECOND)[:pictures]:
            sat.choose(sop=sop, note="The level in question", centre="200", width="400")
        sat.publish()
        browser = desk.as_("radiologist")
        times, size = [], 0
        for _ in range(rounds + 1):
            began = time.perf_counter()
            answer = browser.get(f"{sat.path}/packet.pdf")
            times.append(time.perf_counter() - began)
            assert answer.content.startswith(b"%PDF-"), answer.text
            size = len(answer.content)
    return times[1:], size


def _fill(session: Session, sat: Sat, rows: int) -> None:
    at = now()
    for number in range(rows):
        add_treatment(session, case(session, sat.case), {
            "kind": "injection", "description": f"Transforaminal epidural steroid, round {number}", "amount": "one",
            "started_on": "2025-03", "response": "better", "response_percent": "40",
            "stopped_because": "Worn off after a few weeks, as the one before",
        }, at)
