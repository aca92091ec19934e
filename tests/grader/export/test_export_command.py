"""`grader export …` as it is typed: what is written, what is said, and the exit status."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path

import pytest
import tiny_course
from sample_reports import CANVAS_TEMPLATE, broken, report, store
from typed import grader

from grader.course import load


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course, with a folder of reports called ``report`` in it."""
    # A class that has been graded has a salt of its own, and the reports are sealed with it.
    course = tiny_course.make(tmp_path_factory.mktemp("export") / "course").of_class(make=True)
    root = course.root
    store(course, root / "report", *(report(f"student-00{i}", score=i) for i in (1, 2)))
    store(course, root / "report", report("student-001", "lesson1_numbers", 3.0, max_score=3.0))
    store(course, root / "faulty", report("student-001"), broken("student-002"))
    (root / "template.csv").write_bytes(CANVAS_TEMPLATE)
    return root


def test_help_lists_every_export(folder: Path) -> None:
    done = grader(folder, "export", "--help")
    assert done.returncode == 0
    for name in ("csv", "canvas", "moodle", "autolab", "gradescope", "github"):
        assert name in done.stdout
        assert grader(folder, "export", name, "--help").returncode == 0
    assert "github-" not in done.stdout, "neither the step's own command nor the name of earlier times"


def test_csv_to_standard_output(folder: Path) -> None:
    done = grader(folder, "export", "csv", "report", "--wide")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "student,lesson1_numbers,lesson5_replay_buffer,total,adjusted,why\nstudent-001,3,1,4,0,\nstudent-002,,2,2,0,\n"
    )


@pytest.mark.parametrize(
    ("words", "row"),
    [
        (("csv", "faulty"), "student-002,lesson5_replay_buffer,,10,error,,,\n"),
        (
            ("canvas", "faulty", "--template", "template.csv", "--lesson", "5", "--out", "-"),
            ",student-002,A and B,,3.5,",
        ),
        (("moodle", "faulty", "--id-column", "username"), "Username,lesson5_replay_buffer\nstudent-001,7.5\n"),
    ],
)
def test_a_missing_mark_ends_with_status_3(folder: Path, words: tuple[str, ...], row: str) -> None:
    done = grader(folder, "export", *words)
    assert done.returncode == 3
    assert row in done.stdout
    assert done.stderr.count("student-002, lesson5_replay_buffer: no mark, because the grader failed") == 1
    assert done.stderr.endswith("have no mark yet; grade them again\n")


def test_canvas_writes_the_file_and_says_who_is_missing(folder: Path) -> None:
    done = grader(
        folder, "export", "canvas", "report", "--template", "template.csv", "--lesson", "5", "--out", "filled.csv"
    )
    assert done.returncode == 0, done.stderr
    assert (
        "2 marks in 'Experience replay (101)', students found by 'SIS Login ID'; 1 of them replaces another mark:\n"
        in done.stderr
    )
    assert "\n  Two, Student (student-002): 3.5 → 2\n" in done.stderr
    assert "Four, Student (student-004): in Canvas, but not graded" in done.stderr
    assert (folder / "filled.csv").read_bytes().count(b"\r\n") == CANVAS_TEMPLATE.count(b"\r\n")
    assert (folder / "template.csv").read_bytes() == CANVAS_TEMPLATE


