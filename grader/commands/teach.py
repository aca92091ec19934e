"""Instructor commands: grade, rehearse, demo."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from grader.commands.options import (
    Device,
    Films,
    Isolate,
    Jobs,
    Rehearsal,
    Scheduler,
    SomeLessons,
    Unsafe,
    a_device,
    a_level,
    ending_in_one_line,
    interruptible,
    some_lessons,
    stop,
    the_course,
)

if TYPE_CHECKING:
    from grader.report.report import Report

_NAMED = 10


def grade(
    submissions: Annotated[
        Path,
        typer.Argument(
            help="One folder per student, with <lesson>/<lesson>.py or .ipynb in it, or a clone of their repository."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder for grades.csv and the reports.")] = Path("report"),
    lesson: Annotated[list[str] | None, typer.Option(help="Only this lesson; may be repeated.")] = None,
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be repeated.")] = None,
    training: Annotated[
        bool, typer.Option(help="Run training checks; without them, their points count nowhere.")
    ] = True,
    films: Films = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade again what an earlier run has graded already.")] = False,
    new_salt: Annotated[
        bool,
        typer.Option(
            "--new-salt",
            help="Grade again what was graded with another salt than the one that is here, or, if there is none, with "
            "a new one. Without it, such a run is refused.",
        ),
    ] = False,
    rehearsal: Rehearsal = True,
    due: Annotated[
        str,
        typer.Option(
            metavar="LESSON", help="Count lessons up to this one in totals. Default: what course.yml says is due."
        ),
    ] = "",
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The reports of an earlier run: say which marks have moved since, by which property, and why.",
        ),
    ] = None,
    never_lower: Annotated[
        bool,
        typer.Option(
            "--never-lower",
            help="With --against: where a mark has fallen and the work is the same, add what is missing, by an entry "
            "in marks.yml.",
        ),
    ] = False,
    marks: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The ledger: marks set or changed by hand, extensions, excused students, times of handing in. "
            "Default: marks.yml beside the students' folders.",
            show_default=False,
        ),
    ] = None,
    scheduler: Scheduler = "",
    device: Device = "cpu",
    jobs: Jobs = None,
    isolation: Isolate = None,
    unsafe: Unsafe = False,
) -> None:
    """Grade a class, every submission in a sandbox: marks in grades.csv, one page per student, one for the class.

    What marks.yml and the late rule in course.yml say is added to what was earned, or taken off, with its reason. After
    a change of either, run the same command again: it moves marks, and grades nothing anew.
    """
    from grader.errors import ClassError
    from grader.grading.classroom import Options

    if never_lower and against is None:
        raise ClassError("--never-lower goes with --against: lower than what?")
    if scheduler and jobs is not None:
        raise ClassError("--jobs is for this machine; with --scheduler, workers say with --nthreads what they take")
    up_to = the_course().lesson(due).name if due else ""
    options = Options(
        tuple(lesson or ()),
        tuple(student or ()),
        training,
        fresh,
        rehearse=rehearsal,
        processes=jobs,
        due=up_to,
        films=films,
    )
    _grade(
        submissions,
        out,
        options,
        a_device(device, here=not scheduler),
        isolation,
        unsafe,
        new_salt=new_salt,
        against=against,
        never_lower=never_lower,
        marks=marks,
        scheduler=scheduler,
    )


def _grade(
    submissions: Path,
    out: Path,
    options: object,
    device: str,
    isolation: str | None,
    unsafe: bool,
    *,
    for_marks: bool = True,
    new_salt: bool = False,
    against: Path | None = None,
    never_lower: bool = False,
    marks: Path | None = None,
    scheduler: str = "",
) -> None:
    """Grade a class; without ``for_marks`` with the public salt, and none is made."""
    import contextlib
    import dataclasses

    from grader.collect.shelf import handed_in
    from grader.commands.progress import Progress
    from grader.commands.teams import in_words, reach
    from grader.grading import again, classroom, history
    from grader.grading import against as comparing
    from grader.grading.pages import write_pages
    from grader.grading.register import Register
    from grader.grading.run import Run
    from grader.grading.salted import for_class
    from grader.ledger import made, reading
    from grader.ledger import never_lower as lowered
    from grader.printable import count, one_line
    from grader.render import marks as ledger_words
    from grader.render.class_terminal import print_class_summary, print_moves, since_last_run
    from grader.report import due
    from grader.report.folders import called
    from grader.report.moves import moves
    from grader.report.settled import settle
    from grader.submissions.apart import refuse_course_among, refuse_overlap
    from grader.submissions.students import find_students, strays

    assert isinstance(options, classroom.Options)
    done: list[str] = []
    students: list[str] = []

    def kept() -> str:
        if not students:
            return "; nothing was begun"
        how_many = f"{len(done)} of {count(len(students), 'student')} {'is' if len(done) == 1 else 'are'} done"
        return f"; {how_many} and kept, and the same command goes on from there"

    with ending_in_one_line(kept), contextlib.ExitStack() as stack:
        course = the_course()
        refuse_course_among(submissions, course.root)
        refuse_overlap(submissions, out)
        join = reach(
            stack,
            scheduler,
            device,
            processes=options.processes,
            wanted=a_level(isolation),
            unsafe=unsafe,
            hidden=(course.root, submissions, out),
        )
        console = Console()
        students += find_students(submissions, options.students)
        for line in strays(submissions):
            print(f"grader: {line}", file=sys.stderr)
        if for_marks:
            lessons = tuple(course.lesson(name).name for name in options.lessons)
            course, lines = for_class(
                course, out, lessons=lessons, students=options.students, new_salt=new_salt, earlier=against
            )
            for line in lines:
                print(f"grader: {line}", file=sys.stderr)
        names = [lesson.name for lesson in course.lessons]
        asked = [course.lesson(name).name for name in options.lessons] or names
        # Before anything is graded: a mistake in the command is not to cost a run.
        before = comparing.read(course, against, out, students, asked) if against else []
        everybody = [called(student) for student in find_students(submissions, ())]
        times = {(called(folder), lesson): time for (folder, lesson), time in handed_in(submissions).items()}
        ledger = made.ledger(course, everybody, reading.find(submissions, marks), times=times)
        last = made.last(course, out)
        options = dataclasses.replace(options, ledger=ledger)
        team = join(course)
        console.print(f"{count(len(students), 'student')}; {in_words(team)}", markup=False, highlight=False)
        register = Register(course, out)
        with Progress("students", len(students)) as progress:

            def finished(student: str) -> None:
                done.append(student)
                progress.finished(student)

            def begin(run: Run, graded: Collection[str]) -> None:
                progress.say(again.said(again.find(run, team.isolations, register, students, graded)))

            reports = classroom.grade_class(
                course,
                submissions,
                out,
                team,
                options,
                hear=progress.hear,
                finished=finished,
                register=register,
                begin=begin,
            )
        # What earlier runs have graded counts as well: the table here, grades.csv and the page say the same.
        earned = [report for student in students for report in register.of(student, names)]
        table = settle(earned, ledger.by_place)
        moved = moves(before, [report for report in table if report.lesson in asked]) if against else []
        raised = lowered.raises(moved) if never_lower else []
        if raised:
            path = reading.find(submissions, marks) or submissions / reading.FILE
            lowered.add(path, lowered.entries(raised, datetime.now(UTC).date()))
            ledger = made.ledger(course, everybody, path, times=times)
            named = asked if options.lessons else ()
            write_pages(
                course,
                submissions,
                out,
                named=named,
                up_to=options.due,
                films=options.films,
                ledger=ledger,
                register=register,
            )
            table = settle(earned, ledger.by_place)
            moved = moves(before, [report for report in table if report.lesson in asked])
            said = count(len(raised), "mark was", "marks were")
            print(f"grader: {said} raised by entries in {one_line(str(path), 2000)}", file=sys.stderr)
        counted = due.stored(out)
        if strange := register.strange(students):
            more = f" and {count(len(strange) - 1, 'more')}" if len(strange) > 1 else ""
            print(
                f"grader: {one_line(str(strange[0]))}{more}: not made by this course's grader, or with another "
                "salt, or by an earlier version; no mark there counts until that lesson is graded again",
                file=sys.stderr,
            )
        counting = counted.of(table) if counted else table
        print_class_summary(
            table,
            console,
            out,
            counted,
            without_time=ledger_words.without_time(counting, ledger.late, ledger.timed),
            moved=ledger_words.moved(earned, last.by_place, ledger.by_place) if last else (),
        )
        # What the ledger alone has moved has been said.
        if not against and (others := [each for each in register.moved if each.why != ("ledger",)]):
            print_moves(others, console, since_last_run(others), out / history.FILE)
        if against:
            there = {(report.student, report.lesson) for report in (*before, *table) if report.lesson in asked}
            said = comparing.write_moves(course, out, against, moved, len(there))
            print_moves(moved, console, said, out / comparing.PAGE)
    _stop_if_faulty(reports, out)


def _stop_if_faulty(reports: Iterable[Report], out: Path) -> None:
    """End with status 3 and one line if the grader itself failed on a submission."""
    from grader.printable import count, one_line

    if faulty := [report for report in reports if report.has_error or report.held]:
        named = ", ".join(f"{one_line(report.student)} ({report.lesson})" for report in faulty[:_NAMED])
        more = f" and {len(faulty) - _NAMED:,} more" if len(faulty) > _NAMED else ""
        stop(
            f"the grader itself failed on {count(len(faulty), 'submission')}: {named}{more}; there is no mark, or "
            f"that of an earlier run, and the report says why (a .log beside it in {out} has the details); the same "
            "command tries these again",
            3,
        )


def rehearse(
    lesson: SomeLessons = None,
    training: Annotated[bool, typer.Option(help="Run training checks.")] = True,
    device: Device = "cpu",
    jobs: Jobs = None,
    isolation: Isolate = None,
    unsafe: Unsafe = False,
) -> None:
    """Show that this machine grades correctly: the course's own solutions get full marks in its sandbox.

    `grader grade` does the same for the lessons that it is about to grade, once on a machine. The salt is that of the
    class, if one has been made.
    """
    from grader.commands.progress import Progress
    from grader.grading.digest import machine
    from grader.grading.rehearsal import rehearse as rehearse_all
    from grader.grading.team import Here
    from grader.render import words
    from grader.student.isolation import choose

    course = the_course().of_class()
    lessons = some_lessons(course, lesson)
    chosen = choose(a_device(device), wanted=a_level(isolation), unsafe=unsafe, hidden=(course.root,))
    print(f"isolation {words.isolation(chosen, chosen.device)}; {machine()}")
    with interruptible(""), Progress("lessons", len(lessons)) as progress:
        done = rehearse_all(course, lessons, Here(chosen, jobs), train=training, fresh=True, hear=progress.hear)
    names = ", ".join(str(each.number) for each in sorted(done, key=course.lessons.index))
    print(f"Full marks for the course's own solutions of {'lessons' if len(done) > 1 else 'lesson'} {names}.")


def demo(
    out: Annotated[
        Path, typer.Option(help="The folder for the reports; the sample class lies beside it, in OUT-submitted.")
    ] = Path("report"),
    lesson: Annotated[
        list[str] | None,
        typer.Option(
            help="A lesson that the class has handed in; may be repeated. Default: those that course.yml names."
        ),
    ] = None,
    training: Annotated[bool, typer.Option(help="Run training checks.")] = True,
    films: Films = True,
    jobs: Jobs = None,
    unsafe: Unsafe = False,
) -> None:
    """Make a class of sample submissions, right, wrong and hostile ones, and grade it."""
    from grader.grading.classroom import Options
    from grader.verify import sample_class

    place = out if out.name not in ("", "..") else out.resolve()
    submissions = place.with_name(f"{place.name}-submitted")  # beside the reports: never in them
    course = the_course()
    lessons = some_lessons(course, lesson or course.sample_class)
    sample_class.make(course, submissions, lessons)
    options = Options(lessons=tuple(each.name for each in lessons), train=training, processes=jobs, films=films)
    _grade(submissions, out, options, "cpu", None, unsafe, for_marks=False)
