"""ingest-dimse-stock: the same with Nagle's algorithm on, as most devices send.

A PDU goes out in two pieces, the second only after the first is acknowledged: a server that delays its acknowledgements
costs 40 ms an instance. Bar: three times Orthanc's instances a second.
"""

from collections.abc import Iterator

from tests.benchmarks.figures import Figure
from tests.benchmarks.rig.dimse import measured


def run(*, short: bool) -> Iterator[Figure]:
    """Seconds and CPU, ours / Orthanc's."""
    return measured("ingest-dimse-stock", 1 / 3, None, no_delay=False, short=short)
