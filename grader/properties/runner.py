"""Run a lesson's hidden properties against one submission."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.assertion import util
from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal import constants_ast
from hypothesis.internal.conjecture import providers

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.properties.finding import Finding
from grader.properties.plugin import OpenSession, Properties
from grader.student.budget import Budget
from grader.student.errors import GraderFault

# Nothing that depends on the clock may decide what is tried: no deadlines, no health checks of speed, no database of
# earlier failures. The explain phase traces every line of the tests and tells a student nothing.
settings.register_profile(
    "grader",
    derandomize=False,
    database=None,
    deadline=None,
    max_examples=25,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    print_blob=False,
)
settings.register_profile(
    "grader without shrinking", settings.get_profile("grader"), phases=(Phase.explicit, Phase.generate)
)


def run(
    course: Course,
    lesson: Lesson,
    open_session: OpenSession,
    *,
    tell: Callable[[Finding, int], None] | None = None,
    only: frozenset[str] | None = None,
    until_failure: bool = False,
    keep: int = 0,
    shrink: bool = True,
    budget: Budget | None = None,
    first: tuple[str, ...] = (),
    failing: Callable[[Finding, int], None] | None = None,
) -> list[Finding]:
    """Run all properties of a lesson.

    Args:
        course: the course.
        lesson: whose properties.
        open_session: gives a fresh session with the submission loaded; called once per property.
        tell: hears of every finding, and how many there will be.
        only: names of exercises to run, or None for all.
        until_failure: stop at the first property that fails; only those that came before it have findings.
        keep: how many examples of each property to keep as cases.
        shrink: make a failing example as small as it can be made.
        first: properties, or exercises, to run before the others.
        failing: hears of a property, and how many there are, at its first example that fails.
        budget: the time for the whole submission, with which sessions are opened; what comes after it is not asked.

    Returns:
        One finding per property, in the order of the exercises in course.yml.

    Raises:
        CourseError: the lesson's tests cannot be collected.
        GraderFault: the machinery failed, so that there is no verdict.
    """
    folder = course.tests(lesson)
    files = sorted(folder.glob("test_*.py"))
    if not files:
        raise CourseError(f"{lesson.name} has no hidden properties in tests/{lesson.name}/")
    plugin = Properties(course, lesson, open_session, tell, only, budget, keep, first, failing)
    flags = ["-c", os.devnull, "--rootdir", str(course.root), "--import-mode=importlib", "--capture=no"]
    flags += ["--disable-plugin-autoload", "-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:junitxml"]
    flags += ["-p", "no:faulthandler", "-p", "no:unraisableexception", "-p", "no:threadexception", "-W", "ignore"]
    # What no property uses, though each of it does something around every property.
    for unused in ("logging", "doctest", "unittest", "tmpdir", "recwarn", "setuponly", "setupplan", "pastebin"):
        flags += ["-p", f"no:{unused}"]
    flags += ["--exitfirst"] if until_failure else []
    _forget_other_versions(course.root, files)
    with _same_examples_everywhere("grader" if shrink else "grader without shrinking"), _without_differences():
        status = pytest.main([*flags, *map(str, files)], plugins=[plugin])
    if plugin.problem is not None:
        raise plugin.problem
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise GraderFault(f"pytest stopped with {pytest.ExitCode(status).name} on tests/{lesson.name}/")
    return list(plugin.findings.values())


_versions: dict[str, tuple[str, int, int]] = {}
"""Which file, of which time and size, each imported test module was made from."""


def _forget_other_versions(root: Path, files: list[Path]) -> None:
    """Forget test modules that have changed; the others stay imported, which saves most of a run's start-up time."""
    for file in files:
        name = ".".join(file.relative_to(root).with_suffix("").parts)
        status = file.stat()
        version = (str(file), status.st_mtime_ns, status.st_size)
        if _versions.get(name) != version:
            sys.modules.pop(name, None)
            _versions[name] = version


@contextlib.contextmanager
def _same_examples_everywhere(profile: str) -> Iterator[None]:
    """Make hypothesis's examples depend on the seed alone.

    Hypothesis also tries constants that it finds in whatever local modules happen to be imported: those of the
    submission, where it runs in this process. The same property would then see other examples in another process.
    """
    before, constants = settings._current_profile or "default", providers._get_local_constants
    settings.load_profile(profile)
    nothing = constants_ast.Constants()
    providers._get_local_constants = lambda: nothing
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        providers._get_local_constants = constants
        providers.CONSTANTS_CACHE.cache.clear()
        settings.load_profile(before)


@contextlib.contextmanager
def _without_differences() -> Iterator[None]:
    """Comparisons that fail without pytest's list of what differs in them.

    Nobody reads it here, and to make it takes time that grows with the square of an answer, or with its cube.
    """
    before = util.assertrepr_compare
    util.assertrepr_compare = lambda *_, **__: iter(())
    try:
        yield
    finally:
        util.assertrepr_compare = before
