"""Become an ordinary user and run the suite: ``python as_user.py UID HOME ARGUMENTS...``, as root.

Python, its libraries or the repository may lie in a folder that is closed to others, such as root's home. In a mount
namespace of this process's own, an empty folder that is open to all is laid over it, with nothing in it but the way to
these. Nothing is copied, nobody else sees it, and it is gone with the process.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
_NEW_MOUNTS, _PRIVATE = 0x00020000, 0x4000 | 1 << 18


def closed(path: Path) -> Path | None:
    """The first folder on the way to a path that others may not pass."""
    return next((each for each in [*reversed(path.parents), path] if not each.stat().st_mode & stat.S_IXOTH), None)


def open_the_way(paths: list[Path]) -> None:
    """Make these paths reachable for everybody, for this process and its children alone.

    Raises:
        OSError, subprocess.CalledProcessError: root may not do that here.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS) or libc.mount(b"none", b"/", None, ctypes.c_ulong(_PRIVATE), None):
        raise OSError(ctypes.get_errno(), "a view of the files of its own cannot be had")
    while above := next((found for path in paths if (found := closed(path))), None):
        kept = [path for path in paths if path.is_relative_to(above) and path != above]
        if not kept:
            raise OSError(f"{above} is needed itself, and closed to others")
        aside = [Path(tempfile.mkdtemp()) for _ in kept]
        for path, place in zip(kept, aside):
            subprocess.run(["mount", "--rbind", str(path), str(place)], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=1m", "none", str(above)], check=True)
        for path, place in zip(kept, aside):
            path.mkdir(parents=True)
            subprocess.run(["mount", "--move", str(place), str(path)], check=True)
            shutil.rmtree(place, ignore_errors=True)


def main(uid: int, home: str, arguments: list[str]) -> None:
    """Give root up, and go on as the suite."""
    needed = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve(), HERE.parents[1].resolve()}
    inside = {path for path in needed for other in needed if path != other and path.is_relative_to(other)}
    open_the_way(sorted(needed - inside))
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # What tells of root's own session is not for this one, and neither is its folder of temporary files.
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment = {**kept, "HOME": home, "PYTHONDONTWRITEBYTECODE": "1"}
    os.chdir(home)
    os.execve(sys.executable, [sys.executable, str(HERE), *arguments], environment)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
