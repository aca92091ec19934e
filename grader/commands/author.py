"""Author commands: new, build, verify, draft-chaff, salts, corners, mutants, examples."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from grader.commands.jobs import run_jobs
from grader.commands.options import Jobs, Only, SomeLessons, interruptible, some_lessons, the_course
from grader.errors import CourseError

if TYPE_CHECKING:
    pass


def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The new lesson's name: lesson<number>_<name>, with the next number.")
    ],
    title: Annotated[str, typer.Option(help="Its title. Default: made from the name.")] = "",
) -> None:
    """Write the files of a new lesson to edit: one small exercise with its property, wheat, chaff, hints and text.

    Nothing is overwritten. `grader verify` says what the lesson still needs.
    """
    from grader.lessons import new as scaffold

    course = the_course()
    with interruptible("; nothing was written"):
        written = scaffold.new(course, name, title)
    for path in written:
        print(f"written: {path}")
    print(f"Next: grader verify {scaffold.number(name)} --no-training  (it says what is missing; see tests/README.md)")


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


def verify(
    lesson: SomeLessons = None,
    training: Annotated[bool, typer.Option(help="Also train with solutions and wheats.")] = True,
    jobs: Jobs = None,
) -> None:
    """Measure the tests: stubs fail, solutions and other right answers pass, misconceptions are caught and named.

    Exit status 1 says that the tests do not tell right from wrong. Below the table stands what a lesson still needs.
    """
    from grader.verify import verify as verifier
    from grader.verify.table import print_verify

    course = the_course()
    samples = verifier.samples(course, [each.name for each in some_lessons(course, lesson)])
    rows = verifier.rows(course, samples, run_jobs("samples", verifier.jobs(course, samples, training), jobs))
    print_verify(rows, Console())
    raise typer.Exit(0 if all(row.good for row in rows) else 1)


def corners(
    lesson: SomeLessons = None,
    write: Annotated[
        bool, typer.Option("--write", help="Fill in the names of the properties that visit a corner; keep all reasons.")
    ] = False,
    jobs: Jobs = None,
) -> None:
    """Measure which corners of legal input the properties visit: a single row, ties, read-only arrays, and so on.

    Each lesson's corners.yml names a property for every corner of every exercise, or gives a reason. Exit status 1 says
    that a cell is empty, or claims what is not so.
    """
    from grader.verify import corners as tool
    from grader.verify.table import print_corners

    course = the_course()
    lessons = some_lessons(course, lesson)
    for each in lessons:
        tool.read(course, each)  # a mistake in a file is said before anything is measured
    wanted = {each.name: functools.partial(tool.measure, course, each) for each in lessons}
    measured = run_jobs("lessons", wanted, jobs)
    if write:
        for each in lessons:
            tool.update(course, each, measured[each.name])
    rows = [tool.row(course, each, measured[each.name]) for each in lessons]
    print_corners(rows, Console())
    raise typer.Exit(1 if any(row.problems for row in rows) else 0)


def draft_chaff(
    group: Annotated[
        str, typer.Argument(metavar="GROUP", help="The name of a group of failures, as the class page has it.")
    ],
    submissions: Annotated[Path, typer.Argument(help="The folder of submissions that was graded.")],
    report: Annotated[Path, typer.Option(help="The folder of reports that `grader grade` wrote.")] = Path("report"),
    append: Annotated[
        bool, typer.Option("--append", help="Add the draft to the lesson's chaffs.yml, rather than print it.")
    ] = False,
) -> None:
    """Draft a known misconception from failures that have no name: an entry of chaffs.yml, for you to complete.

    The code of one student of the group takes the place of the solution's, for the one exercise, and is judged: the
    draft says whether that alone behaves like the group.
    """
    from grader.submissions.students import find_students
    from grader.verify import draft as tool

    course = the_course().of_class()
    lesson = tool.lesson_of(course, group)
    found = tool.find(course, lesson, report, find_students(submissions, ()), group)
    made = tool.draft(course, submissions, found)
    source = made.chaff.source(course.solution(lesson).read_text(encoding="utf-8"))
    jobs = {"the draft": functools.partial(tool.judge, course, lesson, source)}
    judged = run_jobs("drafts", jobs, 1)
    entry = tool.text(made, tool.behaves(made, judged["the draft"]))
    if append:
        print(f"added to {course.shown(tool.append(course, made, entry))}: {made.chaff.name}")
    else:
        print(entry, end="")


def salts(
    lesson: SomeLessons = None,
    salts: Annotated[int, typer.Option("--salts", min=2, help="How many salts.")] = 5,
    right: Annotated[bool, typer.Option(help="Judge the solutions and wheats.")] = True,
    wrong: Annotated[bool, typer.Option(help="Judge the chaffs.")] = True,
    only: Only = None,
    jobs: Jobs = None,
) -> None:
    """Judge every known program with many salts: luck with the examples that a salt draws must not decide marks.

    Programs whose verdicts differ are listed. Exit status 1 says that a right answer fails with some salt, or that a
    misconception gets full marks.
    """
    from grader.course import salt
    from grader.verify import salts as tool
    from grader.verify import verify as verifier
    from grader.verify.table import print_salts

    if salt.in_environment():
        raise CourseError(f"{salt.VARIABLE} is set, and would count in the place of the salts to be tried; unset it")
    course = the_course()
    lessons = some_lessons(course, lesson)
    known = verifier.samples(course, [each.name for each in lessons])
    wanted = tool.of_kinds(known, right=right, wrong=wrong, only=only or ())
    judged = run_jobs("programs", tool.jobs(course, wanted, salts), jobs)
    rows = [tool.row(each, wanted, judged) for each in lessons]
    print_salts(rows, Console())
    raise typer.Exit(0 if all(row.good for row in rows) else 1)


def mutants(
    lesson: SomeLessons = None,
    wheats: Annotated[bool, typer.Option("--wheats", help="Change the right answers in other styles instead.")] = False,
    one_in: Annotated[
        int, typer.Option(min=1, help="With --wheats: take one in so many, the same ones each time.")
    ] = 1,
    jobs: Jobs = None,
) -> None:
    """Change each operator, constant, statement and pair of arguments of the solutions, and list undetected changes.

    Survivors are shown. Those that no caller can tell from the original belong in the lesson's equivalent.yml, or
    wheat_equivalent.yml, with the reason. Exit status 1 says that more than one in twenty survived, or that such a list
    is out of date.
    """
    if one_in > 1 and not wheats:
        raise CourseError("--one-in goes with --wheats: every mutant of a solution counts")
    try:
        from grader.verify import mutants as tool
    except ModuleNotFoundError:
        raise CourseError("mutants needs the extra 'mutants': pip install -e '.[mutants]'") from None
    from grader.verify.table import print_mutants

    course = the_course()
    lessons = some_lessons(course, lesson)
    listed = {each.name: tool.equivalents(course, each, wheats=wheats) for each in lessons}
    wanted = {
        each.name: tool.of_wheats(course, each, one_in) if wheats else tool.of_lesson(course, each) for each in lessons
    }
    killers = run_jobs("mutants", tool.jobs(course, wanted), jobs)
    rows = [tool.row(each, wanted[each.name], killers, listed[each.name]) for each in lessons]
    print_mutants(rows, Console())
    raise typer.Exit(0 if all(row.good for row in rows) else 1)


def examples(lesson: SomeLessons = None, jobs: Jobs = None) -> None:
    """Count the known misconceptions that fail a public example: those a student can see without the hidden tests."""
    from grader.verify import examples as tool
    from grader.verify.table import print_examples

    course = the_course()
    lessons = some_lessons(course, lesson)
    print_examples(tool.rows(course, lessons, run_jobs("chaffs", tool.jobs(course, lessons), jobs)), Console())
