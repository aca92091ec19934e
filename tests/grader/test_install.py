"""`make`, before anything is installed: which Python, which build of torch, and what it then types."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]


def load() -> ModuleType:
    """.ci/install.py, which lies in no package."""
    spec = importlib.util.spec_from_file_location("install", ROOT / ".ci" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


install = load()


# Which build of torch.


def index(folder: Path, *versions: str) -> str:
    """A package index in a folder, which has torch in these versions."""
    (folder / "torch").mkdir(parents=True)
    names = [f"torch-{version}-py3-none-any.whl" for version in versions]
    links = "".join(f'<a href="{name.replace("+", "%2B")}">{name}</a>\n' for name in names)
    (folder / "torch" / "index.html").write_text(f"<!DOCTYPE html>\n<html><body>{links}</body></html>")
    return folder.as_uri()


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Linux machine without a GPU, whose pip knows one index, with torch 2.13.0 and 2.14.0."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "pypi", "2.13.0", "2.14.0"))
    monkeypatch.setenv("TORCH_INDEX", (tmp_path / "nowhere").as_uri())
    monkeypatch.setattr(install, "has_gpu", lambda: False)
    monkeypatch.setattr(install.platform, "system", lambda: "Linux")
    return monkeypatch


def test_the_constraint_admits_the_cpu_build() -> None:
    """A version with a local part equals the one without (PEP 440), and pip prefers it."""
    version = install.pinned()
    assert SpecifierSet(f"=={version}").contains(f"{version}+cpu")


@pytest.mark.parametrize(
    "path",
    [
        "exercises/README.md",
        "grader/release/README.md.j2",
        "grader/release/devcontainer.json.j2",
        "grader/export/github.py",
        "grader/gradescope/setup.sh",
    ],
)
def test_who_installs_without_make_is_given_the_same_index(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert install.CPU_INDEX in text
    assert "-c " in text, "and the versions that the course was tested with"
    installs = [line for line in text.splitlines() if re.search(r"pip install .*-e \.$|pip install .*-e '\.'", line)]
    assert all(install.CPU_INDEX in line for line in installs)


def test_without_a_gpu_it_is_the_cpu_build_from_its_index(pip: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = index(tmp_path / "cpu", "2.13.0+cpu", "2.12.0+cpu")
    pip.setenv("TORCH_INDEX", url)
    flags, said = install.choose("2.13.0")
    assert flags == ["--extra-index-url", url]
    assert said == f"torch 2.13.0: the CPU build (0.2 GB) from {url}; no NVIDIA GPU here"


def test_an_index_that_cannot_be_reached_changes_nothing(pip: pytest.MonkeyPatch) -> None:
    flags, said = install.choose("2.13.0")
    assert flags == []
    assert "with CUDA (2.8 GB). There is no NVIDIA GPU here, but pip finds no CPU build at" in said
    assert "TORCH_INDEX=URL" in said


def test_an_index_without_this_version_changes_nothing(pip: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pip.setenv("TORCH_INDEX", index(tmp_path / "cpu", "2.12.0+cpu"))
    assert install.choose("2.13.0")[0] == []


def test_a_firewall_that_swallows_everything_is_given_up(pip: pytest.MonkeyPatch) -> None:
    pip.setattr(install, "PATIENCE", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        pip.setenv("TORCH_INDEX", f"http://127.0.0.1:{silent.getsockname()[1]}/cpu")
        assert install.choose("2.13.0")[0] == []


def test_a_local_wheel_does_not_answer_for_the_index(pip: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Otherwise pip would be sent to an index that it cannot reach, and wait there for every package."""
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "torch-2.13.0+cpu-py3-none-any.whl").touch()
    pip.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    flags, said = install.choose("2.13.0")
    assert flags == []
    assert said == "torch 2.13.0: the CPU build (0.2 GB), which pip's own configuration offers"
    assert install._offered_by((tmp_path / "nowhere").as_uri()) == []


@pytest.mark.parametrize(("gpu", "system", "says"), [(True, "Linux", "NVIDIA GPU"), (False, "Darwin", "no CUDA")])
def test_elsewhere_it_is_what_pypi_has(
    pip: pytest.MonkeyPatch, tmp_path: Path, gpu: bool, system: str, says: str
) -> None:
    pip.setenv("TORCH_INDEX", index(tmp_path / "cpu", "2.13.0+cpu"))
    pip.setattr(install, "has_gpu", lambda: gpu)
    pip.setattr(install.platform, "system", lambda: system)
    flags, said = install.choose("2.13.0")
    assert flags == []
    assert says in said


def test_a_password_in_the_address_is_used_and_not_shown(pip: pytest.MonkeyPatch) -> None:
    pip.setenv("TORCH_INDEX", "http://someone:hunter2@127.0.0.1:9/cpu")
    assert "hunter2" not in install.choose("2.13.0")[1]
    pip.setattr(install, "_offered_by", lambda index: ["2.13.0+cpu"])
    flags, said = install.choose("2.13.0")
    assert flags[1] == "http://someone:hunter2@127.0.0.1:9/cpu"
    assert "from http://127.0.0.1:9/cpu;" in said


def one_line(caught: pytest.CaptureFixture[str]) -> str:
    (line,) = caught.readouterr().err.splitlines()
    return line


