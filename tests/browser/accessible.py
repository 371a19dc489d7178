"""What axe says of a page as it stands."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

TURN = """theme => {
  document.documentElement.dataset.theme = theme;
  for (const one of document.getAnimations()) one.finish();
}"""
"""The other colours, without waiting for a button's to fade into them."""


def clean(page: Page) -> None:
    """axe finds nothing in this state of the page, light and dark."""
    for theme in ("light", "dark"):
        page.evaluate(TURN, theme)
        found = Axe().run(page).response["violations"]
        told = [f"{theme}: {one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
        assert not told, "\n".join(told)
