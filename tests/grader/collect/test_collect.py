"""``grader collect``: each system's download becomes the layout, the list and the ids; and can be graded."""

from __future__ import annotations

import json
import unicodedata
from datetime import datetime
from pathlib import Path

import made_downloads as made
import pytest
import tiny_course
from made_downloads import ONE, TWO, Files, write, zipped, zipped_on_a_mac
from tiny_course import BALANCE, NUMBERS

from grader.collect.collect import collect
from grader.collect.collected import Collected, Remark
from grader.collect.shelf import handed_in
from grader.course import Course
from grader.errors import ClassError
from grader.export import ids as ids_file
from grader.grading.one_student import grade_student
from grader.grading.run import Run
from grader.report.step import silent
from grader.student.inprocess import Here
from grader.submissions.students import find_students


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return tiny_course.make(tmp_path_factory.mktemp("course"))


def layout(out: Path, *, earlier: bool = False) -> dict[str, str]:
    """What lies there, by path; what is hidden is left out, but for earlier versions where they are wanted."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_file() and (name.startswith(".earlier/") == earlier) and name != ".collected.json":
            found[name.removeprefix(".earlier/")] = path.read_text()
    return found


def said(remarks: list[Remark], student: str = "") -> str:
    return "\n".join(remark.says for remark in remarks if remark.student == student)


def run(course: Course, source: Path, out: Path, lesson: str = "") -> Collected:
    return collect(course, source, out, course.lesson(lesson) if lesson else None)


@pytest.fixture(params=["folder", "zip", "zip on a mac", "zip in a folder", "folder in a folder"])
def packed(request: pytest.FixtureRequest, tmp_path: Path):
    """Gives a download in each way in which it reaches an instructor's disk."""

    def pack(files: Files, name: str = "download") -> Path:
        if request.param == "folder":
            return write(tmp_path / name, files)
        if request.param == "zip":
            zipped(files, path := tmp_path / f"{name}.zip")
            return path
        if request.param == "zip on a mac":
            zipped_on_a_mac(name, files, path := tmp_path / f"{name}.zip")
            return path
        if request.param == "zip in a folder":
            (tmp_path / "outer").mkdir()
            zipped(files, tmp_path / "outer" / f"{name}.ZIP")
            return tmp_path / "outer"
        write(tmp_path / "outer" / name, files)
        return tmp_path / "outer"

    return pack


def test_canvas(course: Course, packed, tmp_path: Path) -> None:
    done = run(course, packed(made.CANVAS), out := tmp_path / "submitted")
    assert done.systems == ["Canvas"]
    assert layout(out) == {
        f"alphaann/{ONE}/{ONE}.py": NUMBERS,  # the one that was handed in again, under its own name
        f"betabob/{ONE}/{ONE}.py": NUMBERS,
        f"gammacy-103/{ONE}/{ONE}.py": NUMBERS,
        f"gammacy-103/{ONE}/notes.txt": "hello",
        f"gammacy-104/{ONE}/{ONE}.py": made.WRONG,
        "deltadi/text.html": "<p>I could not upload it.</p>",
        "anon_x1Y2z/solution.py": NUMBERS,
    }
    assert layout(out, earlier=True) == {f"alphaann/9001/{ONE}/{ONE}.py": made.WRONG}
    assert "newest counts" in said(done.notes, "alphaann")
    assert "late" in said(done.notes, "betabob")
    assert [remark.student for remark in done.attention] == ["deltadi"]
    assert "typed into the system" in said(done.attention, "deltadi")
    assert done.lessons == {ONE: 4, "": 1}
    # One student is anonymous, so there are no ids that a gradebook could be filled with.
    assert done.ids is None


def test_ids_of_canvas_are_read_by_export(course: Course, tmp_path: Path) -> None:
    named = {name: data for name, data in made.CANVAS.items() if not name.startswith("anon_")}
    done = run(course, write(tmp_path / "download", named), out := tmp_path / "submitted", "1")
    assert done.ids == (tmp_path / "submitted.ids.csv", "Canvas user id")
    known = ids_file.read(tmp_path / "submitted.ids.csv")
    assert known.of("alphaann") == "101"
    assert known.of("gammacy-104") == "104"
    assert set(known.known) == set(find_students(out, ()))
    assert (tmp_path / "submitted.ids.csv").read_text().splitlines()[0] == "folder,id"


