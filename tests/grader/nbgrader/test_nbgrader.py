"""nbgrader end to end: its own commands, on this course, with students of every kind."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install -e '.[nbgrader]'")

import nbformat
import nbgrader_class as classroom
from nbgrader import converters
from nbgrader.api import Gradebook
from nbgrader.apps import api, autogradeapp
from nbgrader.apps.autogradeapp import AutogradeApp
from nbgrader.apps.exportapp import ExportApp
from nbgrader.apps.generateassignmentapp import GenerateAssignmentApp
from nbgrader.apps.generatefeedbackapp import GenerateFeedbackApp
from nbgrader.apps.releaseassignmentapp import ReleaseAssignmentApp
from nbgrader.apps.zipcollectapp import ZipCollectApp
from nbgrader.coursedir import CourseDirectory
from nbgrader_class import FORGERIES, LESSON, notebook

from grader.course import load
from grader.errors import CourseError
from grader.lessons import chaffs
from grader.managed import folder as managed
from grader.nbgrader import beside, database, page_text
from grader.nbgrader.make import init
from grader.nbgrader.restore import Released, restore
from grader.nbgrader.stage import score, worth
from grader.nbgrader.verdicts import Verdicts
from grader.render import words
from grader.report.report import PropertyResult, Report, exercise_scores
from grader.student.isolation import choose
from grader.student.levels import IsolationError

ROOT = Path(__file__).parents[3]
COURSE = load(ROOT)
WHOLE = 10.0


@pytest.fixture(scope="module", autouse=True)
def _as_it_was() -> Iterator[None]:
    """The config of a course folder puts the grader into nbgrader; other tests may want nbgrader as it comes.

    The salt is in the environment, so that none is made beside the course.
    """
    before = autogradeapp.Autograde, api.Autograde
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_SALT", "of these tests")
        patch.setattr(beside, "MOST_BYTES", 1 << 20)  # the same bound at another size: folders are copied here
        yield
    autogradeapp.Autograde, api.Autograde = before


def run(app: type, folder: Path, *arguments: str) -> int:
    """One of nbgrader's commands, in this process; its exit status."""
    with contextlib.chdir(folder):
        command = app()
        try:
            command.initialize(list(arguments))
            command.start()
        except SystemExit as end:
            print(end.code, file=sys.stderr)
            return 1 if end.code else 0
    return 0