def test_pip_without_any_index_is_one_line(
    pip: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pip.setenv("PIP_INDEX_URL", (tmp_path / "nowhere").as_uri())
    with pytest.raises(SystemExit) as end:
        install.choose("2.13.0")
    assert end.value.code == 2
    assert one_line(capsys).startswith("make: pip finds no torch for this machine: it reaches no package index")


def test_a_machine_that_the_pinned_torch_is_not_built_for_is_one_line(
    pip: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        install.choose("2.11.0")
    assert end.value.code == 2
    line = one_line(capsys)
    assert line.startswith("make: constraints.txt pins torch 2.11.0, of which pip finds no build for Python 3.")
    assert line.endswith("it has 2.14.0")


def calls(monkeypatch: pytest.MonkeyPatch, *words: str, status: int = 0) -> list[list[str]]:
    """What install.py makes pip do when it is called with these words."""
    made: list[list[str]] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        made.append(command)
        return SimpleNamespace(returncode=status, stdout="", stderr="")

    monkeypatch.setattr(install.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["install.py", *words])
    install.main()
    return made


def test_options_of_your_own_decide(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (command,) = calls(monkeypatch, ".[class]", "--index-url", "https://mirror.example/simple")
    mine, constraints = ["--index-url", "https://mirror.example/simple"], str(ROOT / "constraints.txt")
    assert command[command.index("--quiet") + 1 :] == [*mine, "-c", constraints, "-e", ".[class]"]
    assert "PIP_FLAGS" in capsys.readouterr().out


def test_a_torch_that_is_there_is_kept_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install.importlib.metadata, "version", lambda name: install.pinned() + "+cpu")
    (command,) = calls(monkeypatch, ".[dev]")
    assert command[3:5] == ["--disable-pip-version-check", "install"]
    assert capsys.readouterr().out == ""


def test_where_pip_fails_the_last_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        calls(monkeypatch, ".[class]", "--no-index", status=1)
    assert end.value.code == 2
    assert one_line(capsys) == "make: pip could not install the packages; what it says is above"


def test_an_environment_of_an_old_python_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 12))
    with pytest.raises(SystemExit) as end:
        calls(monkeypatch, ".[class]")
    assert end.value.code == 2
    assert "3.11 or newer is needed. Remove it: make clean" in one_line(capsys)


# What make types.


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(*words: str, path: str = "") -> subprocess.CompletedProcess[str]:
    """`make` in the project's folder, with programs that are found in another folder first."""
    environment = {**os.environ, "PATH": os.pathsep.join(filter(None, [path, os.environ["PATH"]]))}
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "LESSON", "STUDENT", "SUBMISSIONS", "OUT", "PYTHON", "VENV"):
        environment.pop(name, None)
    command = [shutil.which("make") or "make", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


@needs_make
@pytest.mark.parametrize(
    ("words", "typed"),
    [
        ((), 'grader demo --out "report"'),
        (("LESSON=5",), 'grader demo --lesson 5 --out "report"'),
        (("SUBMISSIONS=my class",), 'grader grade "my class" --out "report"'),
        (
            ("SUBMISSIONS=class", "LESSON=5 6", "STUDENT=student-001 student-002", "OUT=marks"),
            'grader grade "class" --student student-001 --student student-002 --lesson 5 --lesson 6 --out "marks"',
        ),
    ],
)
def test_grade_takes_a_class_lessons_and_students(tmp_path: Path, words: tuple[str, ...], typed: str) -> None:
    done = make("-n", "grade", f"VENV={tmp_path}/venv", *words)
    assert done.returncode == 0, done.stderr
    commands = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert f"{tmp_path}/venv/bin/{typed}" in commands


@needs_make
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("grade", "STUDENT=student-001"), "STUDENT chooses from a class of yours: name its folder, SUBMISSIONS=path"),
        (("bench-grading", "LESSON=5 6"), "make bench-grading takes one lesson at a time: LESSON=5"),
    ],
)
def test_what_make_cannot_do_is_one_line(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    done = make("-n", *words, f"VENV={tmp_path}/venv")
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


@needs_make
def test_help_names_what_grade_takes() -> None:
    (line,) = [line for line in make("help").stdout.splitlines() if line.startswith("grade ")]
    for name in ("SUBMISSIONS=", "LESSON=", "STUDENT=", "OUT="):
        assert name in line


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


OLD = 'if [ "$1" = --version ]; then echo Python 3.10.12; else exit 1; fi'


@needs_make
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (OLD, "is Python 3.10.12; 3.11 or newer is needed. Name one: make ... PYTHON=python3.12"),
        ("exit 127", "is not there; 3.11 or newer is needed"),
    ],
)
def test_a_python_that_is_too_old_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    python = program(tmp_path / "bin" / "python3", text)
    done = make("grade", f"PYTHON={python}", f"VENV={tmp_path}/venv")
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith(f"make: {python} {says}")
    assert second.startswith("make: ***")
    assert not (tmp_path / "venv").exists()


@needs_make
def test_the_first_python_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    for name in ("python3", "python3.13"):
        program(tmp_path / "bin" / name, OLD)
    program(tmp_path / "bin" / "python3.12", "exit 0")
    done = make("-n", "grade", f"VENV={tmp_path}/venv", path=str(tmp_path / "bin"))
    assert f"python3.12 -m venv {tmp_path}/venv" in done.stdout


@needs_make
def test_an_environment_that_could_not_be_made_is_not_taken_for_one(tmp_path: Path) -> None:
    """Debian's Python without python3-venv leaves one that has no pip."""
    half = f'if [ "$1" = -m ]; then mkdir -p {tmp_path}/venv/bin && touch {tmp_path}/venv/bin/python && exit 1; fi'
    python = program(tmp_path / "bin" / "python3", half)
    done = make("grade", f"PYTHON={python}", f"VENV={tmp_path}/venv")
    assert done.returncode == 2
    assert not (tmp_path / "venv" / "bin" / "python").exists()
