"""The gaps of a training check: every chaff of a lesson, trained by the lesson's whole rule.

A bar says that something was learnt, not that it was done right. This trains each known misconception as if its
properties did not exist. Those that reach the bar all the same are kept in the lesson's ``tests/<lesson>/bar.yml``,
each with the first property that catches it, and so are the names of those that fall short: a chaff that is written
later can be trained alone. The lesson texts tell the gist of these lists.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import yaml

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.files import write
from grader.lessons import chaffs as known

if TYPE_CHECKING:
    from grader.report.step import Watcher
    from grader.student.places import Place


class Trained(NamedTuple):
    """The outcome for one chaff: whether it reaches the bar, and the first property that fails on it, or ""."""

    reaches: bool
    caught_by: str


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """bar.yml: the chaffs that reach the bar, with the property that catches each, and those that do not."""

    reach: dict[str, str]
    fall_short: list[str] = []


def judge(course: Course, lesson: Lesson, source: str, place: Place, watch: Watcher) -> Trained:
    """Run the properties of one chaff until one fails, and train it."""
    from grader.verify import judge as judges

    caught_by = judges.caught_by(course, lesson, source, place)
    return Trained(judges.passes_training(course, lesson, source, place, watch), caught_by)


def jobs(course: Course, lesson: Lesson, *, but: Collection[str] = ()) -> dict[str, Callable[..., Trained]]:
    """The jobs for a lesson: its chaffs but those of these names, by name, in the order of their file."""
    solution = course.solution(lesson).read_text(encoding="utf-8")
    return {
        chaff.name: functools.partial(judge, course, lesson, chaff.source(solution))
        for chaff in known.load(course, lesson)
        if chaff.name not in but
    }


def path_of(course: Course, lesson: Lesson) -> Path:
    """The path of a lesson's list."""
    return course.tests(lesson) / "bar.yml"


def read(course: Course, lesson: Lesson) -> dict[str, Trained]:
    """The known outcomes of a lesson's chaffs, by name; none before it was measured.

    The property that catches a chaff that falls short is not kept: "".

    Raises:
        CourseError: the file is not such a list.
    """
    path = path_of(course, lesson)
    if not path.is_file():
        return {}
    try:
        kept = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), _Kept)
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise CourseError(f"tests/{lesson.name}/bar.yml: {error}".replace("\n", " ")) from None
    reach = {name: Trained(reaches=True, caught_by=caught_by) for name, caught_by in kept.reach.items()}
    return reach | {name: Trained(reaches=False, caught_by="") for name in kept.fall_short}


def keep(course: Course, lesson: Lesson, trained: Mapping[str, Trained]) -> None:
    """Write a lesson's list, in the order of its chaffs."""
    known_now = {chaff.name: trained[chaff.name] for chaff in known.load(course, lesson) if chaff.name in trained}
    reach = {name: each.caught_by for name, each in known_now.items() if each.reaches}
    short = [name for name, each in known_now.items() if not each.reaches]
    head = (
        f"# Written by `grader bar {lesson.number}`: {len(reach)} of {len(known_now)} chaffs reach the training bar,\n"
        "# and the first property that fails on each; the others fall short.\n"
    )
    text = yaml.safe_dump({"reach": reach, "fall_short": short}, sort_keys=False, width=120)
    write(path_of(course, lesson), f"{head}\n{text}".encode())
