"""UIDs that follow from what they name: the same mark, the same object, the same UID, on every machine.

All are of the root 2.25, whose next component is a UUID as a number (PS3.5 B.2).
"""

import uuid

_NAMESPACE = uuid.UUID("5f3a2c76-5b0e-5ba4-9e0c-9a4c1f0c8a1d")
IMPLEMENTATION = f"2.25.{uuid.uuid5(_NAMESPACE, 'implementation').int}"
"""Implementation Class UID (PS3.7 D.3.3.2) of what we write."""
DEVICE = f"2.25.{uuid.uuid5(_NAMESPACE, 'device').int}"
"""The observing device (TID 1004): this software."""


def tracking_uid(mark: str) -> str:
    """The Tracking Unique Identifier (0062,0021) of a mark; follows its identity through every export."""
    try:
        return f"2.25.{uuid.UUID(mark).int}"
    except ValueError:
        return derived("mark", mark)


def derived(*names: str) -> str:
    """The UID of what these names say, most general first."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, chr(0).join(names)).int}"
