"""Choose each file's place below its student's folder: the lesson it is for, as far as names are clear."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from grader.collect.entries import Entry
from grader.collect.handins import Handin
from grader.collect.safe_names import safe_file
from grader.course import Course, Lesson

_COPY = re.compile(r"-\d{1,2}(?=\.[a-z]+$)", re.IGNORECASE)

Placed = tuple[tuple[str, ...], Entry]
"""The parts of a path below the student's folder, and what goes there."""


def placed_at(
    course: Course, lesson: Lesson | None, download: str, handin: Handin, entries: Sequence[Entry]
) -> tuple[list[Placed], str]:
    """Choose the place of each file of a hand-in.

    Args:
        course: whose lessons names may name.
        lesson: what everything is for; without it names decide: the assignment's, the download's, those of files.
        download: what the download is called.
        handin: what was handed in at once.
        entries: its files, archives opened.

    Returns:
        The places, and the lesson of all of them, or "" where it is not clear: then files stay as they were handed in.
    """
    entries = [_restored(course, entry) for entry in entries]
    wrappers, inner = _unwrapped(entries)
    told = lessons_in(course, handin.assignment) or lessons_in(course, download)
    names = {name for each in (*wrappers, *(e.parts[0] for e in inner)) for name in lessons_in(course, each)}
    clear = lesson.name if lesson else _only(told or names)
    if clear:
        return [((clear, *safe_path(entry.parts)), entry) for entry in inner], clear
    if len(names) > 1:
        return [(_by_its_name(course, entry), entry) for entry in inner], ""
    # Of a system that knows its assignments, two do not get into each other's way.
    own = (safe_file(handin.assignment),) if handin.label and handin.assignment else ()
    return [((*own, *safe_path(entry.parts)), entry) for entry in entries], ""


def lessons_in(course: Course, text: str) -> set[str]:
    """The lessons mentioned in a text, by their number: lesson5_replay_buffer, Lesson 5, lesson-05."""
    numbers = {int(n) for n in re.findall(r"(?<![a-z0-9])lesson[ _-]?0*([0-9]{1,3})(?![0-9])", text.casefold())}
    return {lesson.name for lesson in course.lessons if lesson.number in numbers}


def safe_path(parts: Sequence[str]) -> tuple[str, ...]:
    """A path with names that every file system takes."""
    return tuple(safe_file(part) for part in parts)


def _by_its_name(course: Course, entry: Entry) -> tuple[str, ...]:
    """Place ``lesson5.py``, or what is in a folder named like it, in that lesson's folder; the rest keeps its path."""
    lesson = _only(lessons_in(course, entry.parts[0]))
    if not lesson:
        return safe_path(entry.parts)
    return (lesson, *safe_path(entry.parts[1:] or entry.parts))


def _restored(course: Course, entry: Entry) -> Entry:
    """Restore the name of a file that Canvas numbered because it was handed in again, if it is a lesson's name."""
    name = _COPY.sub("", entry.parts[-1])
    if entry.version and name.rpartition(".")[0] in {lesson.name for lesson in course.lessons}:
        return dataclasses.replace(entry, parts=(*entry.parts[:-1], name))
    return entry


def _unwrapped(entries: Sequence[Entry]) -> tuple[list[str], list[Entry]]:
    """Strip the folders that enclose all entries, and return these folders' names too."""
    wrappers: list[str] = []
    inner = [entry for entry in entries if entry.path or entry.problem]
    while inner and all(len(entry.parts) > 1 for entry in inner) and len({entry.parts[0] for entry in inner}) == 1:
        wrappers.append(inner[0].parts[0])
        inner = [dataclasses.replace(entry, parts=entry.parts[1:]) for entry in inner]
    return wrappers, inner


def _only(names: set[str]) -> str:
    return next(iter(names)) if len(names) == 1 else ""
