"""Large pages for what a process has in memory: a fork copies an entry for every page, and there are fewer of them.

Python keeps its objects in blocks of its own, in pages of 4 kB. Of those that torch and the rest have made there are
some 25,000, and to copy their entries is a quarter of what a short-lived child costs
(``python -m grader.bench.grading``).
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator

_COLLAPSE = 25  # MADV_COLLAPSE, since Linux 6.1
_LARGE = 1 << 21


def make_large() -> None:
    """Have the kernel put this process's private memory into large pages, as far as it does.

    It is an advice: a kernel that does not know it refuses, another system does not have it, and nothing is lost.

    Source: madvise(2), MADV_COLLAPSE.
    """
    if sys.platform != "linux":
        return
    madvise = ctypes.CDLL(None).madvise
    with contextlib.suppress(OSError, ValueError):  # no /proc, or one that looks different
        for start, end in list(_private()):
            madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _COLLAPSE)


def _private() -> Iterator[tuple[int, int]]:
    """The whole large pages of memory that belongs to no file."""
    with open("/proc/self/maps", encoding="ascii", errors="replace") as file:
        for line in file:
            addresses, rights, _, _, inode, *name = line.split()
            if rights == "rw-p" and inode == "0" and name in ([], ["[heap]"]):
                start, end = (int(address, 16) for address in addresses.split("-"))
                start, end = -(-start // _LARGE) * _LARGE, end // _LARGE * _LARGE
                if start < end:
                    yield start, end
