"""Reports as web pages: one for a student, one for a class.

The pages are single files without scripts or fetches: they can be mailed, printed, or opened from a folder. Everything
in a report may have been written by hostile code. So every string is escaped by the template engine, after terminal
sequences and invisible characters were made visible; no attribute and no URL is built from a report's text, but for
a student's folder, which is percent-encoded; and a content security policy lets the browser load nothing and
style the page by this one stylesheet only.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from grader import printable
from grader.course import GradeGroup
from grader.render import counting, curve, film, ladder, marks, overview, words
from grader.render.stylesheet import policy, stylesheet
from grader.report import sorting as order
from grader.report import tally
from grader.report.due import Counted
from grader.report.folders import folder_name
from grader.report.grade import grade
from grader.report.moves import REASONS, Move
from grader.report.report import PropertyResult, Report, TrainingResult, Verdict
from grader.report.settled import mark_of
from grader.report.trend import Entry

_HERE = Path(__file__).parent
_MOST_CODE = 20_000
_LONG = 1200

MARKS = words.MARKS
WORDS: dict[Verdict, str] = {"pass": "Passes", "fail": "Fails", "skip": "Skipped", "error": "Grader error"}
STATUS_WORDS: dict[order.Standing, str] = {
    "graded": "Graded",
    "excused": "Excused",
    "open": "Not due yet",
    "not started": "Not started yet",
    "missing": "Not handed in",
    "unreadable": "Could not be read",
    "error": "Grader error",
}
_STATUS_SHORT = STATUS_WORDS | {"not started": "Not started", "unreadable": "Unreadable"}


def code(source: str) -> Markup:
    """Python as highlighted HTML. The colours are classes of the stylesheet, which knows both colour schemes."""
    shown = printable.visible(source)
    if len(shown) > _MOST_CODE:
        left = printable.count(len(shown) - _MOST_CODE, "more character is", "more characters are")
        shown = f"{shown[:_MOST_CODE]}\n# … {left} not shown"
    # Pygments escapes what it marks up, so this is the one place where HTML does not come from the template.
    return Markup(highlight(shown, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)))


def prose(sentence: str) -> Markup:
    """A sentence in which words between backticks are set as code."""
    parts = re.split(r"`([^`\n]+)`", printable.clip(printable.visible(sentence), _LONG))
    marked = (Markup("<code>{}</code>").format(part) if i % 2 else escape(part) for i, part in enumerate(parts))
    return Markup("").join(marked)


def bar(value: float, possible: float) -> Markup:
    """A thin bar, ``value`` of ``possible``; hidden from screen readers, as the number is beside it."""
    part = min(max(value / possible, 0.0), 1.0) if possible > 0 else 0.0
    return Markup(
        '<svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="all" width="100" height="4" fill="currentColor" fill-opacity="0.15"/>'
        '<rect class="part" width="{}" height="4" fill="currentColor"/></svg>'
    ).format(printable.number(100 * part))


def verdict(value: Verdict) -> Markup:
    """A verdict as mark and word, never as a colour alone."""
    return Markup('<span class="verdict {0}"><span aria-hidden="true">{1}</span> {2}</span>').format(
        value, MARKS[value], WORDS[value]
    )


def folder_link(student: str) -> str:
    """The relative address of a student's page. Percent-encoding leaves no character that could make it another URL.

    Args:
        student: the name in the report.
    """
    # Reports of other versions may hold a name that is no text; it is encoded as the bytes that its folder has.
    return f"{quote(folder_name(student), safe='', errors='surrogateescape')}/index.html"


def _show(value: object) -> object:
    """Make a value printable and clip it: every template expression passes through here before it is escaped."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable.clip(printable.visible(value))
    return value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_show,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=printable.number, code=code, prose=prose, one_line=printable.one_line, verdict=verdict
    )
    css = stylesheet("page", _HERE / "report.css", _HERE / "film.css")
    environment.globals.update(
        decided=words.decided,
        css=css,
        policy=policy(css),
        bar=bar,
        amount=printable.amount,
        count=printable.count,
        clip=printable.clip,
        diagnosis=words.diagnosis,
        fault=order.fault,
        mark_of=mark_of,
        mark_in_words=marks.sentence,
        difference=marks.short,
        uncounted=order.UNCOUNTED,
        folder_link=folder_link,
        got=words.got,
        is_full=order.is_full,
        belief=words.belief,
        script=words.script,
        lesson_number=order.lesson_number,
        origin=words.origin,
        exercises=order.exercises,
        standing=order.standing,
        status_short=_STATUS_SHORT,
        status_words=STATUS_WORDS,
        pictures=_pictures,
        reel=_reel,
        ladder=ladder.summary,
        long=_LONG,
    )
    return environment


