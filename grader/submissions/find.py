"""Find a student's work on a lesson, wherever it is in the student's folder and whatever its name.

Nothing that could be the work is passed over without a line that says where it lies; and where there is one file with
work in it, it is graded, with a note. Which files could be the work:

- those that are called after the lesson, more or less (``lesson5.py``, ``doe_123_lesson5_replay_buffer (1).PY.txt``),
- those in a folder that is,
- those that define what this lesson asks for, and more of it than of any other lesson.

What belongs to another lesson does not count, and neither do copies, empty files and stubs beside real work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from grader.course import Course, Lesson
from grader.lessons.stubs import pristine
from grader.printable import one_line
from grader.submissions.candidates import Candidate, candidates, is_twin, only_imports, same_code
from grader.submissions.folder import ELSEWHERE, Folder
from grader.submissions.passed_over import beside, missing, notes
from grader.submissions.read import Submission
from grader.submissions.walk import DEEPEST


def read_work(course: Course, lesson: Lesson, student: Path) -> Submission:
    """Read a student's work on a lesson, wherever in the student's folder it lies, in a process that is walled in.

    Raises:
        GraderFault: that process cannot be started.
    """
    from grader.submissions.reader import shared  # walls are Linux's; learners read their own work without any

    return shared().find(student, lesson, course.lessons, pristine(course, lesson))


def read_own(course: Course, lesson: Lesson, folder: Path) -> tuple[Path, Submission]:
    """A learner's work on a lesson, in the folder of all lessons.

    Returns:
        The file, and what is in it; where there is none, the module that is missing.
    """
    found = find_work(folder, lesson, course.lessons, pristine(course, lesson), levels=1)
    return found.path or folder / f"{lesson.name}.py", found


def find_work(
    folder: Path,
    lesson: Lesson,
    lessons: Sequence[Lesson],
    stub: str,
    *,
    levels: int = DEEPEST,
    set_aside: Mapping[tuple[str, ...], str] = MappingProxyType({}),
    tell: Callable[[tuple[str, ...]], None] = lambda parts: None,
) -> Submission:
    """Find and read the work on one lesson; whatever is in the folder, this does not raise.

    Args:
        folder: what one student handed in.
        lesson: for which lesson.
        lessons: all of them, so that work on another one is not taken for this one's.
        stub: what the student started from, "" where it is unknown.
        levels: how deep to look; with 1, ``folder`` holds the files of all lessons, as ``exercises/`` does.
        set_aside: files that are not to be opened, by the way to them from the folder, and what to say of them.
        tell: called with the way to every file before it is read.
    """
    if folder.is_symlink():
        # It may lead to another student's work.
        return Submission("", f"{one_line(folder.name)} is a link, not a folder", "unreadable")
    return _chosen(Folder(folder, lesson, lessons, levels, set_aside, tell), stub)


def _chosen(folder: Folder, stub: str) -> Submission:
    """The work, with what to say of the choice."""
    found = candidates(folder, stub)
    working = [each for each in found if each.has_work and each.sure and not each.borrowed]
    working = working or [each for each in found if each.has_work and each.sure]
    working = working or [each for each in found if each.has_work]
    if not working:
        return _without_work(folder, found)
    fetching = [each for each in working if only_imports(folder, each)]
    if len(fetching) < len(working):
        working = [each for each in working if each not in fetching]
    else:
        fetching = []
    chosen = min(working, key=lambda each: each.order)
    others = [each for each in working if not same_code(folder, each, chosen)]
    if chosen.rank == ELSEWHERE and not all(is_twin(chosen, each) for each in others):
        names = ", ".join(folder.named([each.entry for each in (chosen, *others)]))
        unclear = f"there is no {folder.lesson.name}.py, and it is not clear which of these is meant: {names}"
        return Submission("", unclear, "missing", passed_over=True)
    others += [each for each in found if each.borrowed and each.has_work and each.sure and each not in working]
    others = [each for each in others if not same_code(folder, each, chosen)]
    name = folder.shown(chosen.entry)
    fetched = [f"{name} was graded; {folder.shown(each.entry)} only imports from other files" for each in fetching]
    return chosen.submission.with_notes(*fetched, *notes(folder, chosen, others, found))


def _without_work(folder: Folder, found: list[Candidate]) -> Submission:
    """The submission if there is no work: nothing was started, or the files there cannot be read."""
    if not found:
        return missing(folder)
    stubs = [each for each in found if each.submission.is_stub]
    failed = [each for each in found if each.submission.problem and not each.submission.is_stub]
    broken = [each for each in failed if not each.submission.empty]
    chosen = min(broken or stubs or found, key=lambda each: each.order)
    said = notes(folder, chosen, [], found) if chosen in broken else beside(folder)
    return chosen.submission.with_notes(*said)
