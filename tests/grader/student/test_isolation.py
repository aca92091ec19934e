"""What student code can reach at each level of isolation: libraries to read, and nothing else."""

import ctypes
import dataclasses
import os
import platform
import sys
from pathlib import Path

import pytest

from grader.student import calls, isolation, lockdown, scratch
from grader.student.errors import StudentError
from grader.student.isolation import choose
from grader.student.levels import Isolation, IsolationError
from grader.student.limits import Limits
from grader.student.processes import ZygoteClient
from grader.student.remote import Student

ROOT = Path(__file__).parents[3]
REFUSED = "PermissionError|FileNotFoundError|Read-only file system|No such process|Invalid cross-device link"

# Attempts, each a function that returns something only where it succeeds.
ATTEMPTS = """
import ctypes, fcntl, glob, mmap, os, resource, signal, socket, stat, struct, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result

def read(path): return open(path, "rb").read(20)
def folder(path): return os.listdir(path)
def write(path): open(path, "w").write("x")
def append(path): open(path, "a").write("x")
def make(path): os.mkdir(path)
def remove(path): os.unlink(path)
def link(path): os.symlink("/", path)
def hard(path): os.link(os.__file__, path)
def rename(path): os.rename(os.__file__, path)
def fifo(path): os.mkfifo(path)
def bind(path):
    s = socket.socket(socket.AF_UNIX); s.bind(path)
def fork(): return os.fork()
def spawn(): return os.posix_spawn("/bin/true", ["true"], {})
def run(): return subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout
def execute(): os.execv("/bin/true", ["true"])
def system(): return libc.system(b"exit 7") == 7 << 8 or 1 / 0
def tcp(): return str(socket.socket())
def pair(): return str(socket.socketpair())
def chmod(): os.chmod(os.__file__, 0o777)
def times(): os.utime(os.__file__)
def xattr(): os.setxattr(os.__file__, "user.x", b"x")
def truncate(): os.truncate(os.__file__, 0)
def kill(pid): os.kill(pid, 0)
def killpg(): os.killpg(0, 0)
def parent(): os.kill(os.getppid(), 0)
def limits(pid): return resource.prlimit(pid, resource.RLIMIT_NOFILE)
def memory_of(pid): return open(f"/proc/{pid}/mem", "rb").read(1)
def environment_of(pid): return open(f"/proc/{pid}/environ", "rb").read()
def memfd(): return os.memfd_create("x")
def namespace(): call(272, 0x10000000)
def nice(): os.setpriority(os.PRIO_PROCESS, 0, 5)
def schedule(): os.sched_setaffinity(0, {0})
def pidfd(pid): return os.pidfd_open(pid)
def notify():  # a descriptor that sends a signal to somebody else
    r, w = os.pipe()
    fcntl.fcntl(r, fcntl.F_SETOWN, os.getppid())
def notify_with():
    r, w = os.pipe()
    fcntl.fcntl(r, fcntl.F_SETSIG, signal.SIGKILL)
def notify_by_ioctl():
    r, w = os.pipe()
    fcntl.ioctl(r, 0x8901, struct.pack("i", os.getppid()))
def lease(): fcntl.fcntl(open(os.__file__), fcntl.F_SETLEASE, fcntl.F_RDLCK)
def attributes(): fcntl.ioctl(open(os.__file__), 0x40086602, struct.pack("l", 0x40))
def hand_over():
    own = [fd for fd in range(64) if descriptor(fd) == "socket"]
    socket.send_fds(socket.socket(fileno=os.dup(own[0])), [b"x"], [0])
def raise_limit():
    kind = resource.RLIMIT_AS
    resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
def root(): os.setuid(0)
def grader(): import grader.course

def descriptor(fd):
    try: mode = os.fstat(fd).st_mode
    except OSError: return ""
    if stat.S_ISSOCK(mode): return "socket"
    return "null" if os.path.samestat(os.fstat(fd), os.stat("/dev/null")) else f"{fd} {mode:o}"
def descriptors(): return [descriptor(fd) for fd in range(1024) if descriptor(fd)]
def environment(): return dict(os.environ)
def ids(): return os.getpid(), os.getppid(), os.getuid()
def threads_work():
    done = []; thread = threading.Thread(target=done.append, args=(1,)); thread.start(); thread.join(); return done
def libraries():
    import colorsys, html, wave, zoneinfo
    import gymnasium, hypothesis, numpy.testing, pytest, torch.utils.data
    return open("/dev/urandom", "rb").read(1) and 1
def refusals(numbers):
    answers = {}
    for name, number in numbers.items():
        # Addresses that are nowhere and descriptors that are none: what is let through fails in another way.
        result = libc.syscall(number, *[ctypes.c_long(-1)] * 6)
        answers[name] = ctypes.get_errno() if result == -1 else 0
    return answers
def number(n, *rest): return call(n, *rest)
"""


