"""Send feedback back: grader export feedback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from grader.commands.options import Films, say, the_course


def feedback(
    report: Annotated[
        Path, typer.Argument(metavar="REPORT", help="The folder that `grader grade … --out REPORT` wrote.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The zip to write.")],
    lesson: Annotated[str, typer.Option(help="Only what is about this lesson. Default: whole pages.")] = "",
    ids: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV with two columns, folder and id: files are called after the ids."),
    ] = None,
    moodle: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The zip of submissions that Moodle gave for this assignment; the feedback then is one for Moodle to "
            "take (Upload multiple feedback files in a zip).",
        ),
    ] = None,
    films: Films = True,
) -> None:
    """Write a zip with every student's page as a file of its own, to send, or for Moodle to hand out.

    The pages are made anew, of reports that this course's grader has sealed, with final marks.
    """
    from grader.collect.safe_names import free, safe_folder
    from grader.errors import ClassError
    from grader.export import feedback as exporter
    from grader.export.ids import read
    from grader.export.marks import students_of
    from grader.ledger.stored import stored
    from grader.printable import count, one_line
    from grader.render import html
    from grader.report import due
    from grader.report.report import Report
    from grader.report.settled import settle
    from grader.submissions.apart import refuse_overlap

    if ids is not None and moodle is not None:
        raise ClassError("--ids and --moodle both say what files are called; give one of them")
    refuse_overlap(report, out)
    course = the_course().of_class()
    name = course.lesson(lesson).name if lesson else ""
    known, cases, counted = read(ids), stored(course, report).by_place, due.stored(report)
    in_moodle = exporter.in_moodle(exporter.participants(moodle), safe_folder) if moodle else {}
    said: list[str] = []
    taken: set[str] = set()

    def file_of(student: str) -> str:
        if moodle:
            if not in_moodle.get(student):
                why = "several students there are called so" if student in in_moodle else "nobody there is called so"
                said.append(f"{one_line(student)}: left out, as {why}")
            return in_moodle.get(student, "")
        if (identity := known.of(student)) is None:
            return ""
        file = free(f"{safe_folder(identity)}.html", lambda candidate: candidate.casefold() in taken)
        taken.add(file.casefold())
        return file

    def pages() -> Iterator[tuple[str, str]]:
        for own in students_of(course, report):
            about: list[Report] = [each for each in settle(own, cases) if not name or each.lesson == name]
            students.append(own[0].student)
            if about and (file := file_of(own[0].student)):
                whole = () if name else course.grade
                yield file, html.student_page(about, None if name else counted, films=films, groups=whole)

    students: list[str] = []
    try:
        written = exporter.write(out, pages())
    except OSError as error:
        raise ClassError(f"{out} cannot be written: {error.strerror}") from None
    say([*said, *known.unknown(students)])
    print(f"{count(written, 'page')} in {one_line(str(out), 2000)}")