def _pictures(training: TrainingResult, prefix: str) -> list[Markup]:
    return [Markup(svg) for svg in curve.pictures(training, prefix=prefix)]


def _reel(training: TrainingResult, prefix: str) -> film.Reel | None:
    found = film.reel(training, prefix=prefix)
    if found is None:
        return None
    films = tuple(dataclasses.replace(each, svg=Markup(each.svg)) for each in found.films)
    return dataclasses.replace(found, films=films)


def _start_here(reports: Sequence[Report]) -> tuple[Report, PropertyResult | None] | None:
    """The first thing to fix: the first failing property, or the first training check where all properties pass."""
    for report in reports:
        if found := order.first_failure(report):
            return report, found
        if report.training is not None and report.training.verdict == "fail":
            return report, None
    return None


def student_page(
    reports: Sequence[Report],
    counted: Counted | None = None,
    *,
    films: bool = True,
    groups: Sequence[GradeGroup] = (),
) -> str:
    """One student's work on all lessons.

    Args:
        reports: at least one report, all of one student, in any order.
        counted: which lessons count; all where it is None. One that does not is shown only where there is work on it.
        films: show the films that the reports have.
        groups: what the grade of the term is made of; without any there is none.

    Returns:
        A whole HTML document, to be written as UTF-8.
    """
    counts = counted.of(reports) if counted else reports
    left_out = {each.lesson: each for each in counted.left_out} if counted else {}
    lessons = [
        report
        for report in order.sort_lessons(reports)
        if report.lesson not in left_out or report.status not in ("missing", "not started")
    ]
    start = _start_here(lessons)
    return _render(
        "student.html.j2",
        student=reports[0].student,
        reports=lessons,
        score=sum(report.score for report in counts),
        max_score=sum(report.max_score for report in counts),
        grade=marks.of_term(grade(groups, counts)) if groups else "",
        counted=counting.numbers(counted.lessons) or "none" if counted and counted.left_out else "",
        not_counted={name: counting.why_not(each) for name, each in left_out.items()},
        start_report=start[0] if start else None,
        start=start[1] if start else None,
        levels=_levels(reports),
        films=films,
    )


def training_page(report: Report, trained: TrainingResult, *, of: str, made: str, films: bool = True) -> str:
    """The page that a learner's training check leaves: curves, films, and what came of it.

    Args:
        report: the report.
        trained: its training check.
        of: what was trained, as a reader knows it.
        made: when, for a reader.
        films: show the films.

    Returns:
        A whole HTML document, to be written as UTF-8.
    """
    return _render("training.html.j2", report=report, training=trained, of=of, made=made, films=films)


def cell_feedback(report: Report, exercise: str, *, first: bool = False) -> str:
    """A report on one exercise, or on the training check, as a fragment of HTML for a notebook cell.

    Args:
        report: the report.
        exercise: which exercise.
        first: whether it is the first such piece of its page: then it brings the stylesheet along, and says what
            concerns the submission as a whole.
    """
    trained = report.training if report.training is not None and report.training.exercise == exercise else None
    results = [result for result in report.properties if result.exercise == exercise]
    css = stylesheet("cell", _HERE / "cell.css")
    return _render(
        "cell.html.j2", report=report, exercise=exercise, results=results, training=trained, first=first, cell_css=css
    )


def notebook_box(**context: Any) -> str:
    """The outcome of a check as a fragment for a notebook: no scripts, and a style that touches nothing else.

    Args:
        context: what ``notebook.html.j2`` names.
    """
    css = stylesheet("notebook", _HERE / "notebook.css", _HERE / "film.css")
    return _render("notebook.html.j2", **{**context, "css": css, "marks": MARKS, "words": WORDS})


