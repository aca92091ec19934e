"""``ManagedFolder``: a folder whose files a command writes again and again, while people edit them in between.

Of each file there are three versions: the one that was written last, which the command remembers; the one that is in
the folder now; and the one that the command would write today. They decide what happens, and it is planned for all
files before the first one is written. A run that was cut off is completed by the next one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import stat
from collections.abc import Callable, Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from grader.errors import CourseError
from grader.files import write
from grader.managed.merge import merge

NEW = ".new"
"""Added to the name of a file that somebody has changed: there lies the version that could not be merged into it."""


class Version(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version of a file.

    Attributes:
        digest: SHA-256 of what is in it.
        text: what is in it, for a file whose later versions are merged.
    """

    digest: str
    text: str | None = None


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """The record of a folder, kept from one run to the next; paths have ``/`` between folders.

    Attributes:
        files: by path, the version that was last put into the file. What people changed since is their work.
        offered: by path, the version that lies beside the file, as ``<path>.new``.
        unfinished: by path, digests of what a run that was cut off was about to write.
    """

    files: dict[str, Version] = {}
    offered: dict[str, Version] = {}
    unfinished: dict[str, str] = {}


What = Literal["written", "updated", "merged", "removed", "kept", "left alone", "orphaned", "left deleted"]
"""What happens to a file:

    written       there was none
    updated       it was as the last run left it
    merged        somebody has changed it, and so have we: both changes are in it now
    removed       it is no longer wanted, and was as the last run left it
    kept          somebody has changed it, and we have nothing newer
    left alone    somebody has changed it, and our newer version cannot be merged into it
    orphaned      it is no longer wanted, but somebody has changed it: left alone, and theirs from now on
    left deleted  somebody has deleted it
"""


@dataclasses.dataclass(frozen=True)
class Step:
    """One file and what happens to it.

    Attributes:
        path: the file.
        what: what happens to it.
        data: what is written, if anything is.
        beside: where a file that is left alone has its newer version beside it: the path of that one. Without
            ``data`` somebody has changed that file as well.
    """

    path: str
    what: What
    data: bytes | None = None
    beside: str = ""


@dataclasses.dataclass(frozen=True)
class Plan:
    """The steps of a run.

    Attributes:
        steps: one for each file with which anything happens.
        begun: what to remember before the first step.
        done: what to remember after the last one.
    """

    steps: tuple[Step, ...]
    begun: Memory
    done: Memory

    def paths(self, what: What) -> tuple[str, ...]:
        """The paths of the files with this outcome."""
        return tuple(step.path for step in self.steps if step.what == what)


@dataclasses.dataclass(frozen=True)
class _Outcome:
    """The steps for one file, and the record to keep of it."""

    steps: tuple[Step, ...]
    known: Version | None
    offered: Version | None = None


def _never(path: str) -> bool:
    return False