@pytest.fixture
def attempts(split):
    """The attempts above, at each level."""
    from grader.student.remote import Student

    session = split.open({"w": ATTEMPTS}, "w", Limits(cpu_seconds=20, call_seconds=60))
    session.begin(0)
    yield Student(session)
    session.close()


@pytest.mark.parametrize(
    "path",
    [
        ROOT / "course.yml",
        ROOT / "solutions" / "lesson1_agent_loop.py",
        ROOT / "tests" / "lesson1_agent_loop" / "test_agent_loop.py",
        ROOT / "grader" / "grading" / "grade.py",
        ROOT / "pyproject.toml",
        "/etc/shadow",
        "/etc/passwd",
        "/etc/hostname",
        "/proc/self/environ",
        "/proc/self/maps",
        "/proc/1/environ",
        "/proc/cpuinfo",
        "/sys/kernel/hostname",
        "/root/.bashrc",
    ],
    ids=str,
)
def test_files_cannot_be_read(attempts, path):
    if not os.path.exists(path):
        assert ROOT not in Path(path).parents, "a file of the course that has moved"
        pytest.skip("not on this machine")
    with pytest.raises(StudentError, match=REFUSED):
        attempts.read(str(path))


def test_a_submission_of_somebody_else_cannot_be_read(attempts, tmp_path):
    tmp_path.chmod(0o777)
    (tmp_path / "other.py").write_text("answer = 42")
    with pytest.raises(StudentError, match=REFUSED):
        attempts.read(str(tmp_path / "other.py"))
    with pytest.raises(StudentError, match=REFUSED):
        attempts.folder(str(tmp_path))


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/etc", "/home", "/tmp", "/proc", str(ROOT), str(ROOT / "tests"), "/dev", "/sys"),
        *("/usr/local/share", "/srv", "/usr/share/doc"),  # where nbgrader keeps a class's work, unless told otherwise
    ],
)
def test_folders_cannot_be_listed(attempts, path):
    with pytest.raises(StudentError, match=REFUSED):
        attempts.folder(path)


NEW = f"grader-was-here-{os.getpid()}"
FOLDERS = ["/tmp", "/dev/shm", "/", "/var/tmp", os.path.dirname(os.__file__), sys.prefix, str(ROOT)]
SOMEWHERE = [os.path.join(folder, NEW) for folder in FOLDERS]


@pytest.mark.parametrize("how", ["write", "append", "make", "link", "hard", "rename", "fifo", "bind"])
@pytest.mark.parametrize("path", SOMEWHERE, ids=FOLDERS)
def test_nothing_can_be_written_anywhere(attempts, path, how):
    with pytest.raises(StudentError, match=REFUSED):
        getattr(attempts, how)(path)


def test_what_can_be_read_cannot_be_changed(attempts):
    for how in ("write", "append", "remove"):
        with pytest.raises(StudentError, match=REFUSED):
            getattr(attempts, how)(os.__file__)


@pytest.mark.parametrize(
    "how",
    [
        *("fork", "spawn", "run", "execute", "system", "tcp", "pair", "chmod", "times", "xattr", "truncate", "killpg"),
        *("parent", "memfd", "namespace", "nice", "schedule", "notify", "notify_with", "notify_by_ioctl", "lease"),
        *("attributes", "hand_over", "raise_limit"),
    ],
)
def test_attempts_fail(attempts, how):
    with pytest.raises(StudentError, match=f"{REFUSED}|ZeroDivisionError|ValueError: not allowed to raise"):
        getattr(attempts, how)()


