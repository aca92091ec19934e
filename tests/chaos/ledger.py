"""What was done to the runs, and how each took it."""

from __future__ import annotations

import dataclasses
from collections import Counter


@dataclasses.dataclass
class Row:
    """One kind of fault.

    Attributes:
        injected: how often.
        ends: how the runs ended in which it was done, by their statuses.
        lines: how many of the runs that it ended said so in one line.
        ended: how many runs it ended.
        problems: how many of its runs did something else than they should.
    """

    injected: int = 0
    ends: Counter[int] = dataclasses.field(default_factory=Counter)
    lines: int = 0
    ended: int = 0
    problems: int = 0


class Ledger:
    """The table.

    Attributes:
        problems: one line each.
    """

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self.rows: dict[str, Row] = {}
        self.problems: list[str] = []

    @property
    def injected(self) -> int:
        """The number of all faults."""
        return sum(row.injected for row in self.rows.values())

    def add(self, name: str, status: int, *, ended: bool, line: bool, problem: bool) -> None:
        """One fault was done to a run that ended with this status, because of it or not."""
        row = self.rows.setdefault(name, Row())
        row.injected += 1
        row.ends[status] += 1
        row.ended += ended
        row.lines += ended and line
        row.problems += problem

    def print_table(self) -> None:
        """Print one line per kind."""
        head = ("fault", "injected", "runs ended by it", "with one line", "status of the run: times", "wrong")
        rows = [head]
        for name, row in sorted(self.rows.items()):
            ends = ", ".join(f"{status}: {times}" for status, times in sorted(row.ends.items()))
            rows.append((name, str(row.injected), str(row.ended), str(row.lines), ends, str(row.problems)))
        total = self.rows.values()
        sums = (sum(r.injected for r in total), sum(r.ended for r in total), sum(r.lines for r in total))
        rows.append(("all", *map(str, sums), "", str(sum(r.problems for r in total))))
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        for row in rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
