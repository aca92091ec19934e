"""Choose how strongly to isolate the student's side on this machine, and build the command that starts it."""

from __future__ import annotations

import contextlib
import functools
import os
import random
import shutil
import site
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.student import lockdown, scratch
from grader.student.levels import Isolation, IsolationError, Level, Part
from grader.student.limits import Limits


def choose(
    device: str = "cpu", *, wanted: Level | None = None, unsafe: bool = False, hidden: Iterable[Path] = ()
) -> Isolation:
    """The best isolation of this machine, never one below ``embedded`` unless it is asked for.

    Args:
        device: ``cpu`` or ``cuda``.
        wanted: exactly this level.
        unsafe: accept ``process only`` where there is nothing better.
        hidden: folders that student code must not read, beside the grader's own course: the course that is used, the
            class's submissions and reports, an exchange.

    Raises:
        IsolationError: what is wanted is not there, or student code could read what is hidden.
    """
    inside = _inner_parts()
    if wanted != "process only" and (found := _exposed(hidden)):
        folder, path = found
        raise IsolationError(
            f"{folder} lies in {path}, which student code has to be able to read; move it to another folder"
        )
    if wanted in (None, "strong"):
        if bubblewrap():
            return Isolation("strong", ("bubblewrap", *inside, "rlimits"), device)
        if wanted:
            raise IsolationError("bubblewrap does not work here; install it (Debian: apt install bubblewrap)")
    if wanted in (None, "embedded"):
        if inside == ("Landlock", "seccomp"):
            return Isolation("embedded", (*inside, "rlimits"), device)
        if wanted:
            raise IsolationError("this kernel has no Landlock, or no seccomp filter for this processor")
    if wanted == "process only" or unsafe:
        return Isolation("process only", ("rlimits",), device)
    raise IsolationError(
        "this machine can isolate student code neither with bubblewrap nor with Landlock and seccomp; grade on Linux, "
        "or accept the risk of running it unguarded with --unsafe"
    )


def _inner_parts() -> tuple[Part, ...]:
    """The kernel's mechanisms with which a process can give up access to files and system calls."""
    offers: dict[Part, bool] = {"Landlock": lockdown.landlock_version() > 0, "seccomp": lockdown.has_seccomp()}
    return tuple(part for part, there in offers.items() if there)