def test_moodle(course: Course, packed, tmp_path: Path) -> None:
    done = run(course, packed(made.MOODLE), out := tmp_path / "submitted")
    assert done.systems == ["Moodle"]
    assert layout(out) == {
        f"Ann Alpha/{ONE}/{ONE}.py": NUMBERS,
        f"Ann Alpha/{ONE}/onlinetext.html": "<p>See the file.</p>",
        f"Bob Beta/{ONE}/{ONE}.py": made.WRONG,
        f"{unicodedata.normalize('NFC', 'Zoë Gamma')}/{ONE}/{ONE}.ipynb": "{}",
        "Di Delta/onlinetext.html": "<p>return 2 * x</p>",
    }
    assert [remark.student for remark in done.attention] == ["Di Delta"]
    assert done.ids is None  # a participant's number is not an id outside of that assignment


def test_moodle_without_folders(course: Course, packed, tmp_path: Path) -> None:
    run(course, packed(made.MOODLE_FLAT, "drl-Lesson 1-4711"), out := tmp_path / "submitted")
    assert layout(out) == {
        f"Ann Alpha/{ONE}/{ONE}.py": NUMBERS,
        f"Ann Alpha/{ONE}/onlinetext.html": "<p>See the file.</p>",
        f"Bob Beta/{ONE}/{ONE}.py": made.WRONG,
    }


def test_moodle_knows_two_of_one_name_by_their_number(course: Course, tmp_path: Path) -> None:
    files: Files = {f"Jo Lee_{n}_assignsubmission_file/{ONE}.py": NUMBERS for n in (31, 32)}
    files |= {f"Participant_{n}_assignsubmission_file/{ONE}.py": NUMBERS for n in (41,)}
    done = run(course, write(tmp_path / "download", files), out := tmp_path / "submitted")
    assert find_students(out, ()) == ["Jo Lee-31", "Jo Lee-32", "Participant"]
    assert "several 'Jo Lee'; 31" in said(done.attention)
    # Another assignment has other numbers: the name says who it is, unless names are hidden.
    again: Files = {f"Participant_{n}_assignsubmission_file/{TWO}.py": BALANCE for n in (51,)}
    run(course, write(tmp_path / "again", again), out)
    assert find_students(out, ()) == ["Jo Lee-31", "Jo Lee-32", "Participant", "Participant-51"]


def test_gradescope(course: Course, packed, tmp_path: Path) -> None:
    done = run(course, packed(made.GRADESCOPE), out := tmp_path / "submitted")
    assert done.systems == ["Gradescope"]
    assert layout(out) == {
        f"Ann Alpha/{ONE}/{ONE}.py": NUMBERS,  # the later one by its time, though its number is lower
        f"Bob Beta/{ONE}/{ONE}.py": NUMBERS,  # handed in by a group: each gets it
        f"Cy Gamma/{ONE}/{ONE}.py": NUMBERS,
        f"submission_600/{ONE}/{ONE}.py": NUMBERS,
    }
    assert layout(out, earlier=True) == {f"Ann Alpha/submission_501/{ONE}/{ONE}.py": made.WRONG}
    assert "handed in 2 times" in said(done.notes, "Ann Alpha")
    assert "submission_600" in said(done.attention)
    assert "submission_700: named by" in said(done.attention)


def test_the_time_that_gradescope_took_is_remembered(course: Course, tmp_path: Path) -> None:
    out = tmp_path / "submitted"
    run(course, write(tmp_path / "download", made.GRADESCOPE), out, "1")
    known = handed_in(out)
    assert known["Ann Alpha", ONE] == datetime.fromisoformat("2026-01-07T10:00:00+02:00")
    assert known["Bob Beta", ONE] == known["Cy Gamma", ONE] == datetime.fromisoformat("2026-01-06T10:00:00+00:00")
    # Somebody has put an earlier version in its place, or taken it away: nobody knows when that came.
    (out / "Bob Beta" / ONE / f"{ONE}.py").write_text("an earlier one")
    (out / "Cy Gamma" / ONE / f"{ONE}.py").unlink()
    assert {name for name, _ in handed_in(out)} & {"Ann Alpha", "Bob Beta", "Cy Gamma"} == {"Ann Alpha"}
    (out / ".collected.json").write_text("{")
    with pytest.raises(ClassError, match="is damaged"):
        handed_in(out)
    assert handed_in(tmp_path) == {}


