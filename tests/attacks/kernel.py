"""Objects of System V and POSIX that an attack may try to read, remove or make: of this user, and of no process."""

from __future__ import annotations

import ctypes
import os
import sys

_CREATE, _REMOVE = 0o1000, 0
_FIRST = 0x67000000 | (os.getpid() & 0xFFFF) << 8


class Kernel:
    """The objects of one stage; System V calls are made through the C library."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.shmat.restype = ctypes.c_void_p
        self._sets: dict[int, tuple[int, int, int]] = {}

    def plant(self, number: int, token: str) -> int:
        """A semaphore, a queue and a shared segment under one key, which is returned; the segment holds the token."""
        if sys.platform != "linux":
            return 0
        key = _FIRST + 2 * number
        memory = self._libc.shmget(key, 4096, _CREATE | 0o666)
        address = self._libc.shmat(memory, None, 0)
        if address not in (None, ctypes.c_void_p(-1).value):
            ctypes.memmove(address, f"victim{token}".encode(), len(token) + 6)
            self._libc.shmdt(ctypes.c_void_p(address))
        self._sets[key] = (self._libc.semget(key, 1, _CREATE | 0o666), self._libc.msgget(key, _CREATE | 0o666), memory)
        return key

    def changed(self, key: int) -> bool:
        """Whether one of the objects under the key is gone, or there is one under the next."""
        there = (self._libc.semget(key, 0, 0), self._libc.msgget(key, 0), self._libc.shmget(key, 0, 0))
        more = (self._libc.semget(key + 1, 0, 0), self._libc.msgget(key + 1, 0), self._libc.shmget(key + 1, 0, 0))
        return there != self._sets[key] or any(number >= 0 for number in more)

    def remove(self) -> None:
        """Remove all of them, and what was made beside them."""
        for key in self._sets:
            for each in (key, key + 1):
                self._libc.semctl(self._libc.semget(each, 0, 0), 0, _REMOVE)
                self._libc.msgctl(self._libc.msgget(each, 0), _REMOVE, None)
                self._libc.shmctl(self._libc.shmget(each, 0, 0), _REMOVE, None)
