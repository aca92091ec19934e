"""Single keys from a terminal, without waiting for Enter."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from typing import Any


class Keys:
    """Reads keys on a thread while it is on; Ctrl-C stays what it is.

    Args:
        hears: called with every key.
    """

    def __init__(self, hears: Callable[[str], None]) -> None:
        self._hears = hears
        self._is_on = False
        self._before: list[Any] | None = None

    def __enter__(self) -> Keys:
        self.turn_on()
        return self

    def __exit__(self, *_: object) -> None:
        self.turn_off()

    def turn_on(self) -> None:
        """Have the terminal give each key at once."""
        if self._is_on:
            return
        if sys.platform != "win32":
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin, termios.TCSADRAIN)
        self._is_on = True

    def turn_off(self) -> None:
        """Give the terminal back as it was, for whatever reads lines from it."""
        self._is_on = False
        if sys.platform != "win32" and self._before is not None:
            import termios

            with contextlib.suppress(termios.error):
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
            self._before = None

    def listen(self, stop: Callable[[], bool]) -> None:
        """Pass keys on until ``stop`` says so."""
        while not stop():
            if not self._is_on:
                time.sleep(0.05)
            elif key := _key():
                self._hears(key)


def _key() -> str:
    """A key, or "" if none is pressed for a moment."""
    if sys.platform == "win32":
        import msvcrt

        if msvcrt.kbhit():
            return msvcrt.getwch()
        time.sleep(0.05)
        return ""
    import os
    import select

    ready, _, _ = select.select([sys.stdin], [], [], 0.05)
    if not ready:
        return ""
    data = os.read(sys.stdin.fileno(), 32)
    # An arrow, or text that was pasted, is more than one byte, and no key of ours.
    return data.decode("ascii", "ignore") if len(data) == 1 else ""
