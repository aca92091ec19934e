"""The measurements, as data and as tables in a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.printable import count, one_line, visible
from grader.render.lines import put
from grader.verify.corners import CornersRow
from grader.verify.probes import ProbeRow


@dataclass(frozen=True)
class Named:
    """The findings about one kind of wrong programs.

    Attributes:
        programs: how many there are.
        caught: how many lose marks.
        named: of how many the report names the misconception, before any other.
        misnamed: of how many it names another one.
    """

    programs: int = 0
    caught: int = 0
    named: int = 0
    misnamed: int = 0

    def __add__(self, other: Named) -> Named:
        """Both kinds together."""
        return Named(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class VerifyRow:
    """The findings of ``grader verify`` for one lesson.

    Attributes:
        stub_fails: whether the untouched stub earns nothing.
        solution_full: whether the reference solution earns everything.
        wheats: right answers in other styles; ``wheats_full`` of them earn everything.
        chaffs: misconceptions, made from the solution.
        wheat_chaffs: the same ones in other styles, made from wheats.
        properties: how many properties the lesson has.
        cpu_seconds: processor time of judging the solution once.
        problems: what is wrong, one line each.
        missing: what the lesson still needs, one line each (``grader.verify.missing``).
    """

    lesson: str
    stub_fails: bool
    solution_full: bool
    wheats: int
    wheats_full: int
    chaffs: Named
    properties: int
    cpu_seconds: float
    wheat_chaffs: Named = Named()
    problems: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the tests tell right from wrong."""
        every = self.chaffs + self.wheat_chaffs
        return (
            self.stub_fails
            and self.solution_full
            and self.wheats == self.wheats_full
            and every.programs == every.caught
        )


@dataclass(frozen=True)
class MutantsRow:
    """The findings of ``grader mutants`` for one lesson.

    Attributes:
        mutants: how many there are; ``killed`` of them lose marks.
        survivors: those that do not, and are not listed as equivalent: line, what stood there, what stands there, and
            the wheat, or "" for the solution.
        outdated: what is listed as equivalent and is no survivor (any more): what stood there, what stands there.
    """

    lesson: str
    mutants: int
    killed: int
    survivors: tuple[tuple[int, str, str, str], ...] = ()
    outdated: tuple[tuple[str, str], ...] = ()

    # The share of mutants, equivalent ones aside, that each lesson's properties must kill.
    _ENOUGH = 0.95

    @property
    def share(self) -> float:
        """The share of killed mutants among those that are not equivalent; 1 if there are none."""
        counted = self.killed + len(self.survivors)
        return self.killed / counted if counted else 1.0

    @property
    def good(self) -> bool:
        """Whether enough are killed, and the list of equivalent ones is up to date."""
        return self.share >= self._ENOUGH and not self.outdated


@dataclass(frozen=True)
class BarRow:
    """The findings of ``grader bar`` for one lesson: the chaffs that reach the bar, and what catches each, or ""."""

    lesson: str
    chaffs: int
    reach: tuple[tuple[str, str], ...]

    @property
    def good(self) -> bool:
        """Whether a property catches each that training does not notice."""
        return all(caught_by for _, caught_by in self.reach)


@dataclass(frozen=True)
class CalibrateRow:
    """The findings of ``grader calibrate`` in one series of runs.

    Attributes:
        series: the lesson, the program if it is not the reference, and the kind of task.
        passed: how many of ``runs`` pass.
        steps: environment steps, median and worst.
        seconds: processor time, median and worst.
        means: mean return, lowest and median; None where no run came to an evaluation.
        messages: what went wrong, by seed.
    """

    series: str
    runs: int
    passed: int
    steps: tuple[float, float]
    seconds: tuple[float, float]
    means: tuple[float, float] | None
    messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExamplesRow:
    """The findings of ``grader examples`` for one lesson: the number of its chaffs that the public examples catch."""

    lesson: str
    caught: int
    chaffs: int


@dataclass(frozen=True)
class Unsteady:
    """A program whose verdicts are not the same with every salt.

    Attributes:
        title: the kind and the name of the program.
        least: the smallest share of the points that it gets.
        most: the largest one.
        salts: how many were tried.
        sometimes: the properties that fail with some of them, and with how many.
    """

    title: str
    least: float
    most: float
    salts: int
    sometimes: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class SaltsRow:
    """The findings of ``grader salts`` for one lesson.

    Attributes:
        programs: how many right answers and how many misconceptions were judged.
        always: how many of each get what they deserve with every salt: full marks, and less.
        steady: of how many misconceptions the same properties fail with every salt.
        spread: how far a misconception's share of the points differs between two salts: the mean, and the largest.
        unsteady: the programs with verdicts that differ, and right answers that fail.
    """

    lesson: str
    programs: tuple[int, int]
    always: tuple[int, int]
    steady: int
    spread: tuple[float, float]
    unsteady: tuple[Unsteady, ...]

    @property
    def good(self) -> bool:
        """Whether every program gets what it deserves, whatever the salt."""
        return self.always == self.programs


