"""Fetches from archives within the application: each runs beside the requests, and ends in the case or with a reason.

The request that began a fetch lends it its actor: the right to add images is asked again when they go in.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from imaging.errors import Refused
from imaging.intake import Outcome, index
from imaging.nodes import Node, node_named
from imaging.remote.answer import Found, FoundStudy
from imaging.remote.fetches import Fetch, Fetches
from web.access import Forbidden, in_session, reading
from web.clock import now
from web.images.admission import follow_up, patient_of
from web.images.deidentification import admitted, board_hides
from web.services import services

log = logging.getLogger(__name__)
_REMEMBERED = 64
_OURS = "Something went wrong on our side; please go on with it, or fetch it again."


@dataclass(frozen=True, slots=True)
class Searched:
    """The last search of one person for one case; in memory alone."""

    node: str
    said: dict[str, str]
    """The form as it was filled."""
    found: Found


@dataclass(slots=True)
class Fetching:
    """The fetches that run, and the searches they began with."""

    fetches: Fetches
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _searched: OrderedDict[tuple[str, str], Searched] = field(default_factory=OrderedDict)

    def remember(self, person_id: str, case_id: str, searched: Searched) -> None:
        """Keep a search until the next one, or until many others have searched."""
        self._searched[person_id, case_id] = searched
        self._searched.move_to_end((person_id, case_id))
        while len(self._searched) > _REMEMBERED:
            self._searched.popitem(last=False)

    def searched(self, person_id: str, case_id: str) -> Searched | None:
        """This person's last search for this case."""
        return self._searched.get((person_id, case_id))

    def study(self, person_id: str, case_id: str, study_uid: str) -> tuple[str, FoundStudy] | None:
        """A study of the last search, and its node's name; None when it was not among them."""
        last = self.searched(person_id, case_id)
        for one in last.found.studies if last else ():
            if last and one.study_instance_uid == study_uid:
                return last.node, one
        return None

    def start(self, request: Request, fetch: Fetch, node: Node) -> None:
        """Fetch, check and take in, beside the requests."""
        self._run(self._whole(request, fetch, node))

    def take(self, request: Request, fetch: Fetch) -> None:
        """A person will have what is here although it is not all: check it and take it in."""
        self._run(self._check(request, fetch))

    def go_on(self, request: Request, fetch: Fetch) -> None:
        """A person has confirmed the patient: take in what lies here."""
        self._run(self._admit(request, fetch))

    async def close(self) -> None:
        """Stop what runs; returns when nothing does."""
        await asyncio.to_thread(self.fetches.close)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _whole(self, request: Request, fetch: Fetch, node: Node) -> None:
        try:
            await asyncio.to_thread(self.fetches.fetch, fetch.id, node)
        except Exception:
            log.exception("a fetch came to nothing", extra={"fetch": fetch.id})
            self.fetches.refuse(fetch.id, _OURS)
            return
        if self.fetches.get(fetch.id, fetch.case_id, fetch.person_id).state == "checking":
            await self._check(request, fetch)

    async def _check(self, request: Request, fetch: Fetch) -> None:
        try:
            expected = await reading(request, patient_of, fetch.case_id)
            checked = await asyncio.to_thread(self.fetches.check, fetch.id, expected)
        except Exception:
            log.exception("a fetched study could not be checked", extra={"fetch": fetch.id})
            self.fetches.refuse(fetch.id, _OURS)
            return
        if checked.state == "keeping":
            await self._admit(request, fetch)
        elif checked.state == "refused":
            whole = Outcome(f"study from {fetch.node}", "refused", "several-patients", checked.reason)
            await in_session(request, "images.refuse", index, (), [whole], delivery=delivery(fetch), at=now())

    async def _admit(self, request: Request, fetch: Fetch) -> None:
        try:
            found = await asyncio.to_thread(self.fetches.inspected, fetch.id)
            node = node_named(services(request).settings.imaging.nodes, fetch.node)
            hide = (node is not None and node.deidentify) or await reading(request, board_hides, fetch.case_id)
            patient = "confirmed" if fetch.differences else "matched"
            into = self.fetches.rewritten(fetch.id)
            done = await admitted(request, fetch.case_id, found, delivery(fetch), into, hide=hide, patient=patient)
            outcomes = done.outcomes
            await asyncio.to_thread(self.fetches.complete, fetch.id, outcomes)
        except (Forbidden, Refused) as error:
            self.fetches.refuse(fetch.id, error.reason)
            return
        except Exception:
            log.exception("a fetched study could not be taken in", extra={"fetch": fetch.id})
            self.fetches.refuse(fetch.id, _OURS)
            return
        good = (one.study_instance_uid for one in outcomes if one.result == "taken")
        for study_uid in dict.fromkeys(good):
            await follow_up(request, fetch.case_id, study_uid)


def delivery(fetch: Fetch) -> str:
    """How the record of refusals names what a fetch brought."""
    return f"case:{fetch.case_id}/fetch:{fetch.id}"


def node_of(request: Request, name: str) -> Node | None:
    """An archive that may be queried, by its name."""
    return next((one for one in nodes(request) if one.name == name), None)


def nodes(request: Request) -> list[Node]:
    """The archives that may be queried."""
    return [one for one in services(request).settings.imaging.nodes if one.query]
