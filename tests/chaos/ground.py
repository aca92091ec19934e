"""The folders of a chaotic run, two of which are small disks of their own where this user may mount some."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_DISK = "size=64m,nr_inodes=8000,mode=0755"
_TEMPORARY = "size=64m,nr_inodes=2000,mode=1777"


@dataclass(frozen=True)
class Ground:
    """Where everything lies.

    Attributes:
        top: all of it.
        mounted: whether ``disk`` and ``temporary`` are disks of their own.
    """

    top: Path
    mounted: bool

    @property
    def course(self) -> Path:
        """A copy of the course, with a salt of its own."""
        return self.top / "course"

    @property
    def submitted(self) -> Path:
        """The class."""
        return self.top / "submitted"

    @property
    def disk(self) -> Path:
        """Holds the reports of the faulty runs; it can be full, or read-only."""
        return self.top / "disk"

    @property
    def temporary(self) -> Path:
        """TMPDIR of every run; it can be full."""
        return self.top / "temporary"

    @property
    def clock(self) -> Path:
        """By how many seconds the clock is ahead; see ``clock/sitecustomize.py``."""
        return self.top / "clock"

    def environment(self) -> dict[str, str]:
        """The environment of every run."""
        clock = Path(__file__).parent / "clock"
        own = {"TMPDIR": self.temporary, "XDG_CACHE_HOME": self.top / "cache", "PYTHONPATH": clock}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GRADER_")}
        return {**kept, **{name: str(path) for name, path in own.items()}, "CHAOS_CLOCK": str(self.clock)}

    def remount(self, how: str) -> bool:
        """Make the disk of the reports ``ro`` or ``rw``; False while somebody is writing to it."""
        done = subprocess.run(["mount", "-o", f"remount,{how}", self.disk], capture_output=True, check=False)
        return done.returncode == 0

    def fill(self, disk: Path) -> None:
        """Leave no room on a disk, neither for a byte nor for a file."""
        rest = disk / "rest"
        rest.mkdir()
        with contextlib.suppress(OSError), (rest / "bytes").open("wb", buffering=0) as file:
            while file.write(b"\0" * (1 << 16)):
                pass
        with contextlib.suppress(OSError):
            for number in range(10_000):
                (rest / str(number)).touch()

    def make_room(self, disk: Path) -> None:
        """Undo ``fill``."""
        shutil.rmtree(disk / "rest", ignore_errors=True)


@contextlib.contextmanager
def laid_out(root: Path) -> Iterator[Ground]:
    """The folders, with a copy of the course at ``root``, which are gone afterwards.

    What one call of a student's may take is shortened, so that a grader which is stopped for longer than that is not
    stopped for minutes.
    """
    top = Path(tempfile.mkdtemp(prefix="chaos-"))
    top.chmod(0o755)
    ground = Ground(top, _apart())
    try:
        for folder, options in ((ground.disk, _DISK), (ground.temporary, _TEMPORARY)):
            folder.mkdir()
            if ground.mounted:
                subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        ground.temporary.chmod(0o1777)
        ground.course.mkdir()
        for name in ("exercises", "solutions", "tests"):
            there = shutil.ignore_patterns("grader", "chaos", "attacks", "figures", "__pycache__")
            shutil.copytree(root / name, ground.course / name, ignore=there)
        text = (root / "course.yml").read_text(encoding="utf-8")
        (ground.course / "course.yml").write_text(f"limits: {{call_seconds: 8}}\n{text}", encoding="utf-8")
        yield ground
    finally:
        if ground.mounted:
            for folder in (ground.disk, ground.temporary):
                subprocess.run(["umount", "-l", folder], capture_output=True, check=False)
        shutil.rmtree(top, ignore_errors=True)


def _apart() -> bool:
    """Whether this process may mount disks: in a mount namespace of its own, so that none can be left behind."""
    if os.geteuid() or shutil.which("mount") is None:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS):
        return False
    private = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, check=False)
    return private.returncode == 0
