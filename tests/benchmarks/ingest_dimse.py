"""ingest-dimse: C-STORE of 436 mixed instances by dcmtk's storescu with TCP_NODELAY, as senders that care set it.

Bars: at least 1.3 times Orthanc's instances a second with at most 0.7 of its CPU.
"""

from collections.abc import Iterator

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.dimse import measured


def run(*, short: bool) -> Iterator[Figure]:
    """Seconds and CPU, ours / Orthanc's."""
    return measured("ingest-dimse", 1 / 1.3, 0.7, no_delay=True, short=short)
