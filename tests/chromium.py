"""Where this machine has Chromium."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")


def found_chromium() -> str | None:
    """Its path; None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)
