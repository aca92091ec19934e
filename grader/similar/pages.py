"""Pairs as web pages in the look of the reports: an index, and one page a pair with the two sources side by side.

As in ``grader.render.html`` everything shown was written by others: it is escaped by the template engine after controls
were made visible, no address is made of it, and the browser may load nothing and style the page by one stylesheet only.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.export.csv import cell
from grader.render import text
from grader.similar.compare import Comparison, K, Pair, Side, left_out
from grader.writing import write

_HERE = Path(__file__).parent
_RENDER = _HERE.parent / "render"
_FOLD = 4

MOST_PAGES = 200
"""Pairs of one lesson that get a page; the table lists all."""

Piece = tuple[str, bool]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([_HERE, _RENDER]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: text.visible(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = "".join((folder / name).read_text("utf-8") for folder, name in ((_RENDER, "report.css"), (_HERE, "pair.css")))
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    environment.filters.update(one_line=text.one_line, percent=percent)
    environment.globals.update(
        css=Markup(css), policy=Markup(f"default-src 'none'; style-src 'sha256-{digest}'"), count=text.count
    )
    return environment


def percent(share: float) -> str:
    """0.734 as ``73 %``; what is not everything is never ``100 %``."""
    return f"{int(share * 100 + 1e-9)} %"


def write_all(out: Path, comparisons: Sequence[Comparison], given: dict[str, str], threshold: float) -> None:
    """Write ``pairs.csv``, ``index.html`` and ``<lesson>/pair-001.html``; pages of an earlier run go away.

    Args:
        out: the folder.
        comparisons: one a lesson.
        given: the stubs by lesson, whose lines are shown in grey.
        threshold: from which similarity on pairs are listed.
    """
    for comparison in comparisons:
        folder = out / comparison.lesson.name
        for page in folder.glob("pair-*.html"):
            page.unlink()
        for i, pair in enumerate(comparison.pairs[:MOST_PAGES]):
            number = len(comparison.pairs[:MOST_PAGES])
            write(folder / page_name(i), pair_page(comparison, pair, given[comparison.lesson.name], i, number).encode())
    write(out / "pairs.csv", pairs_csv(comparisons).encode())
    index = _environment().get_template("index.html.j2")
    shown = index.render(comparisons=comparisons, threshold=threshold, page_name=page_name, most=MOST_PAGES)
    write(out / "index.html", shown.encode("utf-8", "backslashreplace"))


def page_name(i: int) -> str:
    """The file of a lesson's pair: a number, because a student's folder may be called anything."""
    return f"pair-{i + 1:03d}.html"


def pair_page(comparison: Comparison, pair: Pair, given: str, i: int, number: int) -> str:
    """Two sources side by side, what they share marked, what both were given folded away."""
    sides = [(side, rows(side, left_out(side.source, given))) for side in (pair.left, pair.right)]
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
    """Runs of lines that do not count as one line that counts them."""
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
    """All listed pairs as a table, most alike first within a lesson."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("lesson", "student_a", "student_b", "similarity", "share_of_a", "share_of_b", "characters", "page"))
    for comparison in comparisons:
        for i, pair in enumerate(comparison.pairs):
            page = f"{pair.lesson}/{page_name(i)}" if i < MOST_PAGES else ""
            shares = (f"{share:.3f}" for share in (pair.similarity, pair.left.share, pair.right.share))
            table.writerow(
                (pair.lesson, cell(pair.left.student), cell(pair.right.student), *shares, pair.characters, page)
            )
    return out.getvalue()
