"""Waiting for what a page answers only after a while.

Playwright's `wait_for_function` takes the promise of an asynchronous function for true and waits for nothing.
"""

import time

from playwright.sync_api import Page

_EVERY_MS = 250


def until(page: Page, question: str, arg: object = None, *, timeout_ms: float) -> None:
    """Ask the page again and again until the answer to an asynchronous function is true.

    Raises AssertionError with the question when the time is over.
    """
    end = time.monotonic() + timeout_ms / 1000
    while not page.evaluate(question, arg):
        assert time.monotonic() < end, f"not within {timeout_ms / 1000:.0f} s: {question}"
        page.wait_for_timeout(_EVERY_MS)
