"""The page that a training check leaves in the course's folder: ``train/lesson6.html``."""

from __future__ import annotations

import time

from grader.course import Course, Lesson
from grader.files import write
from grader.report.report import Report

FOLDER = "train"


def leave(course: Course, lesson: Lesson, of: str, report: Report, *, films: bool = True) -> str:
    """Write the page, in the place of the one before; the line to print about it.

    "" if nothing was trained, or nothing is written that could be: then the page of the last time stays. Whatever keeps
    the page from being written is no reason to fail a check that has taken minutes, so it is said in the line.

    Args:
        course: the course.
        lesson: the lesson.
        of: what was trained, as a reader knows it.
        report: what came of it.
        films: show the films.
    """
    trained = report.training
    if trained is None or not trained.every_run or not trained.is_written:
        return ""
    try:
        from grader.render import html
    except ModuleNotFoundError as error:
        return f"There is no page with curves and films: it needs {error.name} (pip install {error.name})."
    path = course.root / FOLDER / f"lesson{lesson.number}.html"
    made = time.strftime("%d %B %Y, %H:%M").lstrip("0")
    text = html.training_page(report, trained, of=of, made=made, films=films)
    shown = course.shown(path)
    try:
        write(path, text.encode())
    except OSError as error:
        return f"The page with curves and films cannot be written: {shown}: {error.strerror}."
    if not trained.seeds:
        return f"The same as a page: {shown}"
    has_films = films and any(run.films for run in trained.seeds)
    return f"Curves{' and films of your agent' if has_films else ''}: {shown}  (open it in a browser)"
