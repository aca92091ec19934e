"""The folder of a release: what is remembered of it, what it must not be, and its policies for other people's edits."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

import msgspec

from grader.course import Course
from grader.errors import CourseError
from grader.files import write
from grader.managed.folder import ManagedFolder, Memory, Plan, Version, digest
from grader.release.contents import Files
from grader.submissions.apart import overlap

STATE = "grader/released/state.json"
"""Where the state is kept: in the folder, so that it is there after a clone as well."""

MANIFEST = "grader/released/manifest.txt"
"""Where releases had a list of their files before there was a state: they can still be brought up to date."""

_ABOUT = "Written by `grader release`, which reads it to bring this folder up to date. It holds nothing secret."

_TEXTS = {".json", ".md", ".py", ".toml", ".txt", ".yml", ""}
"""Files of these kinds are merged. Notebooks and figures are not: a merge by lines breaks them."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a release, as stored in its folder.

    Attributes:
        about: what the file is, for people who come across it.
        lessons: names of the lessons that are out.
        with_tests: whether tests and solutions are in the folder, for people who learn alone.
        memory: the files. Their texts are there to merge later versions with other people's edits.
    """

    about: str = _ABOUT
    lessons: tuple[str, ...]
    with_tests: bool
    memory: Memory


def read_state(folder: Path) -> State | None:
    """Read the record of a folder's release; None for a new folder, or one that holds only git's files.

    Raises:
        CourseError: it is not a folder, it is one with something else in it, or its state cannot be read.
    """
    path = folder / STATE
    try:
        if not folder.exists():
            return None
        if not folder.is_dir():
            raise CourseError(f"{folder} is not a folder")
        if path.is_file() and not path.is_symlink():
            return msgspec.json.decode(path.read_bytes(), type=State)
        manifest = folder / MANIFEST
        if manifest.is_file() and not manifest.is_symlink():
            return _from_manifest(manifest.read_bytes())
        if any(each.name != ".git" for each in folder.iterdir()):
            raise CourseError(f"{folder} is not empty, and not an earlier release; name a new or an empty folder")
    except OSError as error:
        raise CourseError(f"{error.filename or folder} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise CourseError(f"{path} cannot be read ({reason}); restore it, or release into a new folder") from None
    return None


def refuse_the_course(course: Course, folder: Path) -> None:
    """Refuse to release into the course's own folder.

    Raises:
        CourseError: the folder is the course's, lies in it, or has it inside.
    """
    how = overlap(course.root, folder)
    if how in ("is", "lies in"):
        raise CourseError(
            f"{folder} is in the folder of the course itself; name one outside of it, such as ../students"
        )
    if how == "holds":
        raise CourseError(f"{folder} holds the course itself; name another folder")


def refuse_secrets(folder: Path, state: State | None) -> None:
    """Refuse a class's folder that holds tests or solutions that this command has not written.

    Raises:
        CourseError: some are there.
    """
    if state and state.with_tests:
        return
    ours = state.memory.files if state else {}
    for path in sorted([*folder.glob("solutions/lesson*"), *folder.glob("tests/lesson*/*")]):
        if path.relative_to(folder).as_posix() not in ours:
            raise CourseError(
                f"{path} is there, as in a course with its tests and solutions, and students would get it; move it "
                "away, or name another folder"
            )


def plan(folder: Path, state: State | None, files: Files, restore: Collection[str] = ()) -> Plan:
    """Plan a release; nothing is written.

    Args:
        folder: the folder.
        state: what is remembered of it.
        files: what it should hold.
        restore: files that come back although somebody has deleted them.

    Raises:
        CourseError: a file to restore is not in the release, or something in the folder is in the way.
    """
    for path in restore:
        if path not in files:
            raise CourseError(f"{path} is not a file of this release, so it cannot be restored")
    return _managed(folder, state).plan(files, restore=restore)


def apply(folder: Path, before: State | None, plan: Plan, lessons: Iterable[str], with_tests: bool) -> None:
    """Carry out the plan, and record it in the folder.

    The lessons and the tests are written down first: if the run is cut off, a solution that was already written is
    never taken for something else.

    Raises:
        CourseError: a file cannot be written.
    """

    def save(memory: Memory) -> None:
        state = State(lessons=tuple(lessons), with_tests=with_tests, memory=memory)
        data = msgspec.json.format(msgspec.json.encode(state, order="deterministic"), indent=1) + b"\n"
        path = folder / STATE
        if not path.is_file() or path.read_bytes() != data:
            write(path, data)

    _managed(folder, before).apply(plan, save)


def _managed(folder: Path, state: State | None) -> ManagedFolder:
    memory = state.memory if state else Memory()
    return ManagedFolder(
        folder, memory, merges=_is_merged, stays_deleted=lambda path: not _is_needed(path), lays_beside=True
    )


def _is_merged(path: str) -> bool:
    """Whether a new version of a file is merged with edits: true for the course's texts, not for program or tests."""
    pure = PurePosixPath(path)
    return pure.suffix in _TEXTS and pure.parts[0] not in ("grader", "tests", "solutions")


def _is_needed(path: str) -> bool:
    """Whether a students' copy depends on a file: the course is read from course.yml and the hints."""
    return path.startswith("grader/") or path == "course.yml" or PurePosixPath(path).match("exercises/*.yml")


def _from_manifest(data: bytes) -> State:
    """The state of a release that has only the list: digests of its files, without their texts."""
    pairs = [line.partition("  ") for line in data.decode().splitlines() if not line.startswith("#")]
    files = {path: Version(sha256) for sha256, _, path in pairs if path}
    released = [PurePosixPath(path) for path in files if path.startswith("grader/released/")]
    return State(
        lessons=tuple(path.stem for path in released if path.suffix == ".py"),
        with_tests=any(path.startswith("solutions/") for path in files),
        # The list itself is an old file too, which this release no longer has.
        memory=Memory({**files, MANIFEST: Version(digest(data))}),
    )