def test_times_that_students_write_or_that_have_no_zone_are_not_taken(course: Course, tmp_path: Path) -> None:
    zoneless = {
        name: data.replace(" Z", "") if isinstance(data, str) else data for name, data in made.GRADESCOPE.items()
    }
    for i, (files, known) in enumerate(((made.NBGRADER, set()), (made.BLACKBOARD, set()), (zoneless, {"Ann Alpha"}))):
        run(course, write(tmp_path / f"download{i}", files), out := tmp_path / f"submitted{i}", "1")
        assert {student for student, _ in handed_in(out)} == known, "one of Gradescope's has a zone still"


def test_ids_of_gradescope(course: Course, tmp_path: Path) -> None:
    files = {name: data for name, data in made.GRADESCOPE.items() if "_600/" not in name}
    done = run(course, write(tmp_path / "download", files), tmp_path / "submitted")
    assert done.ids == (tmp_path / "submitted.ids.csv", "sid")
    assert ids_file.read(tmp_path / "submitted.ids.csv").known == {
        "Ann Alpha": "s1",
        "Bob Beta": "s2",
        "Cy Gamma": "s3",
    }


def test_gradescope_whose_metadata_is_lost_or_damaged(course: Course, tmp_path: Path) -> None:
    files = {name: data for name, data in made.GRADESCOPE.items() if not name.endswith(".yml")}
    done = run(course, write(tmp_path / "lost", files), out := tmp_path / "one")
    assert find_students(out, ()) == ["submission_400", "submission_501", "submission_502", "submission_600"]
    assert "there is no submission_metadata.yml" in said(done.attention)
    damaged = write(tmp_path / "damaged", {**files, "assignment_77_export/submission_metadata.yml": "a: ]["})
    done = run(course, damaged, tmp_path / "two")
    assert len(done.students) == 4
    assert "submission_metadata.yml is damaged" in said(done.attention)


def test_nbgraders_exchange(course: Course, packed, tmp_path: Path) -> None:
    # Pointed at the whole exchange, of which only `inbound` is what students handed in.
    exchange: Files = {f"inbound/{name}": data for name, data in made.NBGRADER.items()}
    exchange |= {f"outbound/{ONE}/{ONE}.ipynb": "{}", "feedback/0123456789abcdef.html": "<p>good</p>"}
    done = run(course, packed(exchange), out := tmp_path / "submitted")
    assert done.systems == ["nbgrader"]
    assert layout(out) == {
        f"student-001/{ONE}/{ONE}.py": NUMBERS,
        f"student-001/{ONE}/timestamp.txt": "2026-01-06 09:00:00.000001 UTC",
        f"student-001/{TWO}/{TWO}.py": BALANCE,
        f"c+plus/{ONE}/{ONE}.py": made.WRONG,
    }
    kept = layout(out, earlier=True)
    assert kept == {
        f"student-001/2026-01-05 10_00_00.000001 UTC/{ONE}/{ONE}.ipynb": "{}",
        f"student-001/2026-01-05 10_00_00.000001 UTC/{ONE}/timestamp.txt": "2026-01-05 10:00:00.000001 UTC",
    }
    # Of several assignments a line names the one that it is about.
    assert said(done.notes) == ""
    assert f"{ONE}: handed in 2 times" in said(done.notes, "student-001")
    assert not done.attention
    assert done.ids is None  # folders are called as the ids are


