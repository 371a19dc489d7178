"""The routes of the application, one module per noun."""

from importlib import import_module

from starlette.routing import BaseRoute

MODULES = (
    "health",
    "sign_in",
    "account",
    "people",
    "boards",
    "keeping",
    "policy",
    "directory",
    "audit",
    "outbox",
    "guests",
    "tickets",
    "home",
    "cases",
    "alarms",
    "triage",
    "arrivals",
    "conferences",
    "calendar",
    "availability",
    "board_calendar",
    "arrange",
    "arrange_board",
    "packet",
    "key_images",
    "printing",
    "ratify",
    "second_opinions",
    "quick_questions",
    "uploads",
    "deidentification",
    "remote",
    "images",
    "documents",
    "dicomweb",
    "dicomweb_store",
    "room",
    "media",
    "recommendation",
    "letters",
    "addenda",
    "replay",
    "care",
    "numbering",
    "level_summary",
    "grades",
    "clinical_scores",
    "plans",
    "exports",
)
"""Module names under web.routes; each exports `routes`. Sockets are in web.sockets."""


def all_routes() -> list[BaseRoute]:
    """Every HTTP route, in the order of MODULES."""
    found: list[BaseRoute] = []
    for name in MODULES:
        found += import_module(f"web.routes.{name}").routes
    return found
