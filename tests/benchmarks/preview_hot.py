"""preview-hot: a picture that was rendered before, with sign-in, policy and audit in our path.

Orthanc renders each time; that it keeps none is its design, and the difference is what a reader feels.
"""

from collections.abc import Iterator

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.previews import measured


def run(*, short: bool) -> Iterator[Figure]:
    """Median milliseconds, ours / Orthanc's."""
    return measured("preview-hot", 1 / 5, cold=False, short=short)
