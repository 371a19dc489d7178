"""Pictures of what people see, kept for whoever looks at them; no test depends on one."""

from pathlib import Path

from playwright.sync_api import Error, Page


def picture(page: Page, path: Path, *, full_page: bool = False) -> None:
    """Keep a picture; a browser without a frame to show (a busy machine's) leaves a line and no picture."""
    try:
        page.screenshot(path=path, full_page=full_page)
    except Error as error:
        print(f"no picture {path.name}: {error.message}")
