"""The draft of a misconception: an entry of ``chaffs.yml``, begun from a group of failures without a name.

What a group does wrong stands in the code of each of its students. So the code of one of them is put in the place of
the solution's, for the one exercise that fails, and judged: if it then behaves as the group does, the edit is the
mistake, and what is left to an author is to make it small, to name it, and to say it in a sentence. If it does not, the
student's code needs something of theirs that stands elsewhere, and the draft says so.

The code is a student's. It is cut out as text, line by line, and never parsed here; it is shown with everything escaped
that would act on a terminal.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import yaml

from grader.course import Course, Lesson
from grader.errors import ClassError
from grader.files import write
from grader.grading.own import grade_own
from grader.grading.register import Register
from grader.lessons import chaffs
from grader.lessons.stubs import MARKER
from grader.printable import count, one_line
from grader.report import unnamed
from grader.report.report import Report
from grader.report.step import Watcher
from grader.student.places import Place
from grader.submissions.find import read_work

TODO = "TODO"
_MOST_LINES = 200
_MOST_CHARS = 20_000


class Draft(NamedTuple):
    """An entry that an author completes.

    Attributes:
        group: the failures that it is to explain.
        chaff: the entry; what only a person can write is ``TODO``.
    """

    group: unnamed.Group
    chaff: chaffs.Chaff


class Found(NamedTuple):
    """A group, and the student whose work stands for it.

    Attributes:
        folder: the student's folder of submissions.
        judged: SHA-256 of the text that was judged, "" if the report does not say.
    """

    group: unnamed.Group
    folder: str
    judged: str


def find(course: Course, lesson: Lesson, out: Path, students: Sequence[str], name: str) -> Found:
    """The group of that name.

    Args:
        course: the course, with the salt of the class.
        lesson: the lesson.
        out: the folder of reports.
        students: the folders of submissions.
        name: as the class page has it.

    Raises:
        ClassError: there is none; the message names those that are like it.
    """
    register = Register(course, out)
    reports = {student: register.get(student, lesson.name) for student in students}
    groups = unnamed.groups(report for report in reports.values() if report is not None)
    found = next((group for group in groups if group.name == name), None)
    for folder, report in reports.items():
        if found is not None and report is not None and report.student == found.example:
            return Found(found, folder, report.origin.judged.get(lesson.name, "") if report.origin else "")
    if not groups:
        raise ClassError(f"{out} has no failures without a name on {lesson.name}; grade it first")
    names = [group.name for group in groups]
    near = difflib.get_close_matches(name, names, 3) or names[:3]
    raise ClassError(f"no group of failures is called {one_line(name, 100)!r} in {out}; there is {', '.join(near)}")


def lesson_of(course: Course, group: str) -> Lesson:
    """The lesson that the name of a group begins with.

    Raises:
        ClassError: it is no such name.
    """
    number = re.match(r"[0-9]{1,4}(?=-.)", group)
    found = [lesson for lesson in course.lessons if number and str(lesson.number) == number[0]]
    if len(found) != 1:
        raise ClassError(
            f"{one_line(group, 100)!r} is no name of a group; they stand on the class page, and look like "
            "5-ReplayBuffer.push-3fa2c1"
        )
    return found[0]


def draft(course: Course, submissions: Path, found: Found) -> Draft:
    """Draft an entry for a group, from the work of the student who stands for it.

    Raises:
        ClassError: that work is not what was graded, or has no such exercise in one piece, or it is too long.
    """
    group, who = found.group, one_line(found.group.example, 60)
    lesson = course.lesson(group.lesson)
    source = read_work(course, lesson, submissions / found.folder).source
    if found.judged and found.judged != hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest():
        raise ClassError(f"what {who} has handed in is not what was judged; grade again")
    solution = course.solution(lesson).read_text(encoding="utf-8")
    theirs, ours = piece(source, group.exercise), piece(solution, group.exercise)
    if not theirs or not ours:
        raise ClassError(f"{group.exercise} of {who} is not one piece of text; look at it yourself")
    if theirs.count("\n") > _MOST_LINES or len(theirs) > _MOST_CHARS:
        raise ClassError(
            f"{group.exercise} of {who} has {count(theirs.count(chr(10)) + 1, 'line')}, and a misconception is a small "
            "edit; look at it yourself"
        )
    old, new = _smaller(ours, theirs)
    if solution.count(old) != 1:
        old, new = ours, theirs
    edit = chaffs.Edit(old, new)
    name = f"draft_{group.name.rpartition('-')[2]}"
    return Draft(group, chaffs.Chaff(name, group.exercise, TODO, TODO, (edit,)))


def piece(source: str, exercise: str) -> str:
    """The lines that define an exercise, "" where it is not defined by ``def`` or ``class`` in lines of its own.

    Args:
        source: a module.
        exercise: a function, a class, or a method as ``Class.method``.
    """
    lines = source.splitlines(keepends=True)
    start, end, indent = 0, len(lines), -1
    for name in exercise.split("."):
        found = [
            i
            for i in range(start, end)
            if (head := re.match(rf"([ \t]*)(?:async[ \t]+def|def|class)[ \t]+{re.escape(name)}\b", lines[i]))
            and (len(head[1]) > indent if indent >= 0 else not head[1])
        ]
        if not found:
            return ""
        start = found[-1]  # the last definition is the one that counts
        indent = len(lines[start]) - len(lines[start].lstrip(" \t"))
        end = next((i for i in range(start + 1, end) if _ends(lines[i], indent)), end)
    while end > start and not lines[end - 1].strip():
        end -= 1
    return "".join(lines[start:end])


def _ends(line: str, indent: int) -> bool:
    """Whether a line stands behind a definition of that indentation; the end of a long signature does not."""
    text = line.lstrip(" \t")
    return bool(text.strip()) and len(line) - len(text) <= indent and text[0] not in ")]}#"


def _smaller(ours: str, theirs: str) -> tuple[str, str]:
    """The two pieces without the lines that they have in common at their beginnings and ends, and without markers."""
    old, new = ours.splitlines(keepends=True), theirs.splitlines(keepends=True)
    while len(old) > 1 and len(new) > 1 and old[0] == new[0]:
        del old[0], new[0]
    while len(old) > 1 and len(new) > 1 and old[-1] == new[-1]:
        del old[-1], new[-1]
    while len(old) > 1 and MARKER.fullmatch(old[0].rstrip()):
        del old[0]
    while len(old) > 1 and MARKER.fullmatch(old[-1].rstrip()):
        del old[-1]
    return "".join(old), "".join(new)


def judge(course: Course, lesson: Lesson, source: str, place: Place, watch: Watcher) -> Report:
    """Grade the solution with the draft's edit in it; a job of ``grader.grading.workers``."""
    return grade_own(course, lesson, "draft", source, place, watch, train=False)


