"""Every table of the product in one metadata: the migrations and the tests read it here."""

from importlib import import_module

from sqlalchemy import Engine, MetaData
from sqlmodel import SQLModel

MODULES = (
    "agenda.people",
    "agenda.boards",
    "agenda.calendar.invitations",
    "agenda.calendar.personal",
    "agenda.calendar.series",
    "agenda.cases",
    "agenda.clinical_scores",
    "agenda.care",
    "agenda.conferences",
    "agenda.drafts",
    "agenda.keeping",
    "agenda.key_images",
    "agenda.notices.queue",
    "agenda.packets",
    "agenda.alarms",
    "agenda.referrals",
    "agenda.surgeries",
    "agenda.policies",
    "agenda.outcomes",
    "agenda.grades",
    "agenda.numberings",
    "agenda.plans",
    "agenda.quick_questions",
    "agenda.ratify",
    "agenda.triage",
    "agenda.undo",
    "imaging.arrivals",
    "imaging.deidentify.records",
    "imaging.outbound.queue",
    "imaging.retention",
    "imaging.studies",
    "conference.outcome.addenda",
    "conference.outcome.kept",
    "conference.outcome.letter",
    "conference.outcome.signing",
    "conference.record.audit",
    "conference.record.log",
    "conference.record.replay",
    "conference.record.snapshots",
    "conference.text.store",
    "web.auth.enter",
    "web.auth.invitations",
    "web.auth.passwords",
    "web.auth.sessions",
    "web.auth.tokens",
    "web.auth.totp",
    "web.once",
)
"""Modules that declare tables; a test looks for tables declared elsewhere."""


def metadata() -> MetaData:
    """The metadata with every table loaded."""
    for name in MODULES:
        import_module(name)
    return SQLModel.metadata


def create(engine: Engine) -> None:
    """Make every table at once, for tests and scratch databases; the product migrates instead."""
    metadata().create_all(engine)
