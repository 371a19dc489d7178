"""Somebody who has a keyboard and nothing else: every control is reached by Tab, and the focus shows."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

FURTHEST = 250
"""Presses of Tab from anywhere to anywhere on these pages."""
FOCUS = """one => one !== document.activeElement ? 'elsewhere' : one.matches(':focus-visible')
  && [one, one.closest('label')].some((each) => each && getComputedStyle(each).outlineStyle !== 'none')
  ? 'shown' : 'hidden'"""
"""Asked in one go: an answer that replaces the control between two questions would look like a lost focus."""


@dataclass
class Keys:
    """Somebody who has a keyboard and nothing else."""

    page: Page

    def to(self, what: Locator, key: str = "Tab") -> None:
        """Tab, or back with Shift+Tab, until this has the focus, and see that it shows."""
        expect(what).to_be_visible()
        for _ in range(FURTHEST):
            focus = what.evaluate(FOCUS)
            if focus != "elsewhere":
                assert focus == "shown", "the focus cannot be seen"
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{what} is not reached by {key}")

    def press(self, what: Locator, key: str = "Enter") -> None:
        self.to(what)
        self.page.keyboard.press(key)

    def type(self, what: Locator, text: str) -> None:
        self.to(what)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose(self, what: Locator, label: str) -> None:
        """Pick from a list by typing what it begins with."""
        self.to(what)
        self.page.keyboard.type(label)
