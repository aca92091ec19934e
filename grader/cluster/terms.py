"""The terms of a run, and what a worker says to them."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import platform
from collections.abc import Mapping
from pathlib import Path

import msgspec

from grader.course import Course
from grader.grading.origin import of_the_grader
from grader.student.levels import Isolation, Level
from grader.version import versions

GPU = "GPU"
"""The resource of Dask's that workers with a CUDA device are started with: ``--resources GPU=1``."""

_SYSTEM, _CODE = "the system", "the grader's code"
_LIBRARIES = ("distributed", "msgspec", "cloudpickle")


@dataclasses.dataclass(frozen=True)
class Terms:
    """The terms of a run.

    Attributes:
        run: a name that no other run has.
        bundle: the name of the course's bundle.
        course: the course, with the salt of the class; its folder is another one on every machine.
        salt_print: by which a worker shows that it has the same salt.
        wanted: exactly this isolation; None for the best of each worker.
        unsafe: whether a worker that can isolate nothing may take part.
        device: ``cpu`` or ``cuda``.
        hidden: folders of the caller that student code must not read, should they be there too.
    """

    run: str
    bundle: str
    course: Course
    salt_print: str
    wanted: Level | None
    unsafe: bool
    device: str
    hidden: tuple[Path, ...]

    @property
    def resource(self) -> str:
        """The resource of Dask's that workers have who take part in this run."""
        return f"grader-{self.run}"

    @property
    def topic(self) -> str:
        """The topic of Dask's under which workers tell what they do."""
        return f"grader-{self.run}"


def terms(
    run: str,
    bundle: str,
    course: Course,
    *,
    wanted: Level | None,
    unsafe: bool,
    device: str,
    hidden: tuple[Path, ...],
) -> Terms:
    """The terms of a run with this course; a salt that the environment has goes along with it."""
    salted = course.effective_salt if course.is_salted else ""
    there = msgspec.structs.replace(course, class_salt=salted, root=Path("."))
    return Terms(run, bundle, there, course.salt_print, wanted, unsafe, device, hidden)


@dataclasses.dataclass(frozen=True)
class Ready:
    """The worker takes part.

    Attributes:
        isolation: how it walls in student code.
        slots: how many jobs it does at a time.
    """

    isolation: Isolation
    slots: int


@dataclasses.dataclass(frozen=True)
class Refused:
    """The worker takes no part.

    Attributes:
        why: one line, as the end of a sentence about the worker.
    """

    why: str


@dataclasses.dataclass(frozen=True)
class NeedsCourse:
    """The worker has to be sent the course first."""


Answer = Ready | Refused | NeedsCourse


def facts() -> dict[str, str]:
    """All that has to be the same on both sides: versions, the grader's own code, the kind of machine."""
    libraries = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    system = f"{platform.system()} {platform.machine()}"
    return {_SYSTEM: system, **versions(), **libraries, _CODE: of_the_grader()}


def difference(there: Mapping[str, str], here: Mapping[str, str]) -> str:
    """The first thing that is not the same, as the end of a sentence about the worker; "" if all is."""
    for name, own in here.items():
        other = there.get(name, "unknown")
        if other == own:
            continue
        if name == _CODE:
            return "its grader is not the same as here, though of the same version; install the same one"
        remedy = "grade from a machine of that kind" if name == _SYSTEM else "install the versions of constraints.txt"
        return f"{name} is {other} there and {own} here; {remedy}"
    return ""