def test_the_grader_cannot_be_imported(attempts):
    with pytest.raises(StudentError, match=f"ModuleNotFoundError|{REFUSED}"):
        attempts.grader()


@pytest.mark.parametrize("how", ["kill", "limits", "memory_of", "environment_of", "pidfd"])
def test_other_processes_cannot_be_touched(attempts, how):
    _, parent, _ = attempts.ids()
    for pid in {parent, 1, 2, os.getpid()} - {0}:
        with pytest.raises(StudentError, match=REFUSED):
            getattr(attempts, how)(pid)


def test_root_is_given_up(attempts):
    if attempts.ids()[2] == 0:
        pytest.skip("no other user could read the libraries here")
    with pytest.raises(StudentError, match=f"{REFUSED}|Invalid argument"):
        attempts.root()


def test_only_the_connection_is_open(attempts):
    assert sorted(attempts.descriptors()) == ["null", "null", "null", "socket"]


def test_the_environment_is_empty_of_secrets(split, monkeypatch, start):
    import os as here

    kept = start(split, "import os\ndef f(): return dict(os.environ)").f()
    assert set(kept) <= {
        "LANG", "PATH", "PWD", "PYTHONDONTWRITEBYTECODE", "CUDA_VISIBLE_DEVICES", "TORCHINDUCTOR_CACHE_DIR",
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "KMP_DUPLICATE_LIB_OK",
        "KMP_INIT_AT_FORK", "GLIBC_TUNABLES", "PYGAME_HIDE_SUPPORT_PROMPT", "LC_CTYPE",
        *scratch.environment(""),
    }  # fmt: skip
    assert "GRADER_SALT" not in kept
    assert kept["USER"] == "student"
    assert not kept["HOME"].startswith(here.path.expanduser("~"))


def test_what_code_may_do_works(attempts):
    assert attempts.threads_work() == [1]
    assert attempts.libraries() == 1


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls are of x86-64")
def test_every_refused_call_is_refused(attempts):
    numbers = calls.refused("x86_64")
    assert len(numbers) > 130
    answers = attempts.refusals(numbers)
    assert {name: answer for name, answer in answers.items() if answer != 1} == {}


def test_no_call_is_on_both_lists_and_each_has_a_number_of_its_own():
    assert not calls.ALLOWED.keys() & calls.REFUSED.keys()
    assert calls.REFUSED.keys() >= calls.CUDA_NEEDS
    for machine in calls.MACHINES:
        numbers = [*calls.allowed(machine).values(), *calls.refused(machine).values()]
        assert len(set(numbers)) == len(numbers)
        assert all(0 <= number < 512 for number in numbers)


# Those that the generic table has no more, each with one that does the same.
REPLACED = {
    "poll": "ppoll", "select": "pselect6", "epoll_create": "epoll_create1", "epoll_wait": "epoll_pwait",
    "eventfd": "eventfd2", "pipe": "pipe2", "pause": "rt_sigsuspend", "open": "openat", "creat": "openat",
    "stat": "newfstatat", "lstat": "newfstatat", "access": "faccessat", "readlink": "readlinkat",
    "getdents": "getdents64", "dup2": "dup3", "mkdir": "mkdirat", "rmdir": "unlinkat", "unlink": "unlinkat",
    "rename": "renameat", "signalfd": "signalfd4", "time": "clock_gettime", "getpgrp": "getpgid",
}  # fmt: skip


