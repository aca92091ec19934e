"""``--scheduler`` as it is typed: a class is graded, and every mistake is one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_course
import typer.testing
from tiny_course import NUMBERS, hand_in

pytest.importorskip("distributed", reason="the cluster extra is not installed")

import distributed

from grader import cli
from grader.cluster import cluster, connect, station
from grader.student.isolation import choose
from grader.student.levels import IsolationError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    root = tiny_course.make(tmp_path / "course").root
    monkeypatch.chdir(root)
    monkeypatch.setattr(connect, "_SECONDS", 2.0)
    monkeypatch.setattr(cluster, "WAIT_SECONDS", 0.5)
    hand_in(tmp_path / "submitted", "student-001", "lesson1_numbers", NUMBERS)
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    with distributed.LocalCluster(
        host="127.0.0.1",
        protocol="tcp://",
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        dashboard_address=None,
        local_directory=str(folder / "dask"),
    ) as made:
        yield str(made.scheduler_address)


def grade(folder: Path, *words: str) -> tuple[int, str, str]:
    """Type the command; its status, and what it prints on standard output and on standard error."""
    words = ("grade", str(folder / "submitted"), "--out", str(folder / "out"), "--lesson", "1", *words)
    done = typer.testing.CliRunner().invoke(cli.app, list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return 2, done.stdout, f"grader: {done.exception}"
    return done.exit_code, done.stdout, done.stderr


def test_a_class_is_graded_and_the_next_run_has_nothing_to_do(
    folder: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said, noted = grade(folder, "--scheduler", address, "--no-rehearsal")
    assert status == 0, noted
    assert f"1 student; 1 job at a time on {address}; isolation " in " ".join(said.split())
    assert "not encrypted" not in noted
    assert (folder / "out" / "grades.csv").read_text().splitlines()[1].startswith("student-001,lesson1_numbers,3,3,")
    monkeypatch.setattr(station, "perform", lambda *_: pytest.fail("graded again"))
    assert grade(folder, "--scheduler", address)[0] == 0
    assert grade(folder, "--jobs", "1", "--no-rehearsal")[0] == 0


def test_an_isolation_that_no_worker_has_ends_in_one_line(
    folder: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **asked: object) -> None:
        raise IsolationError(f"there is no {asked['wanted']} here")

    monkeypatch.setattr(station, "choose", refuse)
    status, _, noted = grade(folder, "--scheduler", address, "--isolation", "strong")
    assert status == 2
    assert noted.splitlines()[-1].startswith(f"grader: no worker of {address} is left: the worker at ")
    assert noted.splitlines()[-1].endswith("takes no part: there is no strong here")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--scheduler", "tcp://127.0.0.1:9"], "grader: no scheduler answers at tcp://127.0.0.1:9"),
        (["--scheduler", "no/such.json"], "grader: no/such.json is neither an address"),
        (["--scheduler", "tcp://127.0.0.1:9", "--jobs", "2"], "grader: --jobs is for this machine"),
    ],
)
def test_a_mistake_is_one_line_and_makes_no_salt(folder: Path, words: list[str], says: str) -> None:
    status, _, noted = grade(folder, *words)
    assert status == 2
    assert noted.splitlines()[-1].startswith(says)
    assert not (folder / "course" / ".grader-salt").exists()
