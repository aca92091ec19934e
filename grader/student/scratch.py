"""The one folder that student code may write to: a home, temporary files, caches, and the folder that it runs in.

It looks the same at every level of isolation, so that no level changes a mark: libraries that want a cache
(matplotlib), ``Path.home()``, ``tempfile`` and ``open("log.csv", "w")`` work as they do on a learner's own machine.
It is small, nobody else can look into it, and it is emptied when a session ends, so that nothing goes from one session
to the next.

What is in it is written by student code, so links are never followed, names are never trusted, and no way into it
is longer than one step: ``wipe`` takes folders apart level by level, however deep somebody has nested them.
"""

from __future__ import annotations

import contextlib
import os

BYTES = 32 << 20
"""How much may lie in it; also the size of the largest file."""

ENTRIES = 2000
"""How many files and folders may lie in it."""

DEPTH = 16
"""How deep folders may be nested in it."""

WATCH_SECONDS = 0.1
"""How often the zygote looks whether a session keeps to these: a moment's writing may go beyond them, no more."""

_VARIABLES = {
    "HOME": "home",
    "TMPDIR": "tmp",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "MPLCONFIGDIR": "cache/matplotlib",
    "TORCHINDUCTOR_CACHE_DIR": "cache/torch",
    "TORCH_HOME": "cache/torch",
}
_WORK = "work"


def environment(top: str) -> dict[str, str]:
    """The variables that lead programs to the folder ``top``; a user's name belongs to them, for it is asked for."""
    paths = {variable: os.path.join(top, name) for variable, name in _VARIABLES.items()}
    return {**paths, "USER": "student", "LOGNAME": "student", "MPLBACKEND": "Agg"}


def lay_out(top: str) -> str:
    """Make the folders that ``environment`` names, and the one to run in, which is returned."""
    for name in (*_VARIABLES.values(), _WORK):
        os.makedirs(os.path.join(top, name), mode=0o700, exist_ok=True)
    return os.path.join(top, _WORK)


def is_overfull(top: str) -> bool:
    """Whether there is more in ``top`` than may be; the walk ends as soon as that is known."""
    entries = size = 0
    level = [top]
    for _ in range(DEPTH):
        below: list[str] = []
        for folder in level:
            with contextlib.suppress(OSError), os.scandir(folder) as found:  # gone meanwhile, or closed to us
                for entry in found:
                    entries += 1
                    with contextlib.suppress(OSError):
                        size += 512 * entry.stat(follow_symlinks=False).st_blocks
                    if entries > ENTRIES or size > BYTES:
                        return True
                    if entry.is_dir(follow_symlinks=False):
                        below.append(entry.path)
        level = below
    return bool(level)


def wipe(top: str) -> bool:
    """Remove everything in ``top``.

    Returns:
        Whether that could be done. Where not, nobody else's code may run with this folder.
    """
    moved, unguessable = 0, os.urandom(8).hex()
    stuck: set[str] = set()
    while entries := [name for name in _names(top) if name not in stuck]:
        for name in entries:
            path = os.path.join(top, name)
            try:
                if os.path.isdir(path) and not os.path.islink(path):
                    with contextlib.suppress(OSError):
                        os.chmod(path, 0o700)  # it may have been made without any rights
                    for inner in _names(path):
                        below = os.path.join(path, inner)
                        if os.path.isdir(below) and not os.path.islink(below):
                            with contextlib.suppress(OSError):
                                os.chmod(below, 0o700)  # a folder has to be writable to be moved
                            moved += 1
                            os.rename(below, os.path.join(top, f".{unguessable}-{moved}"))
                        else:
                            os.unlink(below)
                    os.rmdir(path)
                else:
                    os.unlink(path)
            except OSError:
                stuck.add(name)
    return not stuck


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
