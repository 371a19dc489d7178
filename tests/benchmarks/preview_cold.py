"""preview-cold: a picture nobody rendered before, both as JPEG.

Ours passes sign-in, policy, audit and a disposable worker.
"""

from collections.abc import Iterator

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.previews import measured


def run(*, short: bool) -> Iterator[Figure]:
    """Median milliseconds, ours / Orthanc's."""
    return measured("preview-cold", 1 / 1.5, cold=True, short=short)
