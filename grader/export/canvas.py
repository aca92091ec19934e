"""Write marks into one column of the CSV that Canvas exported, and leave every other byte unchanged.

Read off Canvas's own exporter and importer (lib/gradebook_exporter.rb, lib/gradebook_importer.rb in canvas-lms). The
header is ``Student`` (or ``LastName``, ``FirstName``), ``ID``, perhaps SIS and integration ids and ``Root Account``,
``Section``, then custom columns, ``<title> (<id>)`` for every assignment, and totals that are read only. Below it come
perhaps a row that says ``Manual Posting``, a row ``    Points Possible``, and one row a student. ``EX`` is excused,
on the way in as well; ``N/A`` is not assigned. A heading that Canvas does not know becomes a new assignment, so none is
ever made up here. Where the account's language writes decimals with a comma, semicolons may separate the columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grader.errors import ClassError
from grader.export.exported import Exported
from grader.export.ids import Ids
from grader.export.marks import mark, said_of_adjusted
from grader.export.table import Cell, cells
from grader.printable import count, number, one_line
from grader.report.report import Report
from grader.report.settled import mark_of
from grader.report.sorting import lesson_number, standing

ID_COLUMNS = ("SIS Login ID", "SIS User ID", "ID", "Integration ID")
_HEADER = re.compile("\ufeff?" r'"?(?:Student|LastName)"?(?P<delimiter>[,;\t])')
_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d+)\)\s*", re.DOTALL)
_TOTAL = re.compile(r"\b(Current|Final|Override) (Score|Points|Grade|Status)\b")
_MOST_REPLACED = 50
_EXCUSED = "EX"
_UNTOUCHABLE = {"ex": "excused (EX)", "n/a": "not assigned (N/A)"}


@dataclass(frozen=True)
class Filled:
    """The filled table.

    Attributes:
        data: what to import.
        column: the heading of the column that was filled.
        by: the heading of the column by which students were found.
        filled: how many cells hold a mark now.
        replaced: a line about every cell that held another mark before: whose it is, and both marks.
        said: a line about everything that is not as one might expect.
    """

    data: bytes
    column: str
    by: str
    filled: int
    replaced: tuple[str, ...]
    said: tuple[str, ...]


@dataclass(frozen=True)
class _Gradebook:
    """The exported table, taken apart: its students' rows are below its header and its points."""

    text: str
    delimiter: str
    titles: list[str]
    points: list[Cell]
    students: list[list[Cell]]


@dataclass(frozen=True)
class _Mark:
    """A mark to write into a cell: whose row it is in, the current value, and the new one."""

    cell: Cell
    whose: str
    old: str
    new: str


def export(
    reports: Sequence[Report],
    *,
    template: bytes,
    column: str = "",
    by: str = "",
    ids: Ids | None = None,
    scale: bool = False,
) -> Exported:
    """Fill one column of the gradebook, and list which column, which ids and whose earlier marks were replaced.

    The arguments are those of ``fill``.
    """
    filled = fill(template, reports, column=column, by=by, ids=ids, scale=scale)
    told = f"{count(filled.filled, 'mark')} in {filled.column!r}, students found by {filled.by!r}"
    if not filled.replaced:
        return Exported(filled.data, (*filled.said, told))
    times, more = len(filled.replaced), len(filled.replaced) - _MOST_REPLACED
    told += f"; {times} of them {'replaces' if times == 1 else 'replace'} another mark:"
    listed = [f"  {line}" for line in filled.replaced[:_MOST_REPLACED]]
    return Exported(filled.data, (*filled.said, told, *listed, *([f"  … and {more} more"] if more > 0 else [])))


def fill(
    template: bytes,
    reports: Sequence[Report],
    *,
    column: str = "",
    by: str = "",
    ids: Ids | None = None,
    scale: bool = False,
) -> Filled:
    """Fill one column of an exported gradebook.

    Args:
        template: the CSV as Canvas exported it.
        reports: of one lesson.
        column: the heading of the column, with or without the id in brackets, or the id alone; where empty, the one
            whose title names the lesson.
        by: the heading of the column that holds the students' ids; where empty, the one in which most are found.
        ids: the students' ids, where they are not the names of the folders.
        scale: whether marks are scaled to the points that Canvas has for the assignment.

    Raises:
        ClassError: it is no such CSV, or the column or the ids cannot be told.
    """
    ids = ids or Ids()
    book = _gradebook(template)
    at = _column(book.titles, book.points, reports[0], column)
    wanted = {identity: report for report in reports if (identity := ids.of(report.student)) is not None}
    who = _id_column(book.titles, book.students, wanted, by)
    factor, said_of_points = _factor(book.points, at, reports, scale)
    marks, said_of_rows = _marks(book, at, who, wanted, factor)

    text, changed = book.text, [each for each in marks if not _same(each.old, each.new)]
    for each in reversed(changed):  # so that the cells still to be changed stay where they are
        text = text[: each.cell.start] + each.cell.quoted(each.new, book.delimiter) + text[each.cell.end :]
    return Filled(
        data=text.encode("utf-8", "surrogateescape"),
        column=book.titles[at],
        by=book.titles[who],
        filled=len(marks),
        replaced=tuple(
            f"{each.whose}: {one_line(each.old, 40)} → {each.new}" for each in changed if each.old not in ("", "-")
        ),
        said=(
            *ids.unknown(report.student for report in reports),
            *said_of_points,
            *said_of_adjusted(reports),
            *said_of_rows,
        ),
    )