@dataclasses.dataclass(frozen=True)
class ManagedFolder:
    """A folder, and the policies for files that people have edited in it.

    Attributes:
        path: the folder; it need not exist.
        memory: what is remembered of the last run.
        merges: which files are texts into which newer versions are merged. Their texts are remembered.
        stays_deleted: which files are left out once somebody has deleted them; others come back.
        lays_beside: whether a version that cannot be merged is written beside the file.
        follows_links: whether a link may stand for a file or a folder, even if it leads out of this folder.
    """

    path: Path
    memory: Memory
    merges: Callable[[str], bool] = _never
    stays_deleted: Callable[[str], bool] = _never
    lays_beside: bool = False
    follows_links: bool = False

    def plan(self, files: Mapping[str, bytes], *, restore: Collection[str] = ()) -> Plan:
        """Decide for every file; write nothing.

        Args:
            files: what the folder should hold, by path.
            restore: files that come back although somebody has deleted them.

        Raises:
            CourseError: something else is where a file should be, such as a link, or a file cannot be read.
        """
        memory = self.memory
        earlier = {path.removesuffix(NEW) for path in (*memory.files, *memory.unfinished) if _is_inside(path)}
        try:
            outcomes = {
                path: self._outcome(path, files.get(path), restored=path in restore)
                for path in (*files, *sorted(earlier - set(files)))
            }
        except OSError as error:
            raise _problem(self.path, error) from None
        steps = tuple(step for outcome in outcomes.values() for step in outcome.steps)
        # A merged file is left out: it holds other people's edits, and merging again gives the same.
        written = {
            step.beside or step.path: digest(step.data)
            for step in steps
            if step.data is not None and step.what != "merged"
        }
        return Plan(
            steps,
            begun=msgspec.structs.replace(memory, unfinished={**memory.unfinished, **written}) if written else memory,
            done=Memory(
                files={path: each.known for path, each in outcomes.items() if each.known},
                offered={path: each.offered for path, each in outcomes.items() if each.offered},
            ),
        )

    def apply(self, plan: Plan, save: Callable[[Memory], None]) -> None:
        """Carry out a plan.

        Args:
            plan: the plan.
            save: keeps the memory. It is called before the first step, so that a run that is cut off can be told from
                other people's edits, and after the last one.

        Raises:
            CourseError: a file cannot be written.
        """
        try:
            save(plan.begun)
            for step in plan.steps:
                if step.data is not None:
                    write(self.path / (step.beside or step.path), step.data)
                elif step.what == "removed":
                    (self.path / step.path).unlink(missing_ok=True)
                    _prune((self.path / step.path).parent, self.path)
            save(plan.done)
        except OSError as error:
            raise _problem(self.path, error) from None

    def _outcome(self, path: str, data: bytes | None, *, restored: bool) -> _Outcome:
        now = self._now(path)
        known = self.memory.files.get(path)
        offered = self.memory.offered.get(path)
        if offered and self._now(path + NEW) is None:
            # Whoever deletes the version beside a file has taken from it what they wanted.
            known, offered = offered, None
        clear = self._clear(path, offered)
        if data is None:
            if now is None:
                return _Outcome(clear, None)
            return _Outcome(
                (Step(path, "removed" if self._is_untouched(path, now, known) else "orphaned"), *clear), None
            )
        ours = self._version(path, data)
        if now is None:
            if known and self.stays_deleted(path) and not restored:
                return _Outcome((Step(path, "left deleted"), *clear), known)
            return _Outcome((Step(path, "written", data), *clear), ours)
        if digest(now) == ours.digest:
            return _Outcome(clear, ours)
        if self._is_untouched(path, now, known):
            return _Outcome((Step(path, "updated", data), *clear), ours)
        if known and known.digest == ours.digest:
            return _Outcome((Step(path, "kept"), *clear), ours)
        if (merged := self._merged(path, known, now, data)) is not None:
            step = Step(path, "kept") if merged == now else Step(path, "merged", merged)
            return _Outcome((step, *clear), ours)
        if not self.lays_beside:
            return _Outcome((Step(path, "left alone"),), known)
        there = self._now(path + NEW)
        ours_too = there is None or self._is_untouched(path + NEW, there, offered) or digest(there) == ours.digest
        step = Step(path, "left alone", data if ours_too else None, beside=path + NEW)
        return _Outcome((step,), known, ours if ours_too else offered)

    def _clear(self, path: str, offered: Version | None) -> tuple[Step, ...]:
        """Remove a version beside a file that is no longer needed, if it is unchanged."""
        there = self._now(path + NEW) if offered or path + NEW in self.memory.unfinished else None
        ours = there is not None and self._is_untouched(path + NEW, there, offered)
        return (Step(path + NEW, "removed"),) if ours else ()

    def _is_untouched(self, path: str, now: bytes, known: Version | None) -> bool:
        """Whether a file is as a run left it."""
        last = self.memory.files.get(path)
        return digest(now) in {version.digest for version in (known, last) if version} | {
            self.memory.unfinished.get(path)
        }

    def _version(self, path: str, data: bytes) -> Version:
        return Version(digest(data), data.decode() if self.merges(path) else None)

    def _merged(self, path: str, known: Version | None, now: bytes, data: bytes) -> bytes | None:
        """The file with both sides' changes; None if they cannot be merged."""
        if known is None or known.text is None or not self.merges(path):
            return None
        try:
            theirs = now.decode()
        except UnicodeDecodeError:
            return None
        merged = merge(path, known.text, theirs, data.decode())
        return None if merged is None else merged.encode()

    def _now(self, path: str) -> bytes | None:
        """The current content of a file; None if there is no such file.

        Raises:
            CourseError: it is not a plain file in plain folders.
        """
        file = self.path / path
        for folder in () if self.follows_links else reversed(file.parents[: len(PurePosixPath(path).parts) - 1]):
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                raise CourseError(f"{folder} is not a plain folder; move it away and run this again")
        try:
            mode = file.stat(follow_symlinks=self.follows_links).st_mode
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(mode):
            raise CourseError(f"{file} is not a plain file; move it away and run this again")
        return file.read_bytes()


def digest(data: bytes) -> str:
    """The digest by which versions are compared. Git may convert line ends; that is no change."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def _is_inside(path: str) -> bool:
    """Whether a recorded path is inside the folder and outside git's."""
    parts = PurePosixPath(path).parts
    return bool(path) and not path.startswith("/") and ".." not in parts and ".git" not in parts


def _prune(folder: Path, top: Path) -> None:
    """Remove a folder that has become empty, and then its empty parents."""
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _problem(folder: Path, error: OSError) -> CourseError:
    where = f"{error.filename}: " if error.filename else ""
    return CourseError(
        f"{folder} cannot be brought up to date ({where}{error.strerror or error}); run this again when that is fixed"
    )
