"""The command as it is typed: help, one line for every mistake, exit statuses."""

from __future__ import annotations

import importlib.metadata
import platform
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import tiny_course
import typer
import typer.testing
from tiny_course import NUMBERS, hand_in
from typed import ends, grader

from grader import cli
from grader.student.isolation import choose
from grader.student.levels import IsolationError
from grader.version import versions

ONE = ("--jobs", "1")
"""Tests are run side by side already."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_course.make(tmp_path / "course").root


def test_help_names_every_command(folder: Path) -> None:
    done = grader(folder, "--help")
    assert done.returncode == 0
    for name in ("new", "mutants", "examples", "bar", "calibrate"):
        assert f"│ {name} " in done.stdout
    for name in ("check", "train", "grade", "demo", "verify", "build"):
        assert name in done.stdout
        assert grader(folder, name, "--help").returncode == 0


def test_every_option_has_a_help_text_that_begins_plainly() -> None:
    texts = {}
    commands = [("grader", typer.main.get_command(cli.app))]
    while commands:
        name, command = commands.pop()
        commands += [(f"{name} {each}", inner) for each, inner in getattr(command, "commands", {}).items()]
        texts[name] = command.help
        texts |= {f"{name} {each.name}": getattr(each, "help", None) for each in command.params}
    assert "grader train file" in texts
    assert "grader export canvas template" in texts
    assert [name for name, text in texts.items() if not text] == []
    unclear = ("Whether", "Where", "Who", "What", "When", "Which", "From which")
    assert [name for name, text in texts.items() if text and text.startswith(unclear)] == []


def test_version_is_pyproject_s_and_imports_nothing_heavy(tmp_path: Path) -> None:
    """Outside of a course too. The versions are read from metadata, as importing torch takes seconds."""
    code = (
        "import sys\nfrom grader.cli import main\n"
        "try: main()\nexcept SystemExit as end: print('status', end.code or 0)\n"
        "print(*sorted({'torch', 'gymnasium', 'numpy', 'pytest'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    *lines, status, imported = done.stdout.splitlines()
    versions = dict(line.split() for line in lines)
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert versions["grader"] == project["version"]
    assert versions["Python"] == platform.python_version()
    assert versions["torch"] == importlib.metadata.version("torch")
    assert versions["gymnasium"] == importlib.metadata.version("gymnasium")
    assert (status, imported) == ("status 0", "")


def test_a_package_that_is_not_there_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert versions()["torch"] == "not installed"
    assert versions()["Python"] == platform.python_version()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("check", "7"), "no single lesson is called '7'"),
        (("check", "1", "--file", "nowhere.py"), "nowhere.py does not exist"),
        (("train", "1"), "lesson1_numbers has no training check"),
        (("grade", "nowhere"), "nowhere is not a folder"),
        (("grade", "tests", "--lesson", "9"), "no single lesson"),
        (("grade", "tests", "--student", "student-999"), "'student-999'"),
    ],
)
def test_a_mistake_is_one_line(folder: Path, words: tuple[str, ...], says: str) -> None:
    done = grader(folder, *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_outside_of_a_course(tmp_path: Path) -> None:
    done = grader(tmp_path, "check", "1")
    assert done.returncode == 2
    assert "no course.yml" in done.stderr


def test_check_of_an_untouched_stub_is_friendly(folder: Path) -> None:
    done = grader(folder, "check", "1")
    assert done.returncode == 1
    assert "not started yet" in done.stdout.lower()
    assert "exercises/lesson1_numbers.py" in done.stdout
    assert "✗" not in done.stdout


def test_check_shows_what_to_fix_then_is_content(folder: Path) -> None:
    stub = folder / "exercises/lesson1_numbers.py"
    stub.write_text(NUMBERS.replace("2 * x", "x * x"))
    done = grader(folder, "check", "1")
    assert done.returncode == 1
    assert "squares the number" in done.stdout
    assert "print(double(1))" in done.stdout
    stub.write_text(NUMBERS)
    done = grader(folder, "check", "1")
    assert done.returncode == 0
    assert "lesson2_balance" in done.stdout
    # Without a lesson: the first unfinished one.
    assert "lesson2_balance" in grader(folder, "check").stdout


def test_train_runs_the_rule(folder: Path) -> None:
    (folder / "exercises/lesson2_balance.py").write_text((folder / "solutions/lesson2_balance.py").read_text())
    done = grader(folder, "train", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mean return" in done.stdout


@pytest.mark.parametrize("words", [("grade", "submitted"), ("demo",)])
def test_films_can_be_left_out(folder: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.chdir(folder)
    monkeypatch.setattr(
        "grader.commands.teach._grade", lambda _, __, options, *___, **____: asked.append(options.films)
    )
    monkeypatch.setattr("grader.verify.sample_class.make", lambda *_: None)
    for more in ((), ("--no-films",)):
        done = typer.testing.CliRunner().invoke(cli.app, [*words, *more])
        assert done.exit_code == 0, done.output
    assert asked == [True, False]


def test_build(folder: Path) -> None:
    assert grader(folder, "build", "--check").returncode == 0
    (folder / "exercises/lesson1_numbers.py").write_text("stale")
    done = grader(folder, "build", "--check")
    assert done.returncode == 1
    assert "stale: exercises/lesson1_numbers.py" in done.stdout
    assert grader(folder, "build").returncode == 0
    assert grader(folder, "build", "--check").returncode == 0


def test_grade_and_verify(folder: Path, tmp_path: Path) -> None:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    submissions = tmp_path / "submitted"
    hand_in(submissions, "student-001", "lesson1_numbers", NUMBERS)
    done = grader(folder, "grade", str(submissions), "--out", str(tmp_path / "out"), "--lesson", "1", *ONE)
    assert done.returncode == 0, done.stderr
    assert "isolation" in done.stdout
    assert "[1/1] student-001" in done.stderr
    first = (tmp_path / "out" / "grades.csv").read_text().splitlines()[1]
    assert first == "student-001,lesson1_numbers,3,3,graded,3,0,"
    done = grader(folder, "verify", "1", "--no-training", *ONE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3/3" in done.stdout
    # A wrong answer that the tests let through is a failure of the tests.
    path = folder / "tests/lesson1_numbers/chaffs.yml"
    path.write_text(path.read_text().replace("x // 2", "x * 0.5"))
    done = grader(folder, "verify", "1", "--no-training", *ONE)
    assert done.returncode == 1
    assert "floors" in done.stdout


def test_what_lies_beside_the_students_is_said(folder: Path, tmp_path: Path) -> None:
    try:
        choose()
    except IsolationError as error:
        pytest.skip(str(error))
    hand_in(tmp_path / "class", "student-001", "lesson1_numbers", NUMBERS)
    (tmp_path / "class" / "student-002.zip").write_bytes(b"PK")
    (tmp_path / "class" / "__MACOSX").mkdir()
    words = ("--out", str(tmp_path / "report"), "--lesson", "1", "--no-rehearsal", *ONE)
    done = grader(folder, "grade", str(tmp_path / "class"), *words)
    assert done.returncode == 0
    assert "grader: student-002.zip is an archive and was not opened; unpack it, or use `grader collect`" in done.stderr
    assert done.stdout.startswith("1 student; isolation ")
    assert "MACOSX" not in done.stdout + done.stderr


def test_no_gpu_is_one_clear_line(folder: Path, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    done = grader(folder, "train", "2", "--device", "cuda")
    assert done.returncode == 2
    assert "no CUDA device" in done.stderr + done.stdout


IMPATIENT = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from grader.commands.options import interruptible

with interruptible("; all is kept"):
    try:
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
        time.sleep(60)
    finally:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            os.kill(os.getpid(), getattr(signal, name))
        print("the end was not cut off")
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_is_not_interrupted(how: signal.Signals) -> None:
    command = [sys.executable, "-c", IMPATIENT, how.name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (128 + how, "grader: interrupted; all is kept\n")
    assert done.stdout == "the end was not cut off\n"


def test_what_is_ignored_from_the_start_interrupts_nothing() -> None:
    """As nohup has it, and a shell that starts something in the background."""
    ignored = "import signal; [signal.signal(number, signal.SIG_IGN) for number in (signal.SIGHUP, signal.SIGINT)]"
    sent = "import os; [os.kill(os.getpid(), number) for number in (signal.SIGHUP, signal.SIGINT)]"
    code = f"{ignored}\nfrom grader.commands.options import interruptible\nwith interruptible(''):\n    {sent}\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_goes_on_where_it_stopped(how: signal.Signals, folder: Path, tmp_path: Path) -> None:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    submissions, out = tmp_path / "submitted", tmp_path / "out"
    hand_in(submissions, "student-001", "lesson1_numbers", NUMBERS)
    # Sleeps until the limit of the clock, so that there is something to interrupt.
    hand_in(submissions, "student-002", "lesson1_numbers", "import time\n\n\ndef double(x):\n    time.sleep(60)\n")
    words = ["grade", str(submissions), "--out", str(out), "--lesson", "1", "--no-rehearsal", *ONE]
    # Where the tests were started in the background both are ignored, and would be here too: children inherit it.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    heard += "; signal.signal(signal.SIGHUP, signal.SIG_DFL)"
    command = [sys.executable, "-c", f"{heard}; from grader.cli import main; main()", *words]
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, text=True, start_new_session=True, **pipes) as run:
        assert run.stderr is not None
        assert "a salt for this class was made" in run.stderr.readline()
        assert run.stderr.readline() == "[1/2] student-001\n"
        run.send_signal(how)
        assert run.wait(timeout=20) == 128 + how
        assert ends(run.pid), "processes of the grader are left"
        (line,) = run.stderr.read().strip().splitlines()
    assert "goes on from there" in line
    first = out / "student-001" / "lesson1_numbers.json"
    before = first.stat().st_mtime_ns
    assert not (out / "grades.csv").exists()
    assert not list(out.rglob(".*"))
    done = grader(folder, *words)
    assert done.returncode == 0, done.stderr
    assert first.stat().st_mtime_ns == before
    assert "student-002,total,0,3,graded" in (out / "grades.csv").read_text()