def test_the_lists_are_the_same_for_every_machine():
    for name, both in (calls.ALLOWED | calls.REFUSED).items():
        assert both[0] is not None
        assert both[1] is not None or name in REPLACED or name in calls.REFUSED or name in ("arch_prctl", "alarm"), name
    assert all(calls.ALLOWED[name][1] is None and calls.ALLOWED[new][1] for name, new in REPLACED.items())


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls are of x86-64")
def test_every_other_call_does_not_exist(attempts):
    """Whatever a newer kernel brings, and what nobody here has thought of."""
    special = {56, 435, 302, 72, 16}  # clone, clone3, prlimit64, fcntl, ioctl: allowed by their arguments
    special |= {335, 336}  # uretprobe, uprobe: the kernel asks no filter, and ends whoever calls them by themselves
    known = {*calls.allowed("x86_64").values(), *calls.refused("x86_64").values(), *special}
    numbers = {str(number): number for number in range(600) if number not in known}
    assert {"445", "462"} <= numbers.keys(), "landlock_add_rule, mseal"
    answers = attempts.refusals(numbers)
    assert {name: answer for name, answer in answers.items() if answer != 38} == {}


IPC = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)

def tried(number, *arguments):
    result = libc.syscall(number, *arguments)
    return ctypes.get_errno() if result == -1 else "it worked"

def remove_semaphores(number): return tried(66, number, 0, 0)  # semctl, IPC_RMID
def remove_queue(number): return tried(71, number, 0, 0)  # msgctl, IPC_RMID
def take_requests():
    context = ctypes.c_ulong(0)
    return tried(206, 60_000, ctypes.byref(context))  # io_setup
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls are of x86-64")
def test_what_belongs_to_the_whole_machine_is_out_of_reach(split, start):
    """Another process's semaphores and queue are still there, and so are the machine's asynchronous requests."""
    libc = ctypes.CDLL(None, use_errno=True)
    semaphores, queue = libc.semget(0, 1, 0o666), libc.msgget(0, 0o666)
    assert semaphores >= 0
    assert queue >= 0
    requests = Path("/proc/sys/fs/aio-nr")
    try:
        before = requests.read_text()
        student = start(split, IPC)
        assert (student.remove_semaphores(semaphores), student.remove_queue(queue), student.take_requests()) == (
            1,
            1,
            1,
        )
        assert libc.semctl(semaphores, 0, 12, 0) == 0, "GETVAL"
        assert requests.read_text() == before
    finally:
        assert libc.semctl(semaphores, 0, 0, 0) == 0
        assert libc.msgctl(queue, 0, 0) == 0


THREADS = """
import threading

def most():
    done = threading.Event()
    threading.stack_size(32768)
    try:
        for number in range(6000):
            threading.Thread(target=done.wait).start()
    except RuntimeError:
        return number
    finally:
        done.set()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's own processes count as well")
@pytest.mark.parametrize("open_to_all", [True, False])
def test_root_s_threads_are_limited(open_to_all, monkeypatch):
    """Limits of threads do not hold for root, so student code is another user, wherever the libraries lie."""
    isolation._own_user.cache_clear()
    monkeypatch.setattr(isolation, "_are_libraries_open", lambda: open_to_all)
    with ZygoteClient(choose(wanted="embedded")) as place:
        session = place.open({"w": THREADS}, "w", Limits(cpu_seconds=20, call_seconds=60))
        session.begin(0)
        assert Student(session).most() < 64
    isolation._own_user.cache_clear()


def in_a_child(work):
    """The text that ``work`` returns, in a forked child; or the error that it raised."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, str(work()).encode())
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with open(reading, encoding="utf-8") as file:
        return file.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.skipif(not lockdown.landlock_version(), reason="needs Landlock")
def test_another_user_reads_root_s_libraries_and_nothing_else(tmp_path):
    for name in ("libraries", "others"):
        folder = tmp_path / name
        folder.mkdir(mode=0o700)
        (folder / "file").write_text(name)
        (folder / "file").chmod(0o600)
    ring = lockdown.Ring((str(tmp_path / "libraries"),), (), None, 60, user=1 << 21, reads_all=True, file_bytes=1 << 20)

    def entered(path, reads_all=True):
        lockdown.enter(dataclasses.replace(ring, reads_all=reads_all))
        return f"{os.getuid()}: {path.read_text()}"

    assert in_a_child(lambda: entered(tmp_path / "libraries" / "file")) == f"{1 << 21}: libraries"
    assert "PermissionError" in in_a_child(lambda: entered(tmp_path / "others" / "file"))
    assert "PermissionError" in in_a_child(lambda: entered(tmp_path / "libraries" / "file", reads_all=False))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls are of x86-64")
