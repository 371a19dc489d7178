"""How long a promise may take on this machine, now."""

import os


def patience(seconds: float) -> float:
    """The promised time, stretched by how far the machine is oversubscribed: 2 s stay 2 s on one that is not."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
