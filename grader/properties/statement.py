"""One question to a student's code as a line of Python."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

_KEYS = re.compile(r"_IncompatibleKeys\(|<All keys")
"""What ``load_state_dict`` gives tells nothing."""


class Name:
    """A variable name for an object in a decoded question or answer; its repr is the name."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


NOTHING = object()


@dataclasses.dataclass(slots=True)
class Statement:
    """A question as a line of Python.

    Attributes:
        before: lines that make what it needs.
        text: the expression, or the statement.
        target: the variables that its value is assigned to, "" if there are none.
        value: its value, if it has a plain one.
        raised: the kind of exception that it ends in.
        looks: whether it only looks at something, so that it can be left out where nobody needs its value.
        asks: whether it runs the student's code.
        watches: whether it watches the global random numbers, so that it is of use only where these have moved.
    """

    before: list[str]
    text: str
    target: str = ""
    value: Any = NOTHING
    raised: str = ""
    looks: bool = False
    asks: bool = True
    watches: bool = False

    @property
    def shows(self) -> bool:
        """Whether a reader learns something from its value."""
        return self.value is not NOTHING and self.value is not None and not _KEYS.match(str(self.value))

    def lines(self) -> list[str]:
        """The statement, with what it needs."""
        own = f"{self.target} = {self.text}" if self.target else "" if self.looks else self.text
        return [*self.before, *([own] if own else [])]
