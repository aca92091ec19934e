"""Atomic file writes."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path


def write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write to a temporary file beside ``path``, then rename it, so that no reader ever sees half a file.

    Args:
        path: the file.
        data: what it is to hold.
        private: let its owner alone read it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            _claim(descriptor)
            file.write(data)
            file.flush()
            if not private:
                os.chmod(beside, 0o644)  # mkstemp makes a file that only its owner can read
            os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


_LEFT_OVER = re.compile(r"\..+\.(csv|html|index|json|log)\.[a-z0-9_]{8}")


def sweep(folder: Path) -> None:
    """Remove the temporary files of tables, pages and reports that ``write`` was killed over.

    One that is still being written is claimed by its writer, and the system ends the claim with the process: what a
    second run writes into the same folder stays.
    """
    with contextlib.suppress(OSError):
        for path in [path for path in folder.iterdir() if _LEFT_OVER.fullmatch(path.name)]:
            with contextlib.suppress(OSError):
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    if _claim(descriptor):
                        os.unlink(path)
                finally:
                    os.close(descriptor)


def _claim(descriptor: int) -> bool:
    """Claim a file for as long as it is open here; whether nobody else has."""
    try:
        import fcntl  # on Windows there is none, and nobody grades a class

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def write_once(path: Path, data: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all, if there is none of that name.

    Raises:
        FileExistsError: there is one; it stays as it is.
    """
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.link(beside, path)  # unlike a rename, it replaces nothing
    finally:
        os.unlink(beside)


@contextlib.contextmanager
def new_files(files: Mapping[Path, bytes]) -> Iterator[None]:
    """Write files that must not exist yet, and remove them again if that, or the body of ``with``, fails.

    Raises:
        FileExistsError: one of them is there, so none was written; it is the error's ``filename``.
        OSError: one of them cannot be written, so none is there.
    """
    with contextlib.ExitStack() as undo:
        for path in files:
            for folder in reversed([each for each in path.parents if not each.exists()]):
                folder.mkdir()
                undo.callback(_remove_if_empty, folder)
            path.open("xb").close()  # from here on nobody else can make it
            undo.callback(path.unlink, missing_ok=True)
        for path, data in files.items():
            write(path, data)
        yield
        undo.pop_all()


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