def _gradebook(template: bytes) -> _Gradebook:
    # Bytes that are not UTF-8, as an old Excel leaves them, come out as they went in.
    text = template.decode("utf-8", "surrogateescape")
    header = _HEADER.match(text)
    if header is None:
        raise ClassError("the template does not begin like a gradebook that Canvas exported: Student,ID,…,Section,…")
    rows = cells(text, header["delimiter"])
    titles = [cell.value.strip("\ufeff") for cell in rows[0]]
    points = next((row for row in rows[1:4] if "Points Possible" in row[0].value), None)
    if points is None or "Section" not in titles:
        raise ClassError("the template has no column Section or no row Points Possible; export the gradebook again")
    return _Gradebook(text, header["delimiter"], titles, points, rows[rows.index(points) + 1 :])


def _marks(
    book: _Gradebook, at: int, who: int, wanted: dict[str, Report], factor: float
) -> tuple[list[_Mark], list[str]]:
    """The marks to write into the column, and a line about each student on either side who gets none."""
    marks: list[_Mark] = []
    said: list[str] = []
    comma = book.delimiter == ";" or re.fullmatch(r"\d+,\d+", book.points[at].value.strip()) is not None
    # A row may end early: an empty line, or one that somebody cut short.
    seen = Counter(row[who].value.strip() for row in book.students if who < len(row))
    for row in (row for row in book.students if max(at, who) < len(row)):
        identity, old = row[who].value.strip(), row[at].value.strip()
        whose = _named(row[0].value, identity)
        report = wanted.get(identity)
        if report is None:
            said.append(f"{whose}: in Canvas, but not graded")
        elif standing(report) in ("error", "open"):
            continue
        elif seen[identity] > 1:
            raise ClassError(
                f"the template has {identity!r} twice in the column {book.titles[who]}; choose another with --by"
            )
        elif old.casefold() in _UNTOUCHABLE:
            said.append(f"{one_line(report.student)}: {_UNTOUCHABLE[old.casefold()]} in Canvas, left as it is")
        else:
            value = mark(report)
            new = _EXCUSED if value is None else number(value * factor)
            marks.append(_Mark(row[at], whose, old, new.replace(".", ",") if comma else new))
    said += [f"{_named(wanted[i].student, i)}: graded, but not in Canvas" for i in wanted if i not in seen]
    return marks, said


def _column(titles: Sequence[str], points: Sequence[Cell], report: Report, wanted: str) -> int:
    """Find the column to fill, and return its position."""
    candidates = {
        i: match
        for i, title in enumerate(titles)
        if titles.index("Section") < i < len(points)
        # A total may end in the name of a grading period in brackets, such as (2026), and look like an assignment.
        and "read only" not in points[i].value
        and not _TOTAL.search(title)
        and (match := _ASSIGNMENT.fullmatch(title))
    }
    if wanted:
        name = wanted.strip()
        found = [i for i in candidates if titles[i].strip() == name]
        found = found or [i for i, match in candidates.items() if name in (match["id"], match["title"])]
    else:
        name = report.lesson
        number_of = re.compile(rf"\blesson\W*0*{lesson_number(report.lesson)}\b", re.IGNORECASE)

        def names(title: str) -> bool:
            return (
                report.title.casefold() in title.casefold()
                or report.lesson in title
                or number_of.search(title) is not None
            )

        found = [i for i, match in candidates.items() if names(match["title"])]
    if len(found) != 1:
        listed = "; ".join(titles[i] for i in candidates) or "no assignment at all"
        which = "more than one column" if found else "no column"
        raise ClassError(f"{which} of the template is for {name!r}; choose with --column one of: {listed}")
    return found[0]


def _id_column(titles: Sequence[str], students: Sequence[Sequence[Cell]], wanted: dict[str, Report], by: str) -> int:
    """Find the column with the students' ids, and return its position."""
    known = [title for title in titles[: titles.index("Section")] if title not in ("Student", "LastName", "FirstName")]
    if by:
        if by not in known:
            raise ClassError(f"the template has no column {by!r} with ids; choose with --by one of: {', '.join(known)}")
        return titles.index(by)
    held = {
        title: {row[titles.index(title)].value.strip() for row in students if titles.index(title) < len(row)}
        for title in ID_COLUMNS
        if title in known
    }
    best = max(held, key=lambda title: len(held[title] & wanted.keys()), default="")
    if not best or not held[best] & wanted.keys():
        raise ClassError(
            f"none of the graded students is found in the columns {', '.join(held)}; give their ids with --ids FILE.csv"
        )
    return titles.index(best)


def _factor(points: Sequence[Cell], at: int, reports: Sequence[Report], scale: bool) -> tuple[float, list[str]]:
    """The factor for all marks, and a message if it is 1 although the points differ."""
    written = points[at].value.strip()
    try:
        possible = float(written.replace(",", "."))
    except ValueError:
        possible = 0.0
    ours = max(mark_of(report).max for report in reports)
    if scale:
        if possible <= 0 or ours <= 0:
            raise ClassError(f"Canvas has {_points(written)} for this column, so marks cannot be scaled")
        return possible / ours, []
    if abs(possible - ours) > 1e-9:
        return 1.0, [f"Canvas has {_points(written)} possible, the lesson {number(ours)}; not scaled (--scale does)"]
    return 1.0, []


def _points(written: str) -> str:
    """The points possible, as Canvas writes the number."""
    return f"{written or 'no'} {'point' if written in ('1', '1.0', '1,0') else 'points'}"


def _named(name: str, identity: str) -> str:
    return one_line(name) if name == identity else f"{one_line(name)} ({one_line(identity)})"


def _same(old: str, new: str) -> bool:
    """Whether a cell holds this number already, perhaps written differently (``7,50`` for ``7,5``)."""
    try:
        return abs(float(old.replace(",", ".")) - float(new.replace(",", "."))) < 1e-9
    except ValueError:
        return False
