"""Marking without names: grader export anonymous."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

from grader.commands.options import Films, interruptible, say, the_course


def anonymous(
    report: Annotated[
        Path, typer.Argument(metavar="REPORT", help="The folder that `grader grade … --out REPORT` wrote.")
    ],
    out: Annotated[Path, typer.Option(help="The folder to write: a new one, or one that an earlier run has written.")],
    submissions: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The folder of submissions that was graded: adds a page on each, with the code as it was judged.",
        ),
    ] = None,
    ids: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV with two columns, folder and id: these ids are looked for and replaced in texts as well.",
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The list of who is who, readable by you alone. Default: .grader-names.csv, beside the salt.",
            show_default=False,
        ),
    ] = None,
    films: Films = True,
) -> None:
    """Write the pages and tables of a class under code names, for whoever reviews work and is not to see whose it is.

    The folder has no real name in it, and no mark is taken from it: in marks.yml a student may be called by the code
    name, and every other export has the real ones.
    """
    from grader.course import code_names
    from grader.errors import ClassError
    from grader.export.ids import read
    from grader.files import write
    from grader.grading.anonymous import write_all
    from grader.printable import count, one_line
    from grader.submissions.apart import overlap, refuse_overlap

    course = the_course().of_class()
    refuse_overlap(report, out)
    if submissions is not None:
        refuse_overlap(submissions, out)
    path = key or code_names.file(course)
    if overlap(out, path):
        raise ClassError(f"--key {path} lies in {out}, which others are to see; keep it elsewhere")
    known = read(ids)
    with interruptible("; the same command writes the rest"):
        codes = write_all(course, report, out, submissions=submissions, ids=known.known, films=films)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("code", "student"), *sorted((c, s) for s, c in codes.items())])
    try:
        write(path, text.getvalue().encode("utf-8", "backslashreplace"), private=True)
    except OSError as error:
        raise ClassError(f"{path} cannot be written: {error.strerror}") from None
    say(known.unknown(codes) if known.given else [])
    print(f"{count(len(codes), 'student')} under code names in {one_line(str(out), 2000)}")
    print(f"Who is who, for you alone: {one_line(str(path), 2000)}")
