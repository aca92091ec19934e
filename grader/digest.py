"""What a report depends on, in one number: whoever would make the same report again can keep the one that is there."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import platform
from pathlib import Path

from grader.course import Course, Lesson

_LIBRARIES = ("torch", "numpy", "gymnasium", "hypothesis", "pytest", "msgspec")


def digest(course: Course, lesson: Lesson, sources: dict[str, str], *options: object) -> str:
    """A digest of all that a report depends on: sources, the lesson's tests, the course, the grader, the options.

    Python and the libraries that judge belong to it: what another build of torch made of a submission is not kept.
    """
    sha = hashlib.sha256()

    def add(label: str, data: bytes) -> None:
        sha.update(f"{label}\0{len(data)}\0".encode())
        sha.update(data)

    add("options", repr(options).encode())
    for name, text in sorted(sources.items()):
        add(name, text.encode("utf-8", "surrogatepass"))
    files = [course.root / "course.yml", *sorted(course.tests(lesson).rglob("*.*"))]
    files += [course.solution(course.lesson(name)) for name in (lesson.name, *lesson.imports)]
    files += sorted(Path(__file__).parent.rglob("*.py"))
    for path in files:
        if path.is_file() and "__pycache__" not in path.parts:
            add(path.name, path.read_bytes())
    add("salt", str(course.secret("digest")).encode())
    add("versions", versions().encode())
    return sha.hexdigest()


@functools.cache
def versions() -> str:
    """What judges on this machine: Python, the processor's kind, and the libraries with their builds, in one line."""
    found = [f"Python {platform.python_version()} ({platform.system()} {platform.machine()})"]
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)
