"""Groups and pairs as web pages in the look of the reports: an index, and one page each with the sources side by side.

As in ``grader.render.html`` everything shown was written by others: it is escaped by the template engine after controls
were made visible, no address is made of it, and the browser may load nothing and style the page by one stylesheet only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from grader import printable
from grader.export.csv import cell
from grader.files import write
from grader.render.stylesheet import policy, stylesheet
from grader.similar.compare import Comparison, Pair, Side
from grader.similar.groups import Group, Kind
from grader.similar.prints import K, fingerprint, fragments, overlap, without
from grader.submissions.normal import normal

_HERE = Path(__file__).parent
_RENDER = _HERE.parent / "render"
_FOLD = 4

MOST_PAGES = 200
"""Pairs of one lesson, and groups of it, that get a page; the tables list all."""

KINDS: dict[Kind, str] = {
    "identical": "have the same work, letter for letter",
    "renamed": "have the same work but for names, comments and layout",
    "almost": "have nearly the same work",
    "common": "share what much of the class has, and have nothing else",
}

Piece = tuple[str, bool]

_COLUMNS = (
    "lesson", "kind", "group", "student_a", "student_b",
    "similarity", "share_of_a", "share_of_b", "characters", "same_lines", "page",
)  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([_HERE, _RENDER]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: printable.visible(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = stylesheet("page", _RENDER / "report.css", _HERE / "pair.css")
    environment.filters.update(one_line=printable.one_line, percent=percent)
    environment.globals.update(css=css, policy=policy(css), count=printable.count)
    return environment


def percent(share: float) -> str:
    """0.734 as ``73 %``; only a complete match is ``100 %``."""
    return f"{int(share * 100 + 1e-9)} %"


def write_all(out: Path, comparisons: Sequence[Comparison], given: dict[str, str], threshold: float) -> None:
    """Write ``pairs.csv``, ``index.html``, ``<lesson>/group-001.html`` and ``<lesson>/pair-001.html``.

    Pages of an earlier run go away.

    Args:
        out: the folder.
        comparisons: one per lesson.
        given: the stubs by lesson, whose lines are shown in grey.
        threshold: from which similarity on pairs are listed.
    """
    for comparison in comparisons:
        folder = out / comparison.lesson.name
        for page in (*folder.glob("pair-*.html"), *folder.glob("group-*.html")):
            page.unlink()
        for i, group in enumerate(comparison.groups[:MOST_PAGES]):
            number = len(comparison.groups[:MOST_PAGES])
            write(folder / group_name(i), group_page(comparison, group, given[group.lesson], i, number).encode())
        for i, pair in enumerate(comparison.pairs[:MOST_PAGES]):
            number = len(comparison.pairs[:MOST_PAGES])
            write(folder / page_name(i), pair_page(comparison, pair, i, number).encode())
    write(out / "pairs.csv", pairs_csv(comparisons).encode())
    index = _environment().get_template("index.html.j2")
    shown = index.render(
        comparisons=comparisons,
        threshold=threshold,
        page_name=page_name,
        group_name=group_name,
        kinds=KINDS,
        base_line=base_line,
        most=MOST_PAGES,
    )
    write(out / "index.html", shown.encode("utf-8", "backslashreplace"))


def page_name(i: int) -> str:
    """The file of a lesson's pair: a number, because a student's folder may have any name."""
    return f"pair-{i + 1:03d}.html"


def group_name(i: int) -> str:
    """The file of a lesson's group."""
    return f"group-{i + 1:03d}.html"


def base_line(comparison: Comparison) -> str:
    """The values to judge a similarity against, in words; empty if none are known."""
    parts = []
    if comparison.expected is not None:
        parts.append(
            f"right answers to this lesson that were not copied are alike up to {percent(comparison.expected)}"
        )
    if comparison.usual is not None:
        middle, most = map(percent, comparison.usual)
        parts.append(f"of the pairs of this class half are at {middle} or less, 19 of 20 at {most} or less")
    return "; ".join(parts)