def test_canvas_names_whose_mark_it_replaces_but_no_more_than_fit(folder: Path) -> None:
    header, zeros, points, *_ = CANVAS_TEMPLATE.decode().split("\r\n")
    students = [f'"Student {i}",{i},s-{i},student-{i:03d},A,,{i},,,' for i in range(1, 61)]
    (folder / "many.csv").write_bytes("\r\n".join([header, zeros, points, *students, ""]).encode())
    store(load(folder).of_class(), folder / "many", *(report(f"student-{i:03d}", score=7.5) for i in range(1, 61)))
    done = grader(folder, "export", "canvas", "many", "--template", "many.csv", "--lesson", "5", "--out", "out.csv")
    assert "60 marks in 'Experience replay (101)'" in done.stderr
    assert "60 of them replace another mark:" in done.stderr
    assert done.stderr.count(" → 7.5\n") == 50
    assert done.stderr.endswith("  … and 10 more\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("csv", "nowhere"), "nowhere is not a folder"),
        (("csv", "report", "--lesson", "9"), "no single lesson '9' among the reports"),
        (("moodle", "report"), "'student-001' is not an e-mail address"),
        (("autolab", "report", "2", "student-001"), "no report of 'student-001' on lesson2_balance"),
        (
            ("canvas", "report", "--template", "nowhere.csv", "--lesson", "5", "--out", "-"),
            "nowhere.csv cannot be read",
        ),
        (("csv", "report", "--out", "template.csv/x.csv"), "template.csv/x.csv cannot be written"),
        (("csv", "report", "--out", "report/x.csv"), "--out report/x.csv lies in report, which is read"),
        (
            ("canvas", "report", "--template", "template.csv", "--lesson", "5", "--out", "./template.csv"),
            "--out template.csv is template.csv, which is read",
        ),
        (("gradescope", "7"), "no single lesson is called '7'"),
    ],
)
def test_a_mistake_is_one_line(folder: Path, words: tuple[str, ...], says: str) -> None:
    done = grader(folder, "export", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_choices_that_are_none(folder: Path) -> None:
    for words in (
        ("gradescope", "1", "--visibility", "never"),
        ("moodle", "report", "--id-column", "shoe size"),
        ("github", "--course-repository", "course"),
    ):
        done = grader(folder, "export", *words)
        assert done.returncode == 2
        assert words[-1] in done.stderr


def test_autolab_prints_the_scores_last(folder: Path) -> None:
    done = grader(folder, "export", "autolab", "report", "1", "student-001", "--problem", "Numbers")
    assert json.loads(done.stdout.splitlines()[-1]) == {"scores": {"Numbers": 3.0}}


def test_gradescope_and_github_write_their_files(folder: Path, tmp_path: Path) -> None:
    done = grader(folder, "export", "gradescope", "2", "--no-training", "--out", str(tmp_path / "x.zip"))
    assert done.returncode == 0, done.stderr
    assert "3 points" in done.stderr
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert json.loads(archive.read("gradescope.json"))["train"] is False
    done = grader(folder, "export", "github", "--lesson", "1", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    path = tmp_path / ".github" / "workflows" / "autograding.yml"
    first, last = done.stderr.splitlines()
    assert first == f"{path}: 1 lesson"
    assert last.startswith("next: a template repository")
    assert "run: grader check lesson1_numbers\n" in path.read_text()


def test_github_s_help_says_what_became_of_classroom(folder: Path) -> None:
    said = " ".join(grader(folder, "export", "github", "--help").stdout.split())
    assert "GitHub Classroom was retired on 2026-08-28 and is not needed" in said


def test_the_name_that_github_had_still_works_and_what_it_wrote_is_pointed_out(folder: Path, tmp_path: Path) -> None:
    earlier = tmp_path / ".github" / "workflows" / "classroom.yml"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("name: Autograding Tests\n")
    done = grader(folder, "export", "github-classroom", "--reporter", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert f"{earlier} is an earlier one; remove it, or every push is checked twice" in done.stderr
    assert "reporter@v1 was made for Node 20, which GitHub's runners no longer have" in done.stderr
    assert earlier.read_text() == "name: Autograding Tests\n"
    assert "runners: lesson1,lesson2\n" in earlier.with_name("autograding.yml").read_text()


def result_of(text: str) -> dict:
    assert text.startswith("result=")
    return json.loads(base64.b64decode(text.removeprefix("result=")))


def test_a_step_s_result(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = grader(folder, "export", "github-result", "1", "--report", "report")
    # Two students, of whom one has a report on lesson 1: it is the one that is meant.
    assert (result_of(done.stdout)["status"], done.returncode) == ("fail", 1), (
        "a report without properties passes nothing"
    )
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    (tmp_path / "output").write_text("earlier=1\n")
    done = grader(folder, "export", "github-result", "1", "--report", "nowhere")
    assert (done.stdout, done.returncode) == ("", 1)
    earlier, line = (tmp_path / "output").read_text().splitlines()
    assert earlier == "earlier=1"
    assert result_of(line)["status"] == "error"
    assert "not a mark" in (tmp_path / "summary").read_text()
