"""Hash everything a report depends on, so that an unchanged report can be reused."""

from __future__ import annotations

import functools
import hashlib
import platform
from pathlib import Path

import msgspec

from grader.course import Course, Lesson
from grader.version import versions


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


def basis_of(course: Course, lesson: Lesson) -> bytes:
    """Hash what all reports on a lesson depend on: its entry and tests, the grader, the machine.

    Python and the libraries that judge belong to it: what another build of torch made of a submission is not kept.
    """
    sha = hashlib.sha256()
    _add(sha, "course.yml", _judged_by(course, lesson))
    files = [*sorted(course.tests(lesson).rglob("*.*")), course.released_calibration(lesson)]
    files += [course.solution(each) for each in (lesson, *course.needs(lesson))]
    files += sorted(Path(__file__).parents[1].rglob("*.py"))
    for path in files:
        if path.is_file() and "__pycache__" not in path.parts:
            _add(sha, path.name, path.read_bytes())
    _add(sha, "salt", str(course.secret("digest")).encode())
    _add(sha, "machine", machine().encode())
    return sha.digest()


def _add(sha: hashlib._Hash, label: str, data: bytes) -> None:
    sha.update(f"{label}\0{len(data)}\0".encode())
    sha.update(data)


@functools.cache
def machine() -> str:
    """Describe this machine in one line: Python, the kind of machine, and the libraries with their builds."""
    found = ", ".join(f"{name} {version}" for name, version in versions().items() if name != "grader")
    return f"{platform.system()} {platform.machine()}, {found}"


def _judged_by(course: Course, lesson: Lesson) -> bytes:
    """The lesson's entry in course.yml and its hints, and the settings that hold for all lessons.

    Without what changes no verdict: a deadline or a late rule that is changed, or a better hint in another lesson, must
    not grade a class again. What an earlier lesson's entry does to this one is in the sources, and in the notes on
    where they come from.
    """
    entry = msgspec.structs.replace(lesson, due=None, late=None)
    return msgspec.json.encode((entry, course.limits, course.carry_forward))