def test_blackboard(course: Course, packed, tmp_path: Path) -> None:
    done = run(course, packed(made.BLACKBOARD), out := tmp_path / "submitted", "1")
    assert done.systems == ["Blackboard"]
    assert layout(out) == {
        f"jdoe/{ONE}/attempt.txt": "Name: Jane Doe",
        f"jdoe/{ONE}/{ONE}.py": NUMBERS,
        f"rroe/{ONE}/attempt.txt": "Name: Rob Roe, see my mail",
    }
    assert layout(out, earlier=True)[f"jdoe/2026-01-05-10-00-00/{ONE}/{ONE}.py"] == made.WRONG
    assert "no Python file and no notebook, but attempt.txt" in said(done.attention, "rroe")


@pytest.mark.parametrize("nothing", ["", " \n\t\n", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_listed_unless_there_is_work_beside_it(
    course: Course, tmp_path: Path, nothing: str | bytes
) -> None:
    files: Files = {
        f"alphaann_101_9001_{ONE}.py": nothing,
        f"betabob_102_9002_{ONE}.py": nothing,
        f"betabob_102_9003_{ONE}.ipynb": nothing,
        "gammacy_103_9004_work.zip": zipped({f"{ONE}.py": NUMBERS, "__init__.py": nothing}),
    }
    done = run(course, write(tmp_path / "download", files), out := tmp_path / "submitted", "1")
    assert said(done.attention, "alphaann") == f"handed in an empty file: {ONE}.py"
    assert said(done.attention, "betabob") == f"handed in empty files: {ONE}.py, {ONE}.ipynb"
    assert {remark.student for remark in done.attention} == {"alphaann", "betabob"}
    assert find_students(out, ()) == ["alphaann", "betabob", "gammacy"]


def test_lines_about_several_downloads_name_the_lesson(course: Course, tmp_path: Path) -> None:
    outer = tmp_path / "downloads"
    write(outer / "Lesson 1", {f"alphaann_LATE_101_9001_{ONE}.py": NUMBERS, "betabob_102_9002_notes.txt": "hello"})
    write(outer / "Lesson 2", {f"alphaann_LATE_101_9003_{TWO}.py": BALANCE, f"betabob_102_9004_{TWO}.py": BALANCE})
    done = run(course, outer, tmp_path / "submitted")
    assert said(done.notes, "alphaann") == f"{ONE}: handed in late\n{TWO}: handed in late"
    assert said(done.attention, "betabob") == f"{ONE}: handed in no Python file and no notebook, but notes.txt"


def test_an_assignment_that_names_no_lesson_keeps_a_folder_of_its_own(course: Course, tmp_path: Path) -> None:
    files: Files = {f"{hw}_jdoe_attempt_2026-01-0{day}-10-00-00_work.py": hw for day, hw in ((5, "hw1"), (6, "hw2"))}
    run(course, write(tmp_path / "download", files), out := tmp_path / "submitted")
    assert layout(out) == {"jdoe/hw1/work.py": "hw1", "jdoe/hw2/work.py": "hw2"}


def test_github_clones(course: Course, packed, tmp_path: Path) -> None:
    done = run(course, packed(made.GITHUB), out := tmp_path / "submitted")
    assert done.systems == ["GitHub"]
    assert layout(out) == {
        f"ann-alpha/exercises/{ONE}.py": NUMBERS,
        f"ann-alpha/exercises/{TWO}.py": BALANCE,
        "ann-alpha/README.md": "mine",
        f"bob/{ONE}/{ONE}.py": made.WRONG,
    }
    assert done.left_out  # .git, which is nobody's work and runs hooks
    assert not done.attention


def test_the_folders_name_may_say_the_lesson(course: Course, tmp_path: Path) -> None:
    files: Files = {"lesson-01-submissions/lesson-01-ann/src/mine.py": NUMBERS}
    run(course, write(tmp_path / "download", files), out := tmp_path / "submitted")
    assert layout(out) == {f"ann/{ONE}/mine.py": NUMBERS}


def test_a_folder_or_an_archive_a_student(course: Course, packed, tmp_path: Path) -> None:
    files: Files = {
        f"student-001/{ONE}/{ONE}.py": NUMBERS,
        f"student-001/{TWO}/{TWO}.py": BALANCE,
        "student-002.zip": zipped({f"{ONE}.py": made.WRONG}),
        "student-003/thesis.pdf": "%PDF-1.4",
        "student-004/": "",
        "notes of mine.txt": "do not forget",
    }
    done = run(course, packed(files, "class"), out := tmp_path / "submitted")
    assert layout(out) == {
        f"student-001/{ONE}/{ONE}.py": NUMBERS,
        f"student-001/{TWO}/{TWO}.py": BALANCE,
        f"student-002/{ONE}/{ONE}.py": made.WRONG,
        "student-003/thesis.pdf": "%PDF-1.4",
    }
    assert find_students(out, ()) == ["student-001", "student-002", "student-003", "student-004"]
    assert "notes of mine.txt: belongs to no student" in said(done.attention)
    assert "no Python file and no notebook, but thesis.pdf" in said(done.attention, "student-003")
    assert "nothing that can be read" in said(done.attention, "student-004")


def test_one_student_in_a_folder_around_all(course: Course, packed, tmp_path: Path) -> None:
    files: Files = {f"student-001/{ONE}/mine.py": NUMBERS, f"student-001/{TWO}/mine.py": BALANCE, "student-001/a": "a"}
    source = packed(files, "class")
    if source.name == "class":
        with pytest.raises(ClassError, match="already has one folder per student and lesson; type: grader grade"):
            run(course, source, tmp_path / "submitted")
        return
    run(course, source, out := tmp_path / "submitted")
    assert layout(out) == {f"student-001/{ONE}/mine.py": NUMBERS, f"student-001/{TWO}/mine.py": BALANCE,
                           "student-001/a": "a"}  # fmt: skip


def test_a_students_archive_is_not_taken_for_a_download(course: Course, tmp_path: Path) -> None:
    """Else one could hand in work in another's name, or make the others' work belong to nobody."""
    forged = zipped({f"student-001_1_2_{ONE}.py": made.WRONG, f"student-003_3_4_{ONE}.py": made.WRONG})
    files: Files = {"student-000.zip": forged, f"student-001/{ONE}.py": NUMBERS}
    run(course, write(tmp_path / "download", files), out := tmp_path / "submitted", "1")
    assert find_students(out, ()) == ["student-000", "student-001"]
    assert (out / "student-001" / ONE / f"{ONE}.py").read_text() == NUMBERS


def test_several_downloads_at_once(course: Course, tmp_path: Path) -> None:
    downloads = {
        "drl-lesson-1-submissions.zip": zipped({"alphaann_101_1_a.py": NUMBERS}),
        "drl-lesson-2-submissions.zip": zipped({"alphaann_101_2_a.py": BALANCE, "betabob_102_3_b.py": BALANCE}),
    }
    done = run(course, write(tmp_path / "downloads", downloads), out := tmp_path / "submitted")
    assert layout(out) == {
        f"alphaann/{ONE}/a.py": NUMBERS,
        f"alphaann/{TWO}/a.py": BALANCE,
        f"betabob/{TWO}/b.py": BALANCE,
    }
    assert done.lessons == {ONE: 1, TWO: 2}


def test_a_collected_class_can_be_graded(course: Course, tmp_path: Path) -> None:
    source = tmp_path / "download.zip"
    zipped_on_a_mac("download", {n: d for n, d in made.CANVAS.items() if not n.startswith(("delta", "anon"))}, source)
    run(course, source, out := tmp_path / "submitted")
    marks = {}
    for student in find_students(out, ()):
        one = Run(course, out, tmp_path / "report", (ONE,), train=False)
        (report,) = grade_student(one, student, Here(), silent)
        marks[student] = (report.status, report.score)
    assert marks == {
        "alphaann": ("graded", 3.0),
        "betabob": ("graded", 3.0),
        "gammacy-103": ("graded", 3.0),
        "gammacy-104": ("graded", 1.0),
    }


# Again


def canvas(tmp_path: Path, name: str, files: Files) -> Path:
    return write(tmp_path / name, files)


def test_again_changes_nothing(course: Course, tmp_path: Path) -> None:
    source = canvas(tmp_path, "download", made.CANVAS)
    run(course, source, out := tmp_path / "submitted")
    before, memory = layout(out), (out / ".collected.json").read_bytes()
    done = run(course, source, out)
    assert dict(done.outcomes) == {"unchanged": len(before)}
    assert layout(out) == before
    assert (out / ".collected.json").read_bytes() == memory


def test_a_newer_version_replaces_what_collect_wrote(course: Course, tmp_path: Path) -> None:
    old = {f"alphaann_101_9001_{ONE}.py": made.WRONG, "alphaann_101_9002_helpers.py": "old = 1\n"}
    run(course, canvas(tmp_path, "first", old), out := tmp_path / "submitted", "1")
    done = run(course, canvas(tmp_path, "second", {f"alphaann_101_9009_{ONE}-1.py": NUMBERS}), out, "1")
    # What the newer hand-in does not have is no part of it: left there, it could be taken for it.
    assert layout(out) == {f"alphaann/{ONE}/{ONE}.py": NUMBERS}
    assert layout(out, earlier=True) == {
        f"alphaann/9001/{ONE}/{ONE}.py": made.WRONG,
        f"alphaann/9002/{ONE}/helpers.py": "old = 1\n",
    }
    assert done.outcomes["replaced"] == 1
    assert "helpers.py of an earlier version" in said(done.notes, "alphaann")
    # The first download once more: the newer one stays.
    done = run(course, tmp_path / "first", out, "1")
    assert layout(out) == {f"alphaann/{ONE}/{ONE}.py": NUMBERS}
    assert "newer version is there already" in said(done.notes, "alphaann")


def test_what_somebody_changed_is_left_alone(course: Course, tmp_path: Path) -> None:
    run(course, canvas(tmp_path, "first", {f"alphaann_101_9001_{ONE}.py": made.WRONG}), out := tmp_path / "submitted")
    mine = out / "alphaann" / ONE / f"{ONE}.py"
    mine.write_text("# looked at by the instructor\n")
    done = run(course, canvas(tmp_path, "second", {f"alphaann_101_9009_{ONE}.py": NUMBERS}), out)
    assert mine.read_text() == "# looked at by the instructor\n"
    assert "was changed since" in said(done.attention, "alphaann")
    assert done.outcomes["kept"] == 1


def test_a_student_whose_folder_is_there_is_named(course: Course, tmp_path: Path) -> None:
    run(course, canvas(tmp_path, "first", {f"alphaann_101_9001_{ONE}.py": NUMBERS}), out := tmp_path / "submitted")
    tiny_course.hand_in(out, "betabob", ONE, "# by hand\n")
    done = run(course, canvas(tmp_path, "second", {f"betabob_102_9002_{TWO}.py": BALANCE}), out)
    assert "was not made by collect" in said(done.notes, "betabob")
    assert layout(out)[f"betabob/{ONE}/{ONE}.py"] == "# by hand\n"


def test_a_file_called_as_a_student_is_nobodys_folder(course: Course, tmp_path: Path) -> None:
    run(course, canvas(tmp_path, "first", {f"alphaann_101_9001_{ONE}.py": NUMBERS}), out := tmp_path / "submitted")
    (out / "betabob").write_text("a note on Bob")
    run(course, canvas(tmp_path, "second", {f"betabob_102_9002_{ONE}.py": NUMBERS}), out)
    assert layout(out)["betabob"] == "a note on Bob"
    assert layout(out)[f"betabob (2)/{ONE}/{ONE}.py"] == NUMBERS


def test_students_of_one_name_keep_their_folders(course: Course, tmp_path: Path) -> None:
    run(course, canvas(tmp_path, "first", {f"leewei_1_10_{ONE}.py": NUMBERS}), out := tmp_path / "submitted")
    run(course, canvas(tmp_path, "second", {f"leewei_2_20_{ONE}.py": made.WRONG}), out)
    done = run(course, canvas(tmp_path, "third", {f"leewei_{n}_3{n}_{TWO}.py": BALANCE for n in (1, 2)}), out)
    assert layout(out) == {
        f"leewei/{ONE}/{ONE}.py": NUMBERS,
        f"leewei-2/{ONE}/{ONE}.py": made.WRONG,
        f"leewei/{TWO}/{TWO}.py": BALANCE,
        f"leewei-2/{TWO}/{TWO}.py": BALANCE,
    }
    assert done.ids is not None
    assert ids_file.read(done.ids[0]).known == {"leewei": "1", "leewei-2": "2"}


def test_an_interrupted_run_goes_on(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.collect import shelf

    source, out = canvas(tmp_path, "download", made.CANVAS), tmp_path / "submitted"
    left = 3

    def interrupted(path: Path, data: bytes) -> None:
        nonlocal left
        if path.name != shelf.MEMORY:
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        write_it(path, data)

    write_it = shelf.write
    monkeypatch.setattr(shelf, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(course, source, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["download", "submitted"]  # nothing of ours is left
    monkeypatch.undo()
    done = run(course, source, out)
    assert done.outcomes["unchanged"] >= 2
    run(course, source, other := tmp_path / "uninterrupted")
    assert layout(out) == layout(other)


def test_the_memory_names_digests(course: Course, tmp_path: Path) -> None:
    run(course, canvas(tmp_path, "first", {f"alphaann_101_9001_{ONE}.py": NUMBERS}), out := tmp_path / "submitted")
    memory = json.loads((out / ".collected.json").read_text())
    assert memory["students"] == {"canvas:101": {"folder": "alphaann", "ids": {"Canvas user id": "101"}}}
    assert list(memory["files"]) == [f"alphaann/{ONE}/{ONE}.py"]


# What makes no sense


def test_wrong_input_is_one_line(course: Course, tmp_path: Path) -> None:
    out = tmp_path / "submitted"
    (tmp_path / "syllabus.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "syllabus.zip").write_bytes(b"%PDF-1.7")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "nothing.zip").write_bytes(b"")
    (tmp_path / "all.rar").write_bytes(b"Rar!\x1a\x07\x00")
    (tmp_path / "empty").mkdir()
    zipped({}, tmp_path / "none.zip")
    zipped({f"{ONE}.py": NUMBERS}, tmp_path / "mine.zip")
    tiny_course.hand_in(tmp_path / "laid out", "student-001", ONE, NUMBERS)
    for name, says in (
        ("nowhere.zip", "does not exist"),
        ("syllabus.pdf", "neither a folder nor a zip"),
        ("syllabus.zip", "is PDF by its content"),
        ("broken.zip", "is damaged"),
        ("nothing.zip", "is damaged"),
        ("all.rar", "is RAR, which is not opened here"),
        ("empty", "no student in it"),
        ("none.zip", "no student in it"),
        ("mine.zip", "no student in it (1 loose files)"),
        ("laid out", "grader grade"),
    ):
        with pytest.raises(ClassError) as raised:
            run(course, tmp_path / name, out)
        assert says in str(raised.value), name
        assert "\n" not in str(raised.value)
        assert not out.exists()


def test_out_lies_elsewhere(course: Course, tmp_path: Path) -> None:
    source = canvas(tmp_path, "download", made.CANVAS)
    for out in (source, source / "submitted", tmp_path):
        with pytest.raises(ClassError, match="which is read"):
            run(course, source, out)
    assert sorted(path.name for path in source.iterdir()) == sorted(made.CANVAS)


def test_out_that_others_filled_is_refused(course: Course, tmp_path: Path) -> None:
    source = canvas(tmp_path, "download", made.CANVAS)
    mine = write(tmp_path / "submitted", {"thesis/chapter1.tex": "It was"})
    with pytest.raises(ClassError, match="holds files that collect did not write \\('thesis'\\)"):
        run(course, source, mine)
    assert layout(mine) == {"thesis/chapter1.tex": "It was"}
    (tmp_path / "file").write_text("")
    with pytest.raises(ClassError, match="is not a folder"):
        run(course, source, tmp_path / "file")
    for i, content in enumerate(("{", b'{"files": {"\xff": {}}}', '{"more": ' + "[" * 100_000)):
        write(tmp_path / f"damaged-{i}", {".collected.json": content})
        with pytest.raises(ClassError, match="is damaged"):
            run(course, source, tmp_path / f"damaged-{i}")
