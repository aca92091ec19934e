"""Hash everything a report depends on, so that an unchanged report can be reused."""

from __future__ import annotations

import functools
import hashlib
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from grader.course import Course, Lesson
from grader.version import versions

_DIGITS = 8


def digest(
    course: Course, lesson: Lesson, sources: dict[str, str], *options: object, basis: bytes | None = None
) -> str:
    """Hash all that a report depends on: sources, the lesson's entry and tests, limits, the grader, the options.

    Args:
        course: the course.
        lesson: the lesson.
        sources: the work, and what it may import, by module name.
        options: whatever else decides on the report.
        basis: of the lesson; whoever asks for many digests of one lesson makes it once.
    """
    sha = hashlib.sha256(basis_of(course, lesson) if basis is None else basis)
    _add(sha, "options", repr(options).encode())
    for name, text in sorted(sources.items()):
        _add(sha, name, text.encode("utf-8", "surrogatepass"))
    # The salt's print in front: a report that was made with another salt is to be told from one of other work.
    return f"{course.salt_print}-{sha.hexdigest()}" if course.is_salted else sha.hexdigest()


def parts_of(course: Course, lesson: Lesson) -> dict[str, str]:
    """Hash what all reports on a lesson depend on, part by part: a report keeps them, so that one can say what changed.

    Python and the libraries that judge belong to it: what another build of torch made of a submission is not kept. The
    salt has no part of its own: a report's digest begins with its print.

    Returns:
        By part: ``points``, ``rules`` (all else that course.yml and the hints say of the lesson), ``tests``,
        ``solutions`` (of the lesson and of those that it needs), ``grader`` and ``libraries``.
    """
    tests = [*sorted(course.tests(lesson).rglob("*.*")), course.released_calibration(lesson)]
    points, rules = _judged_by(course, lesson)
    return {
        "points": hashlib.sha256(points).hexdigest(),
        "rules": hashlib.sha256(rules).hexdigest(),
        "tests": _of_files(tests),
        "solutions": _of_files(course.solution(each) for each in (lesson, *course.needs(lesson))),
        "grader": _of_the_grader(),
        "libraries": hashlib.sha256(machine().encode()).hexdigest(),
    }


def basis_of(course: Course, lesson: Lesson, parts: Mapping[str, str] | None = None) -> bytes:
    """Hash all parts together, and the salt.

    Args:
        course: the course.
        lesson: the lesson.
        parts: from ``parts_of``, where somebody has made them already.
    """
    sha = hashlib.sha256()
    for name, part in (parts_of(course, lesson) if parts is None else parts).items():
        _add(sha, name, part.encode())
    _add(sha, "salt", str(course.secret("digest")).encode())
    return sha.digest()


def short(parts: Mapping[str, str], **options: object) -> dict[str, str]:
    """The parts as a report keeps them, with the options of the run: enough to see that one has changed.

    Args:
        parts: from ``parts_of``.
        options: what else all reports of the run depend on, by name.
    """
    said = {name: hashlib.sha256(repr(option).encode()).hexdigest() for name, option in options.items()}
    return {name: part[:_DIGITS] for name, part in {**parts, **said}.items()}


@functools.cache
def _of_the_grader() -> str:
    return _of_files(sorted(Path(__file__).parents[1].rglob("*.py")))


def _of_files(paths: Iterable[Path]) -> str:
    sha = hashlib.sha256()
    for path in paths:
        if path.is_file() and "__pycache__" not in path.parts:
            _add(sha, path.name, path.read_bytes())
    return sha.hexdigest()


def _add(sha: hashlib._Hash, label: str, data: bytes) -> None:
    sha.update(f"{label}\0{len(data)}\0".encode())
    sha.update(data)


@functools.cache
def machine() -> str:
    """Describe this machine in one line: Python, the kind of machine, and the libraries with their builds."""
    found = ", ".join(f"{name} {version}" for name, version in versions().items() if name != "grader")
    return f"{platform.system()} {platform.machine()}, {found}"


def _judged_by(course: Course, lesson: Lesson) -> tuple[bytes, bytes]:
    """The lesson's points; and the rest of its entry in course.yml, its hints, the settings that hold for all lessons.

    Without what changes no verdict: a deadline or a late rule that is changed, or a better hint in another lesson, must
    not grade a class again. What an earlier lesson's entry does to this one is in the sources, and in the notes on
    where they come from.
    """
    rule, exercises = lesson.training, lesson.exercises
    points = [*(each.points for each in exercises), *([rule.points] if rule else [])]
    entry = msgspec.structs.replace(
        lesson,
        due=None,
        late=None,
        exercises=tuple(msgspec.structs.replace(each, points=0) for each in exercises),
        training=msgspec.structs.replace(rule, points=0) if rule else None,
    )
    return msgspec.json.encode(points), msgspec.json.encode((entry, course.limits, course.carry_forward))
