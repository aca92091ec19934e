"""Atomic file writes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """Write to a temporary file beside ``path``, then rename it, so that no reader ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.chmod(beside, 0o644)  # mkstemp makes a file that only its owner can read
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


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