def test_new_processes_are_refused_by_any_name(attempts):
    with pytest.raises(StudentError, match="Function not implemented"):
        attempts.number(435, 0, 0)  # clone3: the C library then tries clone
    for flags in (17, 0x10000000 | 17, 0x40000000, 0x100, 0x8000 | 17):  # a child; with namespaces; sharing memory
        with pytest.raises(StudentError, match="PermissionError"):
            attempts.number(56, flags, 0, 0, 0, 0)
    with pytest.raises(StudentError, match="PermissionError"):
        attempts.number(302, 1, 7, 0, 0)  # somebody else's limits


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls are of x86-64")
@pytest.mark.parametrize("number", [0x40000000 + 57, 0x40000000, 0xFFFFFFFF])
def test_the_other_table_of_calls_ends_the_process(any_split, start, number):
    from grader.student.errors import StudentDied

    student = start(any_split, ATTEMPTS)
    with pytest.raises(StudentDied, match="SIGSYS"):
        student.number(number)


def test_one_child_sees_nothing_of_another(split, start):
    source = """
        import builtins, os, sys, numpy, torch
        def leave(): builtins.mark = numpy.mark = torch.mark = sys.mark = 1; os.environ["MARK"] = "1"; torch.set_default_dtype(torch.float64)
        def look():
            marks = [hasattr(place, "mark") for place in (builtins, numpy, torch, sys)]
            return any(marks) or "MARK" in os.environ or torch.get_default_dtype() != torch.float32
    """  # noqa: E501
    student = start(split, source)
    assert student.look() is False
    student.leave()
    assert student.look() is True
    assert start(split, source).look() is False


def test_the_zygote_holds_no_tests_and_no_sources(any_split, start):
    """A child has all of its parent's memory: modules, and every string that is alive."""
    start(any_split, "secret = 'the answer of the student before'")
    student = start(
        any_split,
        """
        import gc, sys
        needle = 'the answer of the ' + 'student before'
        def modules(): return [name for name in sys.modules if name.startswith(('grader', 'lesson', 'work', 'tests'))]
        def memory():
            found = []
            for thing in gc.get_objects():
                if type(thing) is dict:
                    found += [k for k, v in thing.items() if type(v) is str and v == needle and k != 'needle']
            return found
        """,
    )
    allowed = {"", ".student"}
    allowed |= {
        f".student.{name}" for name in ("errors", "frames", "affinity", "calls", "lockdown", "pages", "scratch")
    }
    allowed |= {f".student.{name}" for name in ("server", "lent", "tensors", "wire")}
    assert set(student.modules()) <= {f"grader{name}" for name in allowed} | {"work", "grader.student.zygote"}
    assert student.memory() == []


# Choosing a level


def without(monkeypatch, *, bubblewrap=False, landlock=False, seccomp=False):
    if bubblewrap:
        monkeypatch.setattr(isolation, "bubblewrap", lambda: None)
    if landlock:
        monkeypatch.setattr(lockdown, "landlock_version", lambda: 0)
    if seccomp:
        monkeypatch.setattr(lockdown, "has_seccomp", lambda: False)


