"""The interface of all exporters: reports in; a file, and messages about it, out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grader.report.report import Report


@dataclass(frozen=True)
class Exported:
    """The result of an exporter.

    Attributes:
        data: the file, byte for byte.
        said: a line about everything that the file does not show, or that is not as one might expect. Reports without
            a mark are not among it: they are said whatever the system is.
    """

    data: bytes
    said: tuple[str, ...] = ()


Exporter = Callable[[Sequence[Report]], Exported]
"""An exporter whose options are chosen."""
