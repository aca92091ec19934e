"""The folder that student code may write to: the same at every level, small, and empty for whoever comes next."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from grader.student import scratch
from grader.student.errors import StudentDied, StudentError
from grader.student.isolation import choose
from grader.student.levels import IsolationError
from grader.student.limits import Limits
from grader.student.processes import ZygoteClient

USES = """
import inspect, os, pdb, shutil, tempfile
from pathlib import Path

class Box:
    def push(self): return 1

def writes():
    Path("log.csv").write_text("step,return")
    (Path.home() / "notes.txt").write_text("mine")
    with tempfile.NamedTemporaryFile("w+") as file, tempfile.TemporaryDirectory() as folder:
        file.write("x"); file.truncate(0); Path(folder, "inner").mkdir()
    os.rename("log.csv", "log-1.csv")
    return Path("log-1.csv").read_text()
def looks():
    return sorted(str(path.relative_to(Path.cwd().parent)) for path in Path.cwd().parent.rglob("*") if path.is_file())
def finds_itself():
    return Path(__file__).read_text() == inspect.getsource(inspect.getmodule(Box)), Path(__file__).name
def sources(): return inspect.getsource(writes).splitlines()[0], inspect.getsource(Box).splitlines()[1]
def stops():
    breakpoint(); pdb.set_trace()
    return "went on"
def plots():
    import matplotlib.pyplot as plt
    plt.plot([1, 2]); plt.savefig("curve.png")
    return os.path.getsize("curve.png") > 1000
def links(): os.symlink("/", "root")
def hard(): os.link(os.__file__, "hard")
def pipes(): os.mkfifo("pipe")
def one_large(): Path("large").write_bytes(bytes(33 << 20))
def fills():
    for i in range(200): Path(f"part{i}").write_bytes(bytes(8 << 20))
def many():
    for i in range(10**6): Path(f"file{i}").touch()
def nests():
    for i in range(10**6): os.mkdir("d"); os.chdir("d")
def hides():
    os.mkdir("../home/closed", mode=0); os.makedirs("a/b/c/d/e"); Path("a/b/c/d/e/f").touch()
    for i in range(10): os.mkdir("d", mode=0o500 if i == 9 else 0o700); os.chdir("d")
def takes(mb): return len(bytearray(mb << 20))
"""


@pytest.mark.parametrize("_", range(2))
def test_what_works_on_one_s_own_machine_works_here(split, start, _):
    student = start(split, USES)
    assert student.looks() == ["work/work.py"]
    assert student.writes() == "step,return"
    assert student.looks() == ["home/notes.txt", "work/log-1.csv", "work/work.py"]


def test_a_module_knows_its_file_and_its_source(place, start, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    student = start(place, USES)
    assert student.sources() == ("def writes():", "    def push(self): return 1")
    if place.isolation.level != "in this process":  # there the file is where the learner has it, and nothing is written
        assert student.finds_itself() == (True, "work.py")
    assert list(tmp_path.iterdir()) == []


def test_a_debugger_that_was_forgotten_does_not_stop_anything(split, start):
    assert start(split, USES).stops() == "went on"


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed")
def test_matplotlib_works(split, start):
    assert start(split, USES).plots() is True


def test_only_files_and_folders_can_be_made(split, start):
    student = start(split, USES)
    for how in ("hard", "pipes", *(["links"] if "Landlock" in split.isolation.parts else [])):
        with pytest.raises(StudentError, match=r"PermissionError|cross-device"):
            getattr(student, how)()


def test_a_file_that_is_too_large_is_an_error_in_the_code(split, start):
    with pytest.raises(StudentError, match="File too large"):
        start(split, USES).one_large()


@pytest.mark.parametrize("how", ["many", "nests"])
def test_whoever_keeps_too_much_is_ended(split, start, how):
    with pytest.raises(StudentDied, match="kept more than 32 MB, 2,000 files or 16 levels"):
        getattr(start(split, USES, cpu_seconds=60, call_seconds=60), how)()
    assert start(split, USES).looks() == ["work/work.py"]


def test_a_disk_is_not_filled(split, start):
    """Bubblewrap's own limit may come first: then it is an error in the code."""
    with pytest.raises((StudentError, StudentDied), match=r"kept more than|No space left"):
        start(split, USES, cpu_seconds=60, call_seconds=60).fills()
    assert start(split, USES).looks() == ["work/work.py"]


def test_nothing_is_left_for_the_next_session(split, start):
    start(split, USES).hides()
    student = start(split, USES)
    assert student.looks() == ["work/work.py"]
    assert student.writes() == "step,return"


def test_the_folder_goes_with_the_zygote():
    try:
        isolation = choose(wanted="embedded")
    except IsolationError as error:
        pytest.skip(str(error))
    for abandoned in (False, True):
        zygote = ZygoteClient(isolation)
        folder = Path(zygote._scratch)
        assert folder.stat().st_mode & 0o077 == 0, "nobody else may look into it"
        zygote.open({"w": USES}, "w", Limits(cpu_seconds=9, call_seconds=9, memory_mb=900)).close()
        if abandoned:  # as by a grader that was killed: the zygote sees that nobody is there any more
            zygote._program.connection.close()
            zygote._program.process.wait(timeout=60)
        else:
            zygote.close()
        assert not folder.exists()


def test_memory_means_what_the_code_takes_beyond_its_imports(split, start):
    """One build of torch maps 0.6 GB of address space when it is imported, another one more than 3."""
    student = start(split, USES, memory_mb=400)
    assert student.takes(250) == 250 << 20
    with pytest.raises(StudentError, match="MemoryError"):
        student.takes(450)


# Emptying a folder


def test_wiping_follows_no_link_and_needs_no_short_path(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    top = tmp_path / "top"
    top.mkdir()
    (top / "link").symlink_to(outside)
    (top / "folder").mkdir()
    (top / "folder" / "link").symlink_to(outside)
    (top / "closed").mkdir(mode=0)
    here = os.getcwd()
    os.chdir(top)
    try:
        for _ in range(1500):  # longer than the system takes a path to be
            os.mkdir("deep")
            os.chdir("deep")
    finally:
        os.chdir(here)
    assert scratch.is_overfull(str(top))
    assert scratch.wipe(str(top))
    assert list(top.iterdir()) == []
    assert (outside / "kept").exists()


def test_what_may_lie_there(tmp_path):
    work = scratch.lay_out(str(tmp_path))
    assert not scratch.is_overfull(str(tmp_path))
    Path(work, "model.pt").write_bytes(os.urandom(20 << 20))
    assert not scratch.is_overfull(str(tmp_path))
    Path(work, "other.pt").write_bytes(os.urandom(13 << 20))
    assert scratch.is_overfull(str(tmp_path))
    assert scratch.wipe(str(tmp_path))
    for i in range(scratch.ENTRIES):
        Path(tmp_path, str(i)).touch()
    assert not scratch.is_overfull(str(tmp_path))
    Path(tmp_path, "one more").touch()
    assert scratch.is_overfull(str(tmp_path))
