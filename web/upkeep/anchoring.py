"""Anchors the audit and every room's log while the server runs; `verify` holds the whole record against them."""

import asyncio
import logging
from pathlib import Path

from sqlmodel import Session

from conference.outcome.proof import Proof, prove
from conference.record import audit, log
from conference.record.anchors import Anchors
from web.clock import now
from web.database import Database
from web.settings import Settings

logger = logging.getLogger(__name__)

EVERY_S = 600.0
"""Well inside the fifteen minutes after which a cut-off tail must be found."""


def anchors_of(settings: Settings) -> Anchors:
    """The file of anchors of an installation."""
    return Anchors(settings.storage.directory / "audit-anchors.jsonl")


async def anchor(database: Database, anchors: Anchors) -> None:
    """Drop one anchor now: after a signature, and from time to time."""
    head, rooms = await database.read(_heads)
    await asyncio.to_thread(anchors.drop, head, now(), rooms)


async def keep_anchoring(database: Database, anchors: Anchors, every_s: float = EVERY_S) -> None:
    """Drop an anchor every `every_s` seconds, until cancelled. A disk that refuses is logged, not fatal."""
    while True:
        try:
            await anchor(database, anchors)
        except OSError:
            logger.exception("the audit's anchor could not be written")
        await asyncio.sleep(every_s)


def _heads(session: Session) -> tuple[audit.Head, dict[str, log.Head]]:
    return audit.head(session), log.heads(session)


def verify(session: Session, path: Path) -> Proof:
    """The whole record checked against the anchors in `path`; raises AnchorsBroken."""
    return prove(session, Anchors(path).read())