def class_page(
    reports: Sequence[Report],
    *,
    title: str,
    counted: Counted | None = None,
    without_time: str = "",
    due: Mapping[str, datetime] | None = None,
    examples: overview.Examples | None = None,
    groups: Sequence[GradeGroup] = (),
    history: Sequence[Entry] = (),
) -> str:
    """A whole class: lessons, what fails, who has which mistake, and marks with a link to ``<student>/index.html``.

    Args:
        reports: any number of reports, in any order.
        title: the page's heading, such as the course's title.
        counted: which lessons count, and are shown; all where it is None.
        without_time: says of how many submissions nobody knows when they were handed in.
        due: the deadlines of lessons that have one.
        examples: for groups of failures without a name: what one of the group was asked, and answered.
        groups: what the grade of the term is made of; without any there is none.
        history: how marks have moved from run to run, the first move first.

    Returns:
        A whole HTML document, to be written as UTF-8.
    """
    every = order.by_student(reports)
    levels, errors = _levels(reports), [r for own in every.values() for r in own if r.has_error]
    reports = counted.of(reports) if counted else reports
    # Students without a report that counts have a page all the same.
    students = {student: counted.of(own) if counted else own for student, own in every.items()}
    rows: list[dict[str, Any]] = [
        {
            "student": student,
            "cells": {report.lesson: report for report in lessons},
            "score": sum(report.score for report in lessons),
            "max_score": sum(report.max_score for report in lessons),
            "grade": marks.percent(grade(groups, lessons)) if groups else "",
            "status": order.overall([report for report in lessons if order.standing(report) not in order.UNCOUNTED]),
        }
        for student, lessons in students.items()
    ]
    return _render(
        "class.html.j2",
        title=title,
        rows=rows,
        groups=groups,
        lessons=tally.lessons(reports),
        errors=errors,
        held=[report for own in every.values() for report in own if report.held],
        levels=levels,
        total=len(reports),
        counted=counting.sentence(counted) if counted else "",
        adjusted=marks.adjusted(report for own in students.values() for report in own),
        without_time=without_time,
        due={lesson: counting.moment(time) for lesson, time in (due or {}).items()},
        **overview.overview([report for own in students.values() for report in own], examples or {}, history),
    )


def moves_page(moved: Sequence[Move], *, title: str, before: str, summary: str) -> str:
    """The marks that moved since another run, by which verdicts, and why.

    Args:
        moved: the marks that moved.
        title: the page's heading, such as the course's title.
        before: where the reports of before lie.
        summary: how many moved, in a sentence.

    Returns:
        A whole HTML document, to be written as UTF-8.
    """
    return _render("moves.html.j2", moved=moved, title=title, before=before, summary=summary, reasons=REASONS)


def dispute_page(
    report: Report,
    *,
    source: str,
    problem: str,
    changed: Sequence[str],
    commands: Sequence[str],
    history: Sequence[Any] = (),
    remark: str = "",
) -> str:
    """All that a doubt about one mark needs: the code as it was judged, with what, every verdict, how to do it again.

    Args:
        report: with its final mark; it says what it was made from.
        source: the code that was judged; "" if it is not there.
        problem: why it is not there.
        changed: what is not as it was when this was judged.
        commands: what repeats it; none where the reader is not to do that.
        history: how the mark has moved: ``date``, ``before``, ``after`` and ``why`` of each time.
        remark: what is to be said of the code as it is shown.

    Returns:
        A whole HTML document, to be written as UTF-8.
    """
    return _render(
        "dispute.html.j2",
        report=report,
        lines=source.split("\n"),
        problem=problem,
        changed=changed,
        commands=commands,
        history=history,
        remark=remark,
        level=words.isolation(report.isolation, report.device),
        WORDS=WORDS,
    )


def _levels(reports: Sequence[Report]) -> list[tuple[str, str]]:
    """The isolation levels that occurred, each once, and what they protect from."""
    ran = [report for report in reports if report.isolation]
    return sorted({(words.isolation(each.isolation, each.device), words.protects(each.isolation)) for each in ran})


def _render(template: str, **context: Any) -> str:
    page = _environment().get_template(template).render(**context)
    # What `_show` never sees, such as a lone surrogate in a link, must not keep the page from being stored.
    return page.encode("utf-8", "backslashreplace").decode("utf-8")