def print_verify(rows: Sequence[VerifyRow], console: Console) -> None:
    """Print a table for course authors: whether each lesson's tests can be trusted, and what is wrong if not."""
    table = _table()
    table.add_column("stub\nfails", justify="center")
    table.add_column("solution\npasses", justify="center")
    for head in ("wheats\npass", "chaffs\ncaught", "chaffs\nnamed", "named\nwrongly", "laws", "CPU s"):
        table.add_column(head, justify="right", no_wrap=True)

    def of(part: int, whole: int) -> Text:
        return Text(f"{part}/{whole}", "red" if part < whole else "")

    def named(kind: Named) -> tuple[Text, Text, Text]:
        wrongly = Text(str(kind.misnamed), "red" if kind.misnamed else "")
        return of(kind.caught, kind.programs), of(kind.named, kind.programs), wrongly

    def yes(value: bool) -> Text:
        return Text("✓" if value else "✗ no", "green" if value else "red")

    for row in rows:
        table.add_row(
            Text(one_line(row.lesson)),
            yes(row.stub_fails),
            yes(row.solution_full),
            of(row.wheats_full, row.wheats),
            *named(row.chaffs),
            str(row.properties),
            f"{row.cpu_seconds:.1f}",
        )
    if len(rows) > 1:
        table.add_row(
            Text("all", "bold"),
            yes(all(row.stub_fails for row in rows)),
            yes(all(row.solution_full for row in rows)),
            of(sum(row.wheats_full for row in rows), sum(row.wheats for row in rows)),
            *named(sum((row.chaffs for row in rows), Named())),
            str(sum(row.properties for row in rows)),
            f"{math.fsum(row.cpu_seconds for row in rows):.1f}",
        )
    console.print(table)
    if any(row.wheat_chaffs.programs for row in rows):
        console.print()
        console.print(_in_wheats(rows, named))
    console.print()
    problems = [(row.lesson, problem) for row in rows for problem in row.problems]
    missing = [(row.lesson, each) for row in rows for each in row.missing]
    for sign, lines in ((Text("✗", "red"), problems), (Text("○", "yellow"), missing)):
        for lesson, words in lines:
            put(console, Text.assemble((one_line(lesson), "bold"), ": ", visible(words)), 2, sign)
    if problems:
        console.print(Text(f"{count(len(problems), 'problem')} to fix."))
    else:
        console.print(Text(f"{count(len(rows), 'lesson')}: nothing to fix."))
    if missing:
        console.print(Text(f"{count(len(missing), 'thing')} missing (○)."))


def _in_wheats(rows: Sequence[VerifyRow], cells: Callable[[Named], tuple[Text, Text, Text]]) -> Table:
    """The same mistakes in other styles, a row per lesson that has some."""
    table = _table("caught", "named", "named\nwrongly", first="chaffs made from wheats")
    some = [row for row in rows if row.wheat_chaffs.programs]
    for row in some:
        table.add_row(Text(one_line(row.lesson)), *cells(row.wheat_chaffs))
    if len(some) > 1:
        table.add_row(Text("all", "bold"), *cells(sum((row.wheat_chaffs for row in some), Named())))
    return table


_SIGNS = {"visited": ("●", "green"), "said": ("○", ""), "none": ("·", "dim"), "wrong": ("✗", "red")}


def print_corners(rows: Sequence[CornersRow], console: Console) -> None:
    """A table per lesson, the corners downwards and the exercises to the right, then what is wrong with the grids."""
    for row in rows:
        heads = [one_line(exercise) for exercise in next(iter(row.cells.values()), {})]
        table = _table(*heads, first=row.lesson)
        for corner, by_exercise in row.cells.items():
            table.add_row(Text(corner), *(Text(*_SIGNS[kind]) for kind in by_exercise.values()))
        console.print(table, "")
    console.print(Text("● a property visits it   ○ the lesson rules it out   · does not apply   ✗ to fix"))
    problems = [(row.lesson, problem) for row in rows for problem in row.problems]
    for lesson, words in problems:
        put(console, Text.assemble((one_line(lesson), "bold"), ": ", visible(words)), 2, Text("✗", "red"))
    if problems:
        console.print(Text(f"{count(len(problems), 'cell')} to fix; --write fills in the names of properties."))


