"""A hint to the disk that what was written will soon be waited for."""

import ctypes
import sys

_WRITE = 2
"""SYNC_FILE_RANGE_WRITE of ``sync_file_range(2)``."""
_sync_range = getattr(ctypes.CDLL(None), "sync_file_range", None) if sys.platform == "linux" else None


def start_writing(handle: int) -> None:
    """Have the kernel begin to write what an open file holds, without waiting: its sync, later, waits for less.

    Nothing is promised by it, and where there is no such call nothing is done.
    """
    if _sync_range is not None:
        _sync_range(handle, ctypes.c_int64(0), ctypes.c_int64(0), _WRITE)