@functools.cache
def bubblewrap() -> str | None:
    """The path of a bubblewrap that works for this user, or None."""
    program = shutil.which("bwrap")
    if program is None:
        return None
    flags = [] if os.geteuid() == 0 else ["--unshare-user"]
    probe = [program, *flags, "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "true"]
    try:
        done = subprocess.run(probe, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return program if done.returncode == 0 else None


def readable() -> list[str]:
    """The paths that hold Python, torch and their libraries, and nothing of the course or of a class."""
    paths = [*site.getsitepackages(), "/lib", "/lib64", "/bin"]
    # Not these folders whole: a virtual environment can be made right in a course's folder, containers like to have
    # work in /usr/src, and nbgrader keeps a class's work in /usr/local/share. Of share, only time zones are read.
    for prefix in (sys.prefix, sys.base_prefix, "/usr", "/usr/local"):
        paths += [os.path.join(prefix, part) for part in ("lib", "lib64", "bin", "share/zoneinfo", "pyvenv.cfg")]
    paths += ["/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types"]
    # A CUDA build of torch has Python look up the C library while it is imported, and Python asks these.
    paths += ["/sbin/ldconfig", "/sbin/ldconfig.real"]
    return list(dict.fromkeys(path for path in paths if os.path.exists(path)))


def _exposed(hidden: Iterable[Path] = ()) -> tuple[Path, str] | None:
    """The first folder that has to stay hidden and lies in a readable path, and that path."""
    root = Path(__file__).resolve().parents[2]
    # A grader that is installed without a course around it may be read.
    folders = [*([root] if (root / "course.yml").exists() else []), *hidden]
    paths = [(path, Path(path).resolve()) for path in readable()]
    return next(
        ((folder, path) for folder in folders for path, real in paths if folder.resolve().is_relative_to(real)), None
    )


_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def _gpu_devices() -> list[str]:
    nodes = [str(path) for path in sorted(Path("/dev").glob("nvidia*"))]
    return [*nodes, "/dev/dri"] if os.path.exists("/dev/dri") else nodes


def ring_for(isolation: Isolation, limits: Limits, folder: str) -> lockdown.Ring:
    """The limits of one child at this isolation, whose scratch folder is ``folder``."""
    cuda = isolation.device != "cpu"
    user = _own_user(isolation.parts) if os.geteuid() == 0 else None
    return lockdown.Ring(
        readable=(*readable(), *(("/proc", "/sys") if cuda else ())),
        writable=(*_DEVICES, *(_gpu_devices() if cuda else ()), *(("/dev/shm",) if cuda else ())),
        memory_bytes=(16 * limits.memory_mb if cuda else limits.memory_mb) << 20,
        cpu_seconds=limits.cpu_seconds,
        landlock="Landlock" in isolation.parts,
        seccomp="seccomp" in isolation.parts,
        user=user,
        threads=64 if user is not None else _threads_at_most(),
        cuda=cuda,
        scratch=folder,
        file_bytes=scratch.BYTES,
        # Inside bubblewrap the folders above are made anew and open to all; outside, they may be root's own.
        reads_all=user is not None and isolation.level != "strong" and not _are_libraries_open(),
    )


def _threads_at_most() -> int:
    """The limit of threads of this user: the kernel counts all of them, so it is more than there are now."""
    if not os.path.exists("/proc/self/task"):
        return 4096
    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if process.stat().st_uid == os.getuid():
                found += sum(1 for _ in (process / "task").iterdir())
    return found + 512


def _are_libraries_open() -> bool:
    """Whether any user can read Python and its libraries."""
    return all(map(_is_open_to_all, (sys.prefix, sys.base_prefix)))


@functools.cache
def _own_user(parts: tuple[Part, ...]) -> int | None:
    """A user id that no other process has: limits of one user's threads do not hold for root.

    None if such a user could not read the libraries, because Landlock does not keep them from reading everything else.
    """
    if "bubblewrap" not in parts and "Landlock" not in parts and not _are_libraries_open():
        return None
    return random.SystemRandom().randrange(1 << 20, 1 << 30)


def _is_open_to_all(folder: str) -> bool:
    """Whether any user can reach what is in a folder, if it lets them."""
    return all(each.stat().st_mode & stat.S_IXOTH for each in [Path(folder), *Path(folder).parents])


def scratch_folder(isolation: Isolation) -> tuple[str, bool]:
    """The scratch folder for a zygote's children, and whether it is one out here, to be removed in the end.

    Bubblewrap makes one inside of the sandbox, where it is gone with the sandbox.
    """
    if isolation.level == "strong":
        name = "/student"
        while any(path == name or path.startswith(f"{name}/") for path in [*readable(), str(_PACKAGE)]):
            name += "-"
        return name, False
    user = _own_user(isolation.parts) if os.geteuid() == 0 else None
    above = tempfile.gettempdir()
    made = tempfile.mkdtemp(prefix="grader-student-", dir=above if user is None or _is_open_to_all(above) else "/tmp")
    if user is not None:
        os.chown(made, user, user)
    return made, True


def command(isolation: Isolation, connection: int, folder: str) -> list[str]:
    """The command that starts a zygote whose connection to the grader is file descriptor ``connection``."""
    python = [sys.executable, "-I", "-m", "grader.student.zygote", str(connection), folder]
    if isolation.level != "strong":
        return python
    program = bubblewrap()
    assert program is not None
    root = os.geteuid() == 0
    # As root there is no use for a user namespace: the child takes a user id of its own, which two capabilities allow,
    # and a third allows to end it then; with the fourth it empties the folder that the child's user has written to.
    needed = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_DAC_OVERRIDE")
    capabilities = ["--cap-drop", "ALL", *(part for name in needed for part in ("--cap-add", name))]
    flags = capabilities if root else ["--unshare-user"]
    flags += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--unshare-net"]
    return [program, *flags, "--die-with-parent", "--new-session", *_mounts(isolation.device, folder), "--", *python]


_PACKAGE = Path(__file__).resolve().parents[1]


@functools.cache
def _knows_sizes() -> bool:
    """Whether this bubblewrap can limit the size of what it keeps in memory; older ones than 0.7 cannot."""
    program = bubblewrap()
    assert program is not None
    return "--size" in subprocess.run([program, "--help"], capture_output=True, text=True, check=False).stdout


def _mounts(device: str, folder: str) -> Iterator[str]:
    binds = [path for path in readable() if not os.path.islink(path)]
    # Of the grader only the two sides' common ground, so that nothing else can be read even by mistake.
    binds += [str(_PACKAGE / "__init__.py"), str(_PACKAGE / "student")]
    # A bind inside another one is there already.
    binds = [path for path in binds if not any(path.startswith(f"{other}/") for other in binds)]
    for path in ("/bin", "/lib", "/lib64"):
        if os.path.islink(path):
            yield from ("--symlink", os.readlink(path), path)
    made: set[str] = set()
    for path in binds:
        for parent in reversed(list(Path(path).parents)[:-1]):
            if str(parent) not in made:
                made.add(str(parent))
                yield from ("--perms", "0755", "--dir", str(parent))
        yield from ("--ro-bind", path, path)
    yield from ("--dev", "/dev", "--proc", "/proc")
    # Twice as large as it may become: who writes too much is told so by the zygote, which has to see it first.
    yield from ("--perms", "0777", *(("--size", str(2 * scratch.BYTES)) if _knows_sizes() else ()), "--tmpfs", folder)
    if device != "cpu":
        for node in _gpu_devices():
            yield from ("--dev-bind", node, node)
        yield from ("--ro-bind", "/sys", "/sys")
    else:
        # Where the C library looks up how large the pages can be that the zygote asks it for.
        pages = "/sys/kernel/mm/transparent_hugepage"
        yield from ("--ro-bind-try", pages, pages, "--remount-ro", "/dev")
    yield from ("--remount-ro", "/")
