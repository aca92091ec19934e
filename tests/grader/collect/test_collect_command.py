"""``grader collect`` as it is typed: what it prints, and how it ends."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter
from pathlib import Path

import made_downloads as made
import pytest
import tiny_course
from made_downloads import ONE, zipped
from rich.console import Console
from tiny_course import NUMBERS

from grader.collect.collected import Collected, Remark
from grader.collect.table import print_collected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_course.make(tmp_path / "course").root


def grader(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from grader.cli import main; main()", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_what_needs_attention_is_listed_and_ends_in_1(folder: Path) -> None:
    zipped(made.CANVAS, folder / "submissions.zip")
    done = grader(folder, "collect", "submissions.zip", "--out", "my class", "--lesson", "1")
    assert done.returncode == 1, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[0] == "Canvas: 6 students"
    assert f"{ONE}  5" in lines  # one of the six typed a text
    assert lines.index("Needs attention:") < lines.index("To know:")
    assert any(line.startswith("deltadi") and "typed into the system" in line for line in lines)
    assert "Next: grader grade 'my class' --lesson lesson1_numbers" in lines
    assert (folder / "my class" / "betabob" / ONE / f"{ONE}.py").read_text() == NUMBERS
    assert not done.stderr


def test_where_all_is_well_it_ends_in_0(folder: Path) -> None:
    zipped({f"alphaann_101_1_{ONE}.py": NUMBERS, f"betabob_LATE_102_2_{ONE}.py": NUMBERS}, folder / "s.zip")
    done = grader(folder, "collect", "s.zip")
    assert done.returncode == 0, done.stdout
    assert "Needs attention" not in done.stdout
    assert "betabob  handed in late" in done.stdout  # known, and nothing to look at
    assert "submitted.ids.csv: each folder's Canvas user id" in done.stdout


def test_a_mistake_is_one_line(folder: Path) -> None:
    for words, says in (
        (("nowhere.zip",), "nowhere.zip does not exist"),
        ((".", "--lesson", "9"), "no single lesson"),
        (("course.yml",), "neither a folder nor a zip"),
        ((".",), "which is read"),
    ):
        done = grader(folder, "collect", *words)
        assert done.returncode == 2
        assert says in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_the_list_is_printable_and_bounded() -> None:
    remarks = [Remark("[bold]x\x1b[2J", f"file {i}\x1b[31m [red] is damaged") for i in range(1000)]
    done = Collected(["Canvas"], ["a"], {ONE: 1}, Counter(written=1), remarks)
    print_collected(done, Path("submitted"), Console(file=(out := io.StringIO()), width=60))
    text = out.getvalue()
    assert "\x1b" not in text
    assert "[bold]x" in text
    assert "[red] is damaged" in text
    assert text.count("is damaged") == 10
    assert "… and 990 more" in text
