"""The version stands in pyproject.toml alone; everything else reads it there, and the changelog speaks of it first."""

from __future__ import annotations

import io
import re
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from grader.course import load
from grader.gradescope.bundle import gradescope_zip
from grader.release.contents import contents
from grader.version import PROJECT, versions

ROOT = Path(__file__).parents[2]
COURSE = load(ROOT)
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RELEASED = re.findall(r"(?m)^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", CHANGELOG)


def _texts() -> Iterator[tuple[str, str]]:
    """All text that git keeps, but for the files in which a version's number has to be, or is another package's."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this copy is no git repository")
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name not in ("", "pyproject.toml", "constraints.txt", "CHANGELOG.md") and path.is_file():
            yield name, path.read_bytes().decode("utf-8", "replace")


def test_the_number_stands_in_no_second_place() -> None:
    number = re.compile(rf"(?<![\w.]){re.escape(VERSION)}(?![\w.])")
    assert [name for name, text in _texts() if number.search(text)] == []


def test_what_is_installed_is_this_version() -> None:
    assert versions()["grader"] == VERSION, "pyproject.toml has changed since this was installed: make .venv/.dev"


@pytest.mark.parametrize("made", ["release", "gradescope"])
def test_what_is_made_for_other_machines_carries_it(made: str) -> None:
    """Both are installed from a pyproject.toml of their own, so that `grader --version` says there what it is."""
    if made == "release":
        files = contents(COURSE, COURSE.lessons[:1])
    else:
        with zipfile.ZipFile(io.BytesIO(gradescope_zip(COURSE, COURSE.lessons[0]))) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    project = tomllib.loads(files["pyproject.toml"].decode())["project"]
    assert (project["name"], project["version"]) == (PROJECT, VERSION)
    assert "grader/version.py" in files


# The changelog.


def test_its_first_version_is_this_one() -> None:
    assert RELEASED[0][0] == VERSION


def test_versions_and_dates_fall() -> None:
    numbers = [tuple(map(int, number.split("."))) for number, _ in RELEASED]
    assert all(later > earlier for later, earlier in pairwise(numbers))
    assert all(later >= earlier for later, earlier in pairwise(date for _, date in RELEASED))


def test_every_heading_is_read() -> None:
    """Only what is not released yet may stand above the first version."""
    headings = re.findall(r"(?m)^## (.+)$", CHANGELOG)
    assert [head for head in headings if head != "[Unreleased]"] == [
        f"[{number}] - {date}" for number, date in RELEASED
    ]
    assert "[Unreleased]" not in headings[1:]


def test_an_update_says_what_to_do() -> None:
    """A version that changes the middle number tells instructors what it asks of them."""
    entries = dict(re.findall(r"(?ms)^## \[(\d+\.\d+\.\d+)\].*?\n(.*?)(?=^## |\Z)", CHANGELOG))
    for (number, _), (earlier, _) in pairwise(RELEASED):
        if number.split(".")[:2] != earlier.split(".")[:2]:
            assert "\n### What an instructor has to do\n" in entries[number]
