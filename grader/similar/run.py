"""``grader similar``: read a class, compare every lesson, write the pages."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from grader.course import Course, Lesson
from grader.errors import ClassError
from grader.printable import count, one_line
from grader.similar.compare import THRESHOLD, Comparison, compare, right_answers, similarities, stub_of
from grader.submissions.apart import refuse_overlap
from grader.submissions.find import read_work
from grader.submissions.normal import Normal, normal
from grader.submissions.reader import Reader
from grader.submissions.students import find_students, strays

_MOST_ROWS = 50
_MOST_NAMES = 4
_LONGEST = 200_000
"""Characters of a source that can be compared; answers have some thousands."""


def similar(
    course: Course,
    submissions: Path,
    out: Path,
    lessons: Sequence[Lesson],
    console: Console,
    threshold: float = THRESHOLD,
) -> list[Comparison]:
    """Compare a class and write ``out``; students who could not be compared are listed on the console.

    Raises:
        ClassError: ``out`` and ``submissions`` overlap, there is no class, nothing in it can be compared, or the extra
            is not installed.
    """
    refuse_overlap(submissions, out)
    students = find_students(submissions, ())
    for line in strays(submissions):
        print(f"grader: {line}", file=sys.stderr)
    if len(students) < 2:
        raise ClassError(f"{submissions} has one student in it; comparing takes two")
    normal("")  # raises where the extra is not installed, before anything is read
    given = {lesson.name: stub_of(course, lesson) for lesson in lessons}
    with Reader(preload=["copydetect"]) as reader:
        comparisons = _comparisons(course, submissions, students, lessons, given, reader, console, threshold)
    from grader.similar.pages import write_all

    write_all(out, comparisons, given, threshold)
    _print(comparisons, console, out, threshold)
    return comparisons


def _comparisons(
    course: Course,
    submissions: Path,
    students: Sequence[str],
    lessons: Sequence[Lesson],
    given: Mapping[str, str],
    reader: Reader,
    console: Console,
    threshold: float,
) -> list[Comparison]:
    """Every lesson compared, but for those that nobody has begun."""
    comparisons = []
    asked = len(lessons) < len(course.lessons)
    held_back: list[str] = []  # about lessons that nobody has handed in, unless they were asked for
    for lesson in lessons:
        sources, said = _sources(course, submissions, students, lesson)
        forms = _forms(sources, given[lesson.name], lesson, said, reader)
        if not sources and not asked:
            held_back += said
            continue
        _say(said, console)
        if not sources:
            continue
        with _bar(lesson) as tell:
            stub = given[lesson.name]
            apart = max(similarities(right_answers(course, lesson), stub), default=None)
            comparisons.append(
                compare(lesson, sources, stub, threshold=threshold, expected=apart, tell=tell, forms=forms)
            )
    if not comparisons:
        _say(held_back, console)
        raise ClassError(f"{submissions} holds nothing that can be compared: no lesson has been handed in and started")
    return comparisons


def _sources(
    course: Course, submissions: Path, students: Sequence[str], lesson: Lesson
) -> tuple[dict[str, str], list[str]]:
    """The sources handed in for a lesson and started, and lines about students whose work cannot be read."""
    sources: dict[str, str] = {}
    said: list[str] = []
    for student in students:
        submission = read_work(course, lesson, submissions / student)
        if submission.status == "missing" and not submission.passed_over:
            continue
        if submission.problem and not submission.source:
            said.append(f"{one_line(student)}, lesson {lesson.number} is left out: {one_line(submission.problem)}")
        elif not submission.is_stub:
            # Pygments drops newlines at the beginning, and all places in the text would be off by as many.
            sources[student] = submission.source.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    return sources, said


def _forms(sources: dict[str, str], given: str, lesson: Lesson, said: list[str], reader: Reader) -> dict[str, Normal]:
    """The normal form of every source; a source that has none is taken out of ``sources``, with a line."""
    short = [source for source in sources.values() if len(source) <= _LONGEST]
    made = reader.normals(short, given)
    for student, source in [*sources.items()]:
        form = made.get(source, f"it is longer than {_LONGEST:,} characters")
        if isinstance(form, str):
            said.append(f"{one_line(student)}, lesson {lesson.number} is left out: {one_line(form)}")
            del sources[student]
    return {source: form for source, form in made.items() if isinstance(form, Normal)}


def _say(lines: Sequence[str], console: Console) -> None:
    for line in lines:
        console.print(Text(line), soft_wrap=True)


@contextlib.contextmanager
def _bar(lesson: Lesson) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal; nothing elsewhere, because a lesson takes seconds."""
    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"lesson {lesson.number}", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _print(comparisons: Sequence[Comparison], console: Console, out: Path, threshold: float) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("lesson", "alike", "same\nlines"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("pair", overflow="fold")
    table.add_column("page", no_wrap=True)
    from grader.similar.pages import KINDS, MOST_PAGES, base_line, group_name, page_name, percent

    grouped = [(c, i, group) for c in comparisons for i, group in enumerate(c.groups)]
    for comparison, i, group in grouped[:_MOST_ROWS]:
        names = ", ".join(one_line(name, 40) for name in group.students[:_MOST_NAMES])
        more = len(group.students) - _MOST_NAMES
        told = (
            f"lesson {comparison.lesson.number}: {count(len(group.students), 'student')} {KINDS[group.kind]}: {names}"
        )
        told += f" and {count(more, 'other')}" if more > 0 else ""
        page = f"  {group.lesson}/{group_name(i)}" if i < MOST_PAGES else ""
        console.print(Text(f"{told}{page}"), soft_wrap=True)
    if len(grouped) > _MOST_ROWS:
        console.print(Text(f"… and {count(len(grouped) - _MOST_ROWS, 'more group')}, in pairs.csv"))
    if grouped:
        console.print()
    found = [(c, i, pair) for c in comparisons for i, pair in enumerate(c.pairs)]
    for comparison, i, pair in found[:_MOST_ROWS]:
        names = "  ".join(
            one_line(side.student, 40) + (f" (+{len(side.others)})" if side.others else "")
            for side in (pair.left, pair.right)
        )
        page = f"{pair.lesson}/{page_name(i)}" if i < MOST_PAGES else ""
        numbers = (str(comparison.lesson.number), percent(pair.similarity), percent(pair.same_lines))
        table.add_row(*numbers, Text(names), Text(page))
    if found:
        console.print(table)
        if len(found) > _MOST_ROWS:
            console.print(Text(f"… and {count(len(found) - _MOST_ROWS, 'more pair')}, in pairs.csv"))
        console.print()
    for comparison in comparisons:
        told = f"lesson {comparison.lesson.number}: {count(len(comparison.compared), 'submission')} compared"
        told += f", {count(len(comparison.groups), 'group')}" if comparison.groups else ""
        told += f", {count(len(comparison.pairs), 'pair')} at {percent(threshold)} or more"
        told += f", the highest {percent(comparison.highest)}" if len(comparison.compared) > 1 else ""
        told += f"; {len(comparison.too_short)} with too little of their own" if comparison.too_short else ""
        console.print(Text(told, "dim"), soft_wrap=True)
        if words := base_line(comparison):
            console.print(Text(f"  {words}", "dim"), soft_wrap=True)
    console.print(Text("\nAlike is a reason to read both sides and to talk with both, not a verdict.", "dim"))
    console.print(Text.assemble("Side by side: ", (one_line(str(out / "index.html"), 2000), "bold")), soft_wrap=True)
