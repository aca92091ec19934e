"""Writing a release into a folder, and over an earlier one: nothing stale stays, and nothing of others is touched."""

from __future__ import annotations

import dataclasses
import hashlib
import stat
from pathlib import Path, PurePosixPath

from grader.course import CourseError
from grader.release.contents import Files
from grader.writing import write

MANIFEST = "grader/released/manifest.txt"
"""Lists the files of a release with what they hold: a later one can tell its own files from other people's."""

_HEAD = "# The files of this release, and the SHA-256 of each. `grader release` reads it to bring them up to date.\n"


@dataclasses.dataclass(frozen=True)
class Changes:
    """What a release did: paths, in order."""

    written: tuple[str, ...]
    removed: tuple[str, ...]


def update(folder: Path, files: Files) -> Changes:
    """Make ``folder`` hold exactly these files, beside what others have put there.

    Raises:
        CourseError: the folder holds something else than an earlier release, or files of it that were changed by hand;
            nothing has been written then.
    """
    earlier = _earlier(folder)
    before = {path: _digest_of(folder, path) for path in sorted({*earlier, *files})}
    # What is there and neither ours as we left it nor as we want it is somebody's work.
    wanted = {path: _digest(data) for path, data in files.items()}
    foreign = [path for path, now in before.items() if now not in ("", earlier.get(path), wanted.get(path))]
    if foreign:
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise CourseError(
            f"{folder} holds files that this release would overwrite and that are not as the last release left them: "
            f"{', '.join(foreign[:3])}{more}; move them away and run this again"
        )
    written = tuple(path for path, data in files.items() if before[path] != _digest(data))
    removed = tuple(path for path in earlier if path not in files and before[path])
    for path in written:
        write(folder / path, files[path])
    for path in removed:
        (folder / path).unlink()
        _prune((folder / path).parent, folder)
    lines = [f"{_digest(data)}  {path}\n" for path, data in sorted(files.items())]
    write(folder / MANIFEST, "".join([_HEAD, *lines]).encode())
    return Changes(written, removed)


def _earlier(folder: Path) -> dict[str, str]:
    """The digests of the files of an earlier release, by path; empty for a new folder, or one that holds only git's.

    Raises:
        CourseError: it is not a folder, or one with something else in it.
    """
    if not folder.exists():
        return {}
    if not folder.is_dir():
        raise CourseError(f"{folder} is not a folder")
    manifest = folder / MANIFEST
    if not manifest.is_file() or manifest.is_symlink():
        if any(path.name != ".git" for path in folder.iterdir()):
            raise CourseError(f"{folder} is not empty, and not an earlier release; name a new or an empty folder")
        return {}
    digests: dict[str, str] = {}
    for line in manifest.read_text(encoding="utf-8", errors="replace").splitlines():
        digest, _, path = line.partition("  ")
        parts = PurePosixPath(path).parts
        if not line.startswith("#") and path and not path.startswith("/") and ".." not in parts and ".git" not in parts:
            digests[path] = digest
    return digests


def _digest(data: bytes) -> str:
    # Git may turn line ends on the way; that is no change.
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def _digest_of(folder: Path, path: str) -> str:
    """The digest of a file; "" where there is none, and something that equals nothing where it is no plain file."""
    place = folder
    for part in PurePosixPath(path).parts[:-1]:
        place = place / part
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            return "not a folder"
    place = folder / path
    try:
        mode = place.lstat().st_mode
    except FileNotFoundError:
        return ""
    return _digest(place.read_bytes()) if stat.S_ISREG(mode) else "not a file"


def _prune(folder: Path, top: Path) -> None:
    """Remove a folder that has become empty, and those around it."""
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