def print_mutants(rows: Sequence[MutantsRow], console: Console) -> None:
    """The mutants that nothing noticed, one below the other, then a table."""
    for row in rows:
        for line, old, new, of in row.survivors:
            where = f"{one_line(row.lesson)}{', ' if of else ''}{one_line(of)}"
            _change(console, f"{where}, line {line}, survived:", old, new)
        for old, new in row.outdated:
            _change(console, f"{one_line(row.lesson)}: listed as equivalent, but no survivor:", old, new)
    table = _table("mutants", "killed", "equivalent", "survived", "killed of\nthe others")
    for row in rows:
        equivalent = row.mutants - row.killed - len(row.survivors)
        share = Text(f"{100 * row.share:.1f} %", "" if row.good else "red")
        numbers = (row.mutants, row.killed, equivalent, len(row.survivors))
        table.add_row(Text(one_line(row.lesson)), *map(str, numbers), share)
    console.print(table)


def print_bar(row: BarRow, console: Console) -> None:
    """The chaffs of one lesson that training does not notice, and what catches each."""
    console.print(
        Text(f"{one_line(row.lesson)}: {len(row.reach)} of {count(row.chaffs, 'chaff')} reach the training bar")
    )
    table = _table(first="reaches the bar")
    table.add_column("the property that catches it", no_wrap=True)
    for name, caught_by in row.reach:
        table.add_row(Text(one_line(name)), Text(one_line(caught_by)) if caught_by else Text("none", "red"))
    if row.reach:
        console.print(table)


def print_probes(rows: Sequence[ProbeRow], console: Console) -> None:
    """The climbs of the probe ladder: where each program has to fail, and where it fails."""
    table = _table(first="")
    table.add_column("has to fail at", no_wrap=True)
    table.add_column("fails at")
    table.add_column("CPU s,\nlongest", justify="right", no_wrap=True)
    for row in rows:
        wanted = "no rung" if row.rung is None else row.rung or "(shown by none)"
        blamed = ", ".join(f"{name} {number}" for name, number in sorted(row.blamed.items(), key=lambda item: -item[1]))
        style = "" if row.good else "bold"
        mark = "✓" if row.good else "✗"
        table.add_row(Text(f"{mark} {one_line(row.name)}", style), wanted, blamed, f"{row.seconds:.1f}")
    console.print(table)


def print_calibrate(rows: Sequence[CalibrateRow], console: Console) -> None:
    """The errors that occurred, then a table of all series."""
    for row in rows:
        for message in row.messages:
            console.print(Text(f"{one_line(row.series)}, {visible(message)}"), soft_wrap=True)
    heads = ("passed", "steps, median\nand worst", "CPU s, median\nand worst", "mean return, lowest\nand median")
    table = _table(*heads, first="")
    for row in rows:
        table.add_row(
            Text(one_line(row.series)),
            f"{row.passed}/{row.runs}",
            "{:,.0f} / {:,.0f}".format(*row.steps),
            "{:.2f} / {:.2f}".format(*row.seconds),
            "{:.1f} / {:.1f}".format(*row.means) if row.means else "-",
        )
    # In a log file a table is not cut off.
    console.print(table, crop=False, width=max(120, console.width) if not console.is_terminal else None)


def print_examples(rows: Sequence[ExamplesRow], console: Console) -> None:
    """The number of misconceptions that the examples catch, per lesson and in all."""
    table = _table("chaffs\ncaught")
    for row in rows:
        table.add_row(Text(one_line(row.lesson)), f"{row.caught}/{row.chaffs}")
    if len(rows) > 1:
        table.add_row(Text("all", "bold"), f"{sum(row.caught for row in rows)}/{sum(row.chaffs for row in rows)}")
    console.print(table)


def print_salts(rows: Sequence[SaltsRow], console: Console) -> None:
    """Print how much luck with the salt decides, per lesson; then the programs with which it does."""
    table = _table("right\npass", "wrong\ncaught", "same\nverdicts", "mean\nspread", "largest\nspread")
    for row in rows:
        (right, wrong), (passed, caught) = row.programs, row.always
        table.add_row(
            Text(one_line(row.lesson)),
            Text(f"{passed}/{right}", "red" if passed < right else ""),
            Text(f"{caught}/{wrong}", "red" if caught < wrong else ""),
            f"{row.steady}/{wrong}",
            *(f"{share:.1%}" for share in row.spread),
        )
    console.print(table)
    for row in rows:
        for each in row.unsteady:
            names = ", ".join(f"{name} with {times} of {each.salts}" for name, times in each.sometimes)
            gets = f"{each.least:.0%} to {each.most:.0%} of the points"
            words = f"{each.title} gets {gets}; fails sometimes: {names or 'nothing'}"
            put(console, Text.assemble((one_line(row.lesson), "bold"), ": ", visible(words)), 2)


def _table(*heads: str, first: str = "lesson") -> Table:
    """A table whose first column names things; the others, if they are given here, are numbers."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(first, no_wrap=True, overflow="ellipsis")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _change(console: Console, what: str, old: str, new: str) -> None:
    console.print(Text(f"{what}\n  - {visible(old)}\n  + {visible(new)}"), soft_wrap=True)