def program(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The real command, where nobody has activated the environment: its programs are not on PATH."""
    nbgrader = Path(sys.executable).parent / "nbgrader"
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [nbgrader, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def marks(folder: Path) -> dict[str, dict[str, float | None]]:
    """By student, what the gradebook has for each cell."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        found: dict[str, dict[str, float | None]] = {student.id: {} for student in gradebook.students}
        for submission in gradebook.assignment_submissions(LESSON):
            for book in submission.notebooks:
                found[submission.student.id] = {grade.cell.name: grade.auto_score for grade in book.grades}
    return found


def table(folder: Path) -> dict[str, float]:
    """By student, what the grader's own table has."""
    with (folder / "report" / "grades.csv").open() as file:
        return {row["student"]: float(row["score"]) for row in csv.DictReader(file) if row["lesson"] == LESSON}


def hand_in(folder: Path, student: str, text: str | bytes | None, name: str = f"{LESSON}.ipynb") -> Path:
    place = folder / "submitted" / student / LESSON
    place.mkdir(parents=True, exist_ok=True)
    if text is not None:
        (place / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return place


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A term's flow: init, generate, release, collect, autograde, feedback, export."""
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    folder = tmp_path_factory.mktemp("term") / "course"
    exchange = tmp_path_factory.mktemp("exchange")
    exchange.chmod(0o777)
    init(COURSE, folder, lessons=["5"])
    config = folder / "nbgrader_config.py"
    late = config.read_text().replace('penalty_method = "none"', 'penalty_method = "zero"')
    names = r".*_(?P<student_id>student-\d+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>\w+)"
    config.write_text(
        f"{late}\nc.Exchange.root = {str(exchange)!r}\nc.FileNameCollectorPlugin.named_regexp = {names!r}\n"
        "c.Verdicts.jobs = 1\n"
    )
    done = program(folder, "generate_assignment", LESSON)
    assert done.returncode == 0, done.stderr
    assert run(ReleaseAssignmentApp, folder, LESSON) == 0
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_assignment(LESSON, duedate="2026-03-01 12:00:00 UTC")
    _class(folder)
    archives = folder / "downloaded" / LESSON / "archive"
    archives.mkdir(parents=True)
    with zipfile.ZipFile(archives / "all.zip", "w") as archive:
        for student, day, ending in (("011", "2026-02-27", "py"), ("012", "2026-03-02", "ipynb")):
            work = _solution() if ending == "py" else classroom.as_text(_book(folder, _solution()))
            archive.writestr(f"replay_student-{student}_attempt_{day}-08-00-00_{LESSON}.{ending}", work)
    assert run(ZipCollectApp, folder, LESSON) == 0
    assert run(AutogradeApp, folder, LESSON) == 0
    assert run(GenerateFeedbackApp, folder, LESSON) == 0
    assert run(ExportApp, folder) == 0
    return folder


def _solution() -> str:
    return COURSE.solution(COURSE.lesson(LESSON)).read_text()


def _chaff(name: str) -> str:
    return next(each for each in chaffs.load(COURSE, COURSE.lesson(LESSON)) if each.name == name).source(_solution())


def _book(folder: Path, source: str) -> Any:
    return notebook(folder / "release" / LESSON / f"{LESSON}.ipynb", source)


def _class(folder: Path) -> None:
    right, text = _solution(), classroom.as_text
    hand_in(folder, "student-001", text(classroom.with_scripts(_book(folder, right))))
    hand_in(folder, "student-002", text(_book(folder, _chaff("keeps_the_first_ones"))))
    hand_in(folder, "student-003", text(_book(folder, _chaff("samples_with_replacement"))))
    hand_in(folder, "student-004", text(classroom.deleted(_book(folder, right))))
    hand_in(folder, "student-005", text(classroom.edited_and_doubled(_book(folder, _chaff("never_forgets")))))
    hand_in(folder, "student-006", text(_book(folder, right + classroom.NOISE)))
    hand_in(folder, "student-007", text(_book(folder, right + "\ndef push(:\n")))
    hand_in(folder, "student-008", text(classroom.cleared(_book(folder, right))))
    hand_in(folder, "student-009", text(_book(folder, right)), "final version (2).ipynb")
    hand_in(folder, "student-010", text(_book(folder, "raise SystemExit")))
    hand_in(folder, "student-010", right, f"{LESSON}.py")
    (folder / "submitted" / "student-013").mkdir(parents=True)
    hand_in(folder, "student-014", '{"cells": [')
    hand_in(folder, "student-015", None)
    hand_in(folder, "student-016", text(classroom.of_another_version(_book(folder, right))))
    released = folder / "release" / LESSON / f"{LESSON}.ipynb"
    hand_in(folder, "student-017", released.read_bytes())
    elsewhere = folder / "submitted" / "student-100" / "my work"  # where nbgrader itself would look at nothing
    elsewhere.mkdir(parents=True)
    (elsewhere / "buffer.py").write_text(right)
    (hand_in(folder, "student-001", None) / "notes.txt").symlink_to(folder / "gradebook.db")
    with (hand_in(folder, "student-001", None) / "big.bin").open("wb") as file:
        file.truncate(2 << 20)
    (hand_in(folder, "student-001", None) / "small.txt").write_text("kept")
    for i, source in enumerate(FORGERIES.values(), start=18):
        hand_in(folder, f"student-{i:03d}", text(_book(folder, source)))


FULL = ("001", "004", "006", "008", "009", "010", "011", "012", "016", "100")
NOTHING = ("007", "013", "014", "015", "017", "018", "019", "020", "021")
PARTIAL = ("002", "003", "005")


def test_everybody_gets_what_the_code_deserves(term: Path) -> None:
    got = table(term)
    assert {student: got[f"student-{student}"] for student in FULL} == dict.fromkeys(FULL, WHOLE)
    assert {student: got[f"student-{student}"] for student in NOTHING} == dict.fromkeys(NOTHING, 0.0)
    assert all(0 < got[f"student-{student}"] < WHOLE for student in PARTIAL)
    assert len(got) == len(FULL) + len(NOTHING) + len(PARTIAL)


def test_the_gradebook_is_the_grader_s_table_cell_by_cell(term: Path) -> None:
    cells = worth(COURSE.lesson(LESSON), training=True)
    book, whole = marks(term), table(term)
    assert book.keys() == whole.keys()
    for student, grades in book.items():
        report = Report.from_json((term / "report" / student / f"{LESSON}.json").read_bytes())
        if student == "student-013":
            assert grades == {}  # nothing was submitted, so nbgrader has no submission either, and says 0
            continue
        assert grades == {cell: score(report, name) for cell, (name, _) in cells.items()}
        assert round(sum(each or 0.0 for each in grades.values()), 2) == whole[student]


def test_nothing_is_left_to_grade_by_hand(term: Path) -> None:
    with Gradebook(f"sqlite:///{term / 'gradebook.db'}") as gradebook:
        submissions = gradebook.assignment_submissions(LESSON)
        assert [each.student.id for each in submissions if each.needs_manual_grade] == []
        assert len(submissions) == len(table(term)) - 1
    kept = [path.parts[-3] for path in (term / "autograded").glob(f"*/{LESSON}/{LESSON}.ipynb")]
    assert len(kept) == len(submissions)


def test_the_export_is_the_same_and_late_work_is_penalised(term: Path) -> None:
    with (term / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    whole = table(term)
    assert rows.keys() == whole.keys()
    for student, row in rows.items():
        assert round(float(row["raw_score"]), 2) == whole[student]
        assert float(row["max_score"]) == WHOLE
        late = student == "student-012"
        assert float(row["late_submission_penalty"]) == (WHOLE if late else 0.0)
        assert round(float(row["score"]), 2) == (0.0 if late else whole[student])


def test_feedback_shows_what_failed_and_the_case_that_shows_it(term: Path) -> None:
    for student in ("student-002", "student-003", "student-005"):
        page = (term / "feedback" / student / LESSON / f"{LESSON}.html").read_text()
        report = Report.from_json((term / "report" / student / f"{LESSON}.json").read_bytes())
        failed = [each for each in report.properties if each.verdict == "fail"]
        assert failed
        plain = _text_of(page)
        for each in failed:
            assert _words(each.says) in plain
            assert _words(words.script(each.counterexample)) in plain
            assert each.misconception is not None
            assert _words(words.diagnosis(each.misconception)) in plain
            assert _words(each.got) in plain


def _text_of(page: str) -> str:
    from html.parser import HTMLParser

    parts: list[str] = []
    parser = HTMLParser()
    parser.handle_data = parts.append  # type: ignore[method-assign]
    parser.feed(page)
    return _words("".join(parts))


def _words(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def test_work_outside_of_nbgrader_s_folder_is_graded_and_the_note_says_where(term: Path) -> None:
    page = _text_of((term / "feedback" / "student-100" / LESSON / f"{LESSON}.html").read_text())
    assert _words("my work/buffer.py was graded; it should lie in lesson5_replay_buffer/") in _words(page)


def test_feedback_of_the_other_kinds_says_why(term: Path) -> None:
    def page(student: str) -> str:
        return _text_of((term / "feedback" / f"student-{student}" / LESSON / f"{LESSON}.html").read_text())

    assert "is not Python" in page("007")
    assert "is not a notebook" in page("014")
    assert "there is no lesson5_replay_buffer.py and no notebook" in page("015")
    assert "Not started yet" in page("017")
    assert "it should be called lesson5_replay_buffer.ipynb" in page("009")
    assert "there is a notebook beside it" in page("010")
    assert "class ReplayBuffer" in page("011")
    assert "SystemExit" in page("010")


def test_a_script_in_a_notebook_does_not_run_in_nbgrader_s_pages(term: Path) -> None:
    page = (term / "feedback" / "student-001" / LESSON / f"{LESSON}.html").read_text()
    assert "forge()" in page  # as text, for whoever looks
    assert "<script>forge" not in page
    assert "<img src=x" not in page
    assert "<svg onload" not in page
    assert "<b>bold</b>" in page


def test_links_lead_nowhere(term: Path) -> None:
    assert not list(term.glob(f"autograded/*/{LESSON}/notes.txt"))
    assert not list(term.glob(f"feedback/*/{LESSON}/notes.txt"))


def test_what_lies_beside_a_notebook_is_kept_within_bounds(term: Path) -> None:
    assert (term / "autograded" / "student-001" / LESSON / "small.txt").read_text() == "kept"
    assert not list(term.glob(f"autograded/*/{LESSON}/big.bin"))


def test_a_name_that_the_gradebook_cannot_keep_holds_up_nobody_else(
    term: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "names"
    shutil.copytree(term, folder, symlinks=True)
    for name in ("jos\udce9", "\x1b[2J\nname"):
        hand_in(folder, name, _solution(), f"{LESSON}.py")
    hand_in(folder, "grades.csv", _solution(), f"{LESSON}.py")
    hand_in(folder, "student-002", classroom.as_text(_book(folder, _solution())))
    assert run(AutogradeApp, folder, LESSON) == 1
    said = capsys.readouterr().err
    assert "jos\\udce9 is a name that nbgrader's gradebook cannot keep; rename the folder" in said
    assert "\x1b[2J" not in said
    assert "Traceback" not in said
    for student in ("student-002", "grades.csv"):
        assert sum(each or 0 for each in marks(folder)[student].values()) == WHOLE
    assert len(marks(folder)) == len(marks(term)) + 1


def test_handed_in_again_the_marks_change_and_the_others_stay(term: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    shutil.copytree(term, folder, symlinks=True)
    other = folder / "autograded" / "student-001" / LESSON / f"{LESSON}.ipynb"
    before = other.stat().st_mtime_ns
    hand_in(folder, "student-002", classroom.as_text(_book(folder, _solution())))
    assert run(AutogradeApp, folder, LESSON) == 0
    assert sum(each or 0 for each in marks(folder)["student-002"].values()) == WHOLE == table(folder)["student-002"]
    assert other.stat().st_mtime_ns == before


def test_the_grader_s_own_fault_is_no_mark(
    term: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "fault"
    shutil.copytree(term, folder, symlinks=True)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.remove_submission(LESSON, "student-011")
    of = Verdicts.of

    def faulty(self: Verdicts, student: str) -> Report:
        report = of(self, student)
        broken = {"status": "error", "message": "out of paper"} if student == "student-011" else {}
        return msgspec.structs.replace(report, **broken)

    monkeypatch.setattr(Verdicts, "of", faulty)
    assert run(AutogradeApp, folder, LESSON) == 1
    assert marks(folder)["student-011"] == {}
    assert "student-011: out of paper" in capsys.readouterr().err
    assert not (folder / "autograded" / "student-011" / LESSON).exists()


def test_what_the_instructor_can_mend_is_one_line(
    term: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "points"
    shutil.copytree(term, folder, symlinks=True)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_grade_cell("ReplayBuffer-push", LESSON, LESSON, max_score=7)
    done = program(folder, "autograde", LESSON)
    assert done.returncode == 1
    assert "gives 7 points to ReplayBuffer.push, but course.yml says 3" in done.stderr
    assert "Traceback" not in done.stderr
    for name, wanted in {
        "lesson7_reinforce": "run `nbgrader generate_assignment lesson7_reinforce` first",
        "lesson77": "'lesson77' is not a lesson of the course",
    }.items():
        assert run(AutogradeApp, folder, name) == 1
        said = capsys.readouterr().err
        assert wanted in said
        assert "Traceback" not in said


PLAIN_TESTS = {
    "ReplayBuffer-push": """\
buffer = ReplayBuffer(capacity=2, seed=0)
for reward in (1.0, 2.0, 3.0):
    buffer.push(np.zeros(4), 0, reward, np.ones(4), False)
assert sorted(buffer.sample(2)[2]) == [2.0, 3.0]""",
    "ReplayBuffer-sample": """\
states, actions, rewards, next_states, dones = buffer.sample(2)
assert states.shape == next_states.shape == (2, 4)
assert rewards.shape == (2,)""",
    "ReplayBuffer-__len__": "assert len(buffer) == 2",
}
"""What an instructor would write in nbgrader's test cells: they run in the student's kernel."""


# Each takes a notebook's kernel of its own on nbgrader as it comes; here, all of them are in the class of this term.
_FORGED = list(FORGERIES)[: None if "EVERY_SAMPLE" in os.environ else 2]


@pytest.fixture(scope="module")
def plain(term: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """By student, the marks of right and forged work on nbgrader as it comes, with assertions in its test cells."""
    folder = tmp_path_factory.mktemp("plain")
    source = nbformat.read(term / "source" / LESSON / f"{LESSON}.ipynb", as_version=4)
    source.cells = [c for c in source.cells if c.cell_type == "markdown" or "check" not in c.source or _graded(c)]
    for cell in source.cells:
        if _graded(cell):
            cell.source = PLAIN_TESTS[cell.metadata.nbgrader.grade_id]
    (folder / "source" / LESSON).mkdir(parents=True)
    nbformat.write(source, folder / "source" / LESSON / f"{LESSON}.ipynb")
    directory = CourseDirectory(root=str(folder), assignment_id=LESSON)
    with contextlib.chdir(folder):
        converters.GenerateAssignment(coursedir=directory).start()
        work = {"right": _solution(), "wrong": _chaff("never_forgets")} | {name: FORGERIES[name] for name in _FORGED}
        for i, text in enumerate(work.values()):
            hand_in(folder, f"student-{i:03d}", classroom.as_text(_book(folder, text)))
        converters.Autograde(coursedir=directory).start()
    totals = [sum(each or 0.0 for each in grades.values()) for _, grades in sorted(marks(folder).items())]
    return dict(zip(work, totals, strict=True))


def _graded(cell: Any) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def test_plain_nbgrader_tells_right_from_wrong(plain: dict[str, float]) -> None:
    assert plain["right"] == WHOLE
    assert plain["wrong"] < WHOLE


@pytest.mark.parametrize("forgery", _FORGED)
def test_full_marks_on_plain_nbgrader_and_none_here(term: Path, plain: dict[str, float], forgery: str) -> None:
    student = f"student-{18 + list(FORGERIES).index(forgery):03d}"
    assert plain[forgery] == WHOLE
    assert sum(each or 0.0 for each in marks(term)[student].values()) == 0.0


def test_a_course_folder_is_made_once_and_then_brought_up_to_date(tmp_path: Path) -> None:
    folder = tmp_path / "course"
    assert len(init(COURSE, folder, lessons=["5"])) == 5
    assert init(COURSE, folder) == []
    (folder / "gradebook.db").write_bytes(b"marks")
    hand_in(folder, "student-001", "work")
    notebook = folder / "source" / LESSON / f"{LESSON}.ipynb"
    wanted = notebook.read_bytes()
    # As an older version of the course would have left it, and as an instructor would.
    notebook.write_bytes(b"old")
    state = json.loads((folder / ".grader.json").read_text())
    state["files"][f"source/{LESSON}/{LESSON}.ipynb"] = hashlib.sha256(b"old").hexdigest()
    (folder / ".grader.json").write_text(json.dumps(state))
    (folder / "nbgrader_config.py").write_text("# mine\n")
    done = init(COURSE, folder, lessons=["1"])
    assert f"updated: source/{LESSON}/{LESSON}.ipynb" in done
    assert "written: source/lesson1_agent_loop/lesson1_agent_loop.ipynb" in done
    assert any(line.startswith("left alone, because you have changed it: nbgrader_config.py") for line in done)
    assert notebook.read_bytes() == wanted
    assert (folder / "nbgrader_config.py").read_text() == "# mine\n"
    assert (folder / "gradebook.db").read_bytes() == b"marks"
    assert (folder / "submitted" / "student-001" / LESSON / f"{LESSON}.ipynb").read_text() == "work"


def test_what_is_written_can_be_deleted_and_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "course"
    init(COURSE, folder, lessons=["5"])
    (folder / "nbgrader_config.py").write_text("# mine\n")
    said = "left alone, because you have changed it: nbgrader_config.py (delete it to get a new one)"
    assert init(COURSE, folder) == [said]
    assert init(COURSE, folder) == [said]
    (folder / "nbgrader_config.py").unlink()
    assert init(COURSE, folder) == ["written: nbgrader_config.py"]
    assert init(COURSE, folder) == []


def test_an_init_that_was_cut_off_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "course"
    real = managed.write

    def fails(path: Path, data: bytes) -> None:
        if path.suffix == ".ipynb":
            raise OSError(28, "No space left on device", str(path))
        real(path, data)

    monkeypatch.setattr(managed, "write", fails)
    with pytest.raises(CourseError, match=r"No space left on device\); run this again"):
        init(COURSE, folder, lessons=["5"])
    monkeypatch.undo()
    assert (folder / "nbgrader_config.py").is_file()
    done = init(COURSE, folder, training=False)  # and even if it was not the same in between
    assert f"written: source/{LESSON}/{LESSON}.ipynb" in done
    assert "updated: nbgrader_config.py" in done
    assert init(COURSE, folder) == []


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("everything")
    with pytest.raises(CourseError, match="is not empty"):
        init(COURSE, tmp_path)
    with pytest.raises(CourseError, match="is a file"):
        init(COURSE, tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_gradebook_goes_by_its_url(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    folder = tmp_path / "course"
    init(COURSE, folder, lessons=["5"], db_url=url)
    assert run(GenerateAssignmentApp, folder, LESSON) == 0
    assert (tmp_path / "elsewhere.db").exists()
    assert not (folder / "gradebook.db").exists()
    assert init(COURSE, folder) == []  # the URL is remembered
    with pytest.raises(CourseError, match="not the URL of a database"):
        init(COURSE, folder, db_url="gradebook")


@pytest.mark.parametrize(
    ("url", "bare", "password"),
    [
        ("postgresql://teacher:secret@host/marks", "postgresql://teacher@host/marks", "secret"),
        ("postgresql://teacher@host/marks", "postgresql://teacher@host/marks", ""),
        ("mysql+mysqldb://t:p%40ss@h:5/n?ssl=1", "mysql+mysqldb://t@h:5/n?ssl=1", "p@ss"),
        ("postgresql:///n?user=t&password=b", "postgresql:///n?user=t", "b"),
        ("sqlite:////a/b:c@d.db", "sqlite:////a/b:c@d.db", ""),
        ("gradebook", "gradebook", ""),
    ],
)
def test_a_password_is_told_from_its_url(url: str, bare: str, password: str) -> None:
    assert database.split(url) == (bare, password)
    assert database.has_password(f'c.CourseDirectory.db_url = "{url}"') == (password not in ("", "b"))
    assert not database.has_password(f'# c.CourseDirectory.db_url = "{url}"')


def test_a_password_in_the_url_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"--db-url has a password in it.*GRADER_DB_PASSWORD") as refused:
        init(COURSE, tmp_path / "course", lessons=["5"], db_url="postgresql://teacher:secret@host/marks")
    assert "secret" not in str(refused.value)
    assert not (tmp_path / "course").exists()


def test_the_config_reads_the_password_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADER_DB_PASSWORD", raising=False)
    config, url = str(tmp_path / "nbgrader_config.py"), "postgresql://teacher@host/marks"
    assert database.with_password(url, config) == url
    database.keep(tmp_path, "p@ss word")
    assert (tmp_path / ".db_password").stat().st_mode & 0o777 == 0o600
    assert database.with_password(url, config) == "postgresql://teacher:p%40ss word@host/marks"
    monkeypatch.setenv("GRADER_DB_PASSWORD", "other")
    assert database.with_password(url, config) == "postgresql://teacher:other@host/marks"
    monkeypatch.delenv("GRADER_DB_PASSWORD")
    (tmp_path / ".db_password").chmod(0o640)
    with pytest.raises(SystemExit, match="may be read by others than you; run: chmod 600"):
        database.with_password(url, config)


def test_a_password_that_an_earlier_version_left_is_moved_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.nbgrader import make

    monkeypatch.setattr(make, "database_problem", lambda url: None)  # the driver need not be here
    folder, url = tmp_path / "course", "postgresql://teacher:secret@host/marks"
    init(COURSE, folder, lessons=["5"], db_url="postgresql://teacher@host/marks")
    config, state = folder / "nbgrader_config.py", folder / ".grader.json"
    config.write_text(config.read_text().replace("teacher@", "teacher:secret@"))
    known = json.loads(state.read_text())
    known["db_url"] = url
    known["files"]["nbgrader_config.py"] = hashlib.sha256(config.read_bytes()).hexdigest()
    state.write_text(json.dumps(known))
    done = init(COURSE, folder)
    assert [line.split(":")[0] for line in done] == ["moved", "updated"]
    assert not any("secret" in line for line in done)
    assert (folder / ".db_password").read_text() == "secret\n"
    assert "/.db_password" in (folder / ".gitignore").read_text().splitlines()
    for path in folder.rglob("*"):
        assert path.name == ".db_password" or not path.is_file() or b"secret" not in path.read_bytes(), path
    assert init(COURSE, folder) == []
    # What somebody has changed is not touched, but they are told.
    config.write_text(f'c = get_config()\nc.CourseDirectory.db_url = "{url}"\n')
    (folder / ".gitignore").write_text("/submitted/\n")
    told = init(COURSE, folder)
    assert any(line.startswith("nbgrader_config.py has a password in it") for line in told)
    assert "add a line /.db_password to .gitignore: it must not get into a repository" in told


def test_a_database_whose_driver_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import importlib.util

    if importlib.util.find_spec("psycopg"):
        pytest.skip("psycopg is installed here")
    folder = tmp_path / "course"
    with pytest.raises(CourseError, match=r"pip install 'psycopg\[binary\]'"):
        init(COURSE, folder, db_url="postgresql://teacher@host/marks")
    init(COURSE, folder, lessons=["5"])
    config = folder / "nbgrader_config.py"
    before = "# The folder that holds course.yml"
    url = 'c.CourseDirectory.db_url = "postgresql://teacher:secret@host/marks"\n'
    config.write_text(config.read_text().replace(before, url + before))
    assert run(GenerateAssignmentApp, folder, LESSON) == 1
    said = capsys.readouterr().err
    assert "pip install 'psycopg[binary]'" in said
    assert "Traceback" not in said


def test_without_training_its_cell_is_worth_nothing(tmp_path: Path) -> None:
    lesson = next(each for each in COURSE.lessons if each.training)
    folder = tmp_path / "course"
    init(COURSE, folder, lessons=[lesson.name], training=False)
    book = nbformat.read(folder / "source" / lesson.name / f"{lesson.name}.ipynb", as_version=4)
    points = {c.metadata.nbgrader.grade_id: c.metadata.nbgrader.points for c in book.cells if _graded(c)}
    wanted = {cell: value for cell, (_, value) in worth(lesson, training=False).items()}
    assert points == wanted
    assert points["train"] == 0
    assert "c.Verdicts.training = False" in (folder / "nbgrader_config.py").read_text()
    init(COURSE, folder, training=True)
    assert "c.Verdicts.training = True" in (folder / "nbgrader_config.py").read_text()


def test_a_question_that_is_graded_by_hand_stays_the_student_s(tmp_path: Path) -> None:
    lesson = COURSE.lesson(LESSON)
    question = Released("why", "markdown", "Your answer here", False, "0", 2.0, True, False)
    test = Released("ReplayBuffer-push", "code", 'check("ReplayBuffer.push")', True, "1", 3.0, False, False)
    mine = nbformat.v4.new_markdown_cell("Because.")
    mine.metadata["nbgrader"] = {"grade_id": "why", "points": 100}
    place = hand_in(tmp_path, "student-001", classroom.as_text(nbformat.v4.new_notebook(cells=[mine])))
    made = restore(place, lesson, None, [question, test], {})
    assert [cell.source for cell in made.cells] == [page_text.shown("Because.", {}), test.source]
    marks = made.cells[0].metadata.nbgrader
    assert (marks.grade, marks.solution, marks.points) == (True, True, 2.0)
    # Who takes it out gets it back, in its place: somebody has to see that there is no answer.
    place = hand_in(tmp_path, "student-002", classroom.as_text(nbformat.v4.new_notebook(cells=[])))
    assert [cell.source for cell in restore(place, lesson, None, [question, test], {}).cells] == [
        question.source,
        test.source,
    ]


def test_shares_add_up_to_the_points() -> None:
    def result(points: float, verdict: str = "pass") -> PropertyResult:
        return PropertyResult("test", "push", "a law", verdict, points if verdict == "pass" else 0.0, points)  # type: ignore[arg-type]

    assert exercise_scores([result(0.3333)] * 3) == {"push": (1.0, 1.0)}
    assert exercise_scores([result(0.1429)] * 7) == {"push": (1.0, 1.0)}
    assert exercise_scores([*[result(0.3333)] * 2, result(0.3333, "fail")]) == {"push": (0.6666, 1.0)}