def test_the_best_level_is_chosen_and_never_one_below_embedded(monkeypatch):
    monkeypatch.setattr(isolation, "bubblewrap", lambda: "/usr/bin/bwrap")
    monkeypatch.setattr(lockdown, "landlock_version", lambda: 5)
    monkeypatch.setattr(lockdown, "has_seccomp", lambda: True)
    assert choose() == Isolation("strong", ("bubblewrap", "Landlock", "seccomp", "rlimits"))
    with monkeypatch.context() as patch:
        without(patch, landlock=True)
        assert choose() == Isolation("strong", ("bubblewrap", "seccomp", "rlimits"))
        with pytest.raises(IsolationError, match="no Landlock"):
            choose(wanted="embedded")
    without(monkeypatch, bubblewrap=True)
    assert choose() == Isolation("embedded", ("Landlock", "seccomp", "rlimits"))
    assert choose(unsafe=True) == Isolation("embedded", ("Landlock", "seccomp", "rlimits"))
    with pytest.raises(IsolationError, match="bubblewrap does not work here"):
        choose(wanted="strong")
    for missing in ({"landlock": True}, {"seccomp": True}):
        with monkeypatch.context() as patch:
            without(patch, **missing)
            with pytest.raises(IsolationError, match="--unsafe"):
                choose()
            assert choose(unsafe=True) == Isolation("process only", ("rlimits",))
    assert choose(wanted="process only") == Isolation("process only", ("rlimits",))


def test_a_course_inside_a_readable_folder_is_refused(monkeypatch):
    """A virtual environment may be made in a course's own folder, and then the whole folder must not be readable."""
    monkeypatch.setattr(sys, "prefix", str(ROOT))
    assert str(ROOT) not in isolation.readable()
    assert isolation._exposed() is None
    monkeypatch.setattr(isolation, "readable", lambda: ["/usr/lib", str(ROOT.parent)])
    with pytest.raises(IsolationError, match="move it to another folder"):
        choose()


@pytest.mark.parametrize("place", ["course", "submitted", "report/out", "exchange"])
def test_no_folder_of_a_class_may_lie_where_student_code_reads(place, tmp_path, monkeypatch):
    readable = tmp_path / "library"
    (readable / "course").mkdir(parents=True)
    (tmp_path / "link").symlink_to(readable)
    monkeypatch.setattr(isolation, "readable", lambda: [str(tmp_path / "else"), str(readable)])
    apart = [tmp_path / "class", tmp_path / "library-2"]
    assert isolation._exposed(apart) is None
    for folder in (readable / place, tmp_path / "link" / place):
        with pytest.raises(IsolationError) as refused:
            choose(hidden=[*apart, folder])
        assert str(refused.value) == (
            f"{folder} lies in {readable}, which student code has to be able to read; move it to another folder"
        )
    assert choose(wanted="process only", hidden=[readable / place]).level == "process only"


def test_what_can_be_read_is_programs_and_libraries():
    for path in isolation.readable():
        for place in (
            "/usr/local/share/nbgrader/exchange",
            "/srv/nbgrader/exchange",
            "/usr/share/doc",
            "/srv/class",
        ):
            assert not Path(place).is_relative_to(path)


def test_bubblewrap_alone_still_refuses_system_calls(monkeypatch, start):
    """Where the kernel has no Landlock, the sandbox hides the files, and the rest of the ring is closed as ever."""
    try:
        choose(wanted="strong")
    except IsolationError as error:
        pytest.skip(str(error))
    if not lockdown.has_seccomp():
        pytest.skip("no seccomp filter for this processor")
    with ZygoteClient(Isolation("strong", ("bubblewrap", "seccomp", "rlimits"))) as split:
        student = start(split, ATTEMPTS)
        for how in ("fork", "tcp", "memfd", "parent"):
            with pytest.raises(StudentError, match="PermissionError"):
                getattr(student, how)()
        for path in (str(ROOT / "course.yml"), "/etc/passwd", "/root/.bashrc"):
            with pytest.raises(StudentError, match=REFUSED):
                student.read(path)
        for path in SOMEWHERE:
            with pytest.raises(StudentError, match=REFUSED):
                student.write(path)


def test_a_ring_that_cannot_be_closed_is_the_graders_fault(monkeypatch):
    from grader.student.errors import GraderFault

    try:
        chosen = choose()
    except IsolationError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(
        isolation, "ring_for", lambda *_, **__: lockdown.Ring((), (), memory_bytes=None, cpu_seconds=1e30)
    )
    with ZygoteClient(chosen) as split, pytest.raises(GraderFault, match="could not be limited"):
        split.open({"w": ""}, "w", Limits(cpu_seconds=1, call_seconds=5))
