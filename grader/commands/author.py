"""What a course author types: verify, build."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from grader.commands.options import Jobs, interruptible, the_course


def verify(
    lesson: Annotated[list[str] | None, typer.Argument(help="Lessons. Default: all.")] = None,
    training: Annotated[bool, typer.Option(help="Also train with solutions and wheats.")] = True,
    jobs: Jobs = None,
) -> None:
    """Measure the tests: stubs fail, solutions and other right answers pass, misconceptions are caught and named."""
    from grader.commands.progress import Progress
    from grader.student.isolation import choose
    from grader.verify import verify as verifier
    from grader.verify.table import print_verify

    course = the_course()
    names = [course.lesson(name).name for name in lesson or ()] or [each.name for each in course.lessons]
    total = len(verifier.samples(course, names))
    with interruptible(""), Progress("samples", total) as progress:
        rows = verifier.verify(
            course,
            names,
            choose(),
            train=training,
            processes=jobs,
            hear=progress.hear,
            finished=lambda title, _: progress.finished(title),
        )
    print_verify(rows, Console())
    good = all(
        r.stub_fails and r.solution_full and r.wheats == r.wheats_full and r.chaffs == r.chaffs_caught for r in rows
    )
    raise typer.Exit(0 if good else 1)


def build(
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is stale.")] = False,
) -> None:
    """Make the stubs and notebooks of exercises/, and nbgrader's source notebooks, from the solutions and the texts."""
    from grader.lessons.notebooks import build_notebooks
    from grader.lessons.stubs import build as build_stubs

    course = the_course()
    build_notebooks(course, check=True)  # a mistake in a lesson stops everything before a file is written
    stale = build_stubs(course, check=check_only) + build_notebooks(course, check=check_only)
    for path in stale:
        print(f"{'stale' if check_only else 'written'}: {path.relative_to(course.root)}")
    if not stale:
        print("every stub and notebook is up to date")
    raise typer.Exit(1 if check_only and stale else 0)