def behaves(made: Draft, report: Report) -> str:
    """The outcome of ``judge`` in a sentence: whether the draft is the mistake of the group."""
    own = [group for group in unnamed.groups([report]) if group.exercise == made.group.exercise]
    if any(group.name == made.group.name for group in own):
        return "Judged: it fails the same laws as the group, in the same cases, with the same answers."
    if report.message:
        return f"Judged: it cannot be imported ({one_line(report.message, 200)}). It uses what stands elsewhere."
    failed = [result for result in report.properties if result.verdict == "fail"]
    if not failed:
        return "Judged: it fails nothing. What these students do wrong stands elsewhere in their modules."
    named = next((result.misconception.name for result in failed if result.misconception), "")
    if named:
        return (
            f"Judged: it behaves like the misconception {named}, and not like the group. It uses what stands elsewhere."
        )
    return "Judged: it fails, and not as the group does. It uses what stands elsewhere in the student's module."


def text(made: Draft, judged: str) -> str:
    """The entry as YAML, with what is to be done as comments above it. All but ASCII is escaped.

    Args:
        made: the draft.
        judged: from ``behaves``.
    """
    lesson = made.group.lesson
    comments = (
        f"Drafted from {made.group.name}: {count(made.group.students, 'student')}.",
        judged,
        "To do: name, says (it ends the sentence: your code behaves exactly like one that ...) and hint; the smallest",
        f"edit that shows the mistake, written anew and not as the student wrote it; then: grader verify {lesson}",
    )
    entry = {key: value for key, value in msgspec.to_builtins(made.chaff).items() if value != ""}
    body = yaml.dump([entry], Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=110)
    return "".join(f"# {line}\n" for line in comments) + body


class _Dumper(yaml.SafeDumper):
    """Writes code in blocks, as whoever edits it wants it."""


def _in_a_block(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    node: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)
    return node


_Dumper.add_representer(str, _in_a_block)


def append(course: Course, made: Draft, entry: str) -> Path:
    """Add the entry to the end of the lesson's ``chaffs.yml``, which is made if there is none; returns the path.

    Raises:
        ClassError: there is an entry of that name already.
    """
    lesson = course.lesson(made.group.lesson)
    path = course.tests(lesson) / "chaffs.yml"
    if any(chaff.name == made.chaff.name for chaff in chaffs.load(course, lesson)):
        raise ClassError(f"{course.shown(path)} has an entry {made.chaff.name!r} already; complete or remove that one")
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    write(path, (f"{before.rstrip()}\n\n" if before.strip() else "").encode() + entry.encode())
    return path