def group_page(comparison: Comparison, group: Group, given: str, i: int, number: int) -> str:
    """The students of a group and their work: one source if it is identical, else the first and the least similar."""
    handed_out = fingerprint(normal(given)).hashes
    sources = [group.first] if group.kind == "identical" else [group.first, group.last]
    prints = [without(fingerprint(comparison.forms[source]), handed_out) for source in sources]
    shares, _, slices = overlap(prints[0], prints[-1])
    labels = ["The work of all of them"] if len(sources) == 1 else [group.students[0], f"{group.least}, least like it"]
    sides = []
    for label, source, share, where in zip(labels, sources, shares, slices, strict=False):
        marked = fragments(where, source) if len(sources) > 1 else ()
        side = Side(label, source, share, marked)
        sides.append((side, rows(side, comparison.forms[source].left_out)))
    page = (
        _environment()
        .get_template("group.html.j2")
        .render(
            lesson=comparison.lesson, group=group, sides=sides, i=i, number=number, name=group_name, kinds=KINDS, k=K
        )
    )
    return page.encode("utf-8", "backslashreplace").decode()


def pair_page(comparison: Comparison, pair: Pair, i: int, number: int) -> str:
    """Two sources side by side, what they share marked, what both were given folded away."""
    sides = [(side, rows(side, comparison.forms[side.source].left_out)) for side in (pair.left, pair.right)]
    page = (
        _environment()
        .get_template("pair.html.j2")
        .render(lesson=comparison.lesson, pair=pair, sides=sides, i=i, number=number, page_name=page_name, k=K)
    )
    return page.encode("utf-8", "backslashreplace").decode()


def rows(side: Side, without: frozenset[int]) -> list[tuple[int, list[Piece], str]]:
    """The lines of a source: number, pieces (text, and whether it is marked), and what kind of line it is.

    The kind is ``given`` for a line that does not count, ``folded`` for one that stands for several of those, else
    ``own``.
    """
    lines: list[tuple[int, list[Piece], str]] = []
    begin = 0
    for number, line in enumerate(side.source.split("\n"), start=1):
        end = begin + len(line)
        if number - 1 in without:
            lines.append((number, [(line, False)], "given"))
        else:
            lines.append((number, _pieces(side, begin, end), "own"))
        begin = end + 1
    return _folded(lines)


def _pieces(side: Side, begin: int, end: int) -> list[Piece]:
    pieces: list[Piece] = []
    at = begin
    for first, last in side.fragments:
        if last <= begin or first >= end:
            continue
        first, last = max(first, begin), min(last, end)
        pieces += [(side.source[at:first], False), (side.source[first:last], True)]
        at = last
    pieces.append((side.source[at:end], False))
    # The indent of a passage's inner lines is not part of it.
    shown: list[Piece] = []
    for piece, mark in pieces:
        bare = piece.lstrip() if mark else piece
        shown += [(piece[: len(piece) - len(bare)], False), (bare, mark)]
    return [piece for piece in shown if piece[0]]


def _folded(lines: list[tuple[int, list[Piece], str]]) -> list[tuple[int, list[Piece], str]]:
    """Fold runs of lines that do not count into one line that gives their number."""
    shown: list[tuple[int, list[Piece], str]] = []
    run: list[tuple[int, list[Piece], str]] = []

    def end_run() -> None:
        if len(run) >= _FOLD:
            shown.append((run[0][0], [(f"{len(run)} lines that do not count", False)], "folded"))
        else:
            shown.extend(run)
        run.clear()

    for line in lines:
        if line[2] == "given":
            run.append(line)
        else:
            end_run()
            shown.append(line)
    end_run()
    return shown


def pairs_csv(comparisons: Sequence[Comparison]) -> str:
    """All groups and listed pairs as a table, most alike first within a lesson.

    ``kind`` is ``pair`` or a group's. A group has a row for each student but the first, who is ``student_a`` of all of
    them, under one number; its similarity is the lowest in it. In a pair each side may stand for a whole group.
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(_COLUMNS)
    for comparison in comparisons:
        for i, group in enumerate(comparison.groups):
            page = f"{group.lesson}/{group_name(i)}" if i < MOST_PAGES else ""
            first, *others = map(cell, group.students)
            for other in others:
                numbers = (f"{group.similarity:.3f}", "", "", group.characters, "")
                table.writerow((group.lesson, group.kind, i + 1, first, other, *numbers, page))
        for i, pair in enumerate(comparison.pairs):
            page = f"{pair.lesson}/{page_name(i)}" if i < MOST_PAGES else ""
            shares = (f"{share:.3f}" for share in (pair.similarity, pair.left.share, pair.right.share))
            names = (cell(pair.left.student), cell(pair.right.student))
            same = f"{pair.same_lines:.3f}"
            table.writerow((pair.lesson, "pair", "", *names, *shares, pair.characters, same, page))
    return out.getvalue()
