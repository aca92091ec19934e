"""What students hand in is read in a process that it may end: one student's file is unreadable then, and no more."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import tiny_course
from notebook_of import cell
from tiny_course import NUMBERS

from grader.course import Course
from grader.lessons.stubs import pristine
from grader.student.errors import GraderFault, WireError
from grader.student.frames import Frame
from grader.submissions import messages, reader
from grader.submissions.find import find_work, read_work
from grader.submissions.magics import without_magics
from grader.submissions.messages import (
    Failed,
    Find,
    Found,
    Normalised,
    ReadingLimits,
    packed,
    unpacked,
    unpacked_normal,
)
from grader.submissions.normal import normal
from grader.submissions.read import Submission
from grader.submissions.reader import CRASHES, TOO_LARGE, TOO_SLOW, Reader

NAME = "lesson1_numbers"
TOO_DEEP = "is not Python that can be read: it is nested too deeply, or too large"


def nested_tries(depth: int) -> str:
    """The compiler writes what stands under `finally` once for every way into it: three times as much a level."""
    lines = ["def double(x):"]
    for i in range(1, depth + 1):
        lines += [f"{' ' * i}try:", f"{' ' * (i + 1)}return x", f"{' ' * i}finally:"]
    return "\n".join([*lines, f"{' ' * (depth + 1)}pass"]) + "\n"


def many_loops(number: int) -> str:
    return f"def double(x):\n    return [x {'for a in x ' * number}]\n"


def many_functions(number: int) -> str:
    return NUMBERS + "".join(f"def f{i:x}():a+{i:x}\n".replace(f"a+{i:x}", "0") for i in range(number))


def many_fields(number: int) -> str:
    return f"{NUMBERS}\ntext = f'{'{a}' * number}'\n"


BOMBS = {
    "memory": (nested_tries(16), {TOO_DEEP, TOO_LARGE}),
    "a crash": (many_loops(64_000), {CRASHES, TOO_DEEP, TOO_SLOW, TOO_LARGE}),
    "time": (many_fields(300_000), {TOO_SLOW}),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return tiny_course.make(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def small() -> Iterator[Reader]:
    """A reader whose limits are soon reached."""
    with Reader(ReadingLimits(cpu_seconds=2, memory_mb=300)) as made:
        yield made


def hand_in(folder: Path, source: str, name: str = f"{NAME}.py", *, student: str = "student-001") -> Path:
    path = folder / student / NAME / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return folder / student


def read(by: Reader, course: Course, student: Path) -> Submission:
    lesson = course.lesson("1")
    return by.find(student, lesson, course.lessons, pristine(course, lesson))


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_one_students_unreadable_file(course: Course, small: Reader, tmp_path: Path, what: str) -> None:
    source, reasons = BOMBS[what]
    bomb = read(small, course, hand_in(tmp_path, source))
    assert (bomb.status, bomb.is_text) in {("unreadable", False), ("unreadable", True)}
    assert bomb.problem.removeprefix(f"{NAME}.py ") in reasons
    mate = read(small, course, hand_in(tmp_path, NUMBERS, student="student-002"))
    assert (mate.status, mate.problem) == ("graded", "")


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_in_a_notebook(course: Course, small: Reader, tmp_path: Path, what: str) -> None:
    source, _ = BOMBS[what]
    notebook = {"cells": [cell(source)], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    got = read(small, course, hand_in(tmp_path, json.dumps(notebook), f"{NAME}.ipynb"))
    assert got.status == "unreadable"
    assert got.problem.startswith(f"{NAME}.ipynb ")


def test_work_beside_a_bomb_is_graded_and_the_bomb_is_named(course: Course, small: Reader, tmp_path: Path) -> None:
    student = hand_in(tmp_path, NUMBERS)
    hand_in(tmp_path, many_fields(300_000), f"{NAME}_old.py")
    got = read(small, course, student)
    assert (got.status, got.file) == ("graded", f"{NAME}.py")
    assert f"{NAME}.py was graded; {NAME}_old.py {TOO_SLOW}" in got.notes


def test_a_bomb_is_not_tried_again_until_it_is_another_file(
    course: Course, small: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = hand_in(tmp_path, many_fields(300_000))
    first = read(small, course, student)
    asked = []
    ask = small._ask
    monkeypatch.setattr(small, "_ask", lambda *question: asked.append(question) or ask(*question))
    assert read(small, course, student) == first
    assert len(asked) == 1
    hand_in(tmp_path, NUMBERS)
    assert read(small, course, student).status == "graded"


def test_a_folder_of_bombs_is_given_up(course: Course, tmp_path: Path) -> None:
    for i in range(6):
        student = hand_in(tmp_path, many_fields(100_000), f"{NAME} ({i}).py")
    with Reader(ReadingLimits(cpu_seconds=1, memory_mb=300)) as by:
        got = read(by, course, student)
    assert got.status == "unreadable"
    first = f"{NAME}/{NAME} (0).py {TOO_SLOW}; {NAME}/{NAME} (1).py {TOO_SLOW}"
    assert got.problem.startswith(f"the folder holds several files that cannot be read: {first}")


def test_many_functions_and_many_files_are_read(course: Course, tmp_path: Path) -> None:
    """They took minutes, and all the limits are for what is not read in the end."""
    lesson = course.lesson("1")
    student = hand_in(tmp_path, many_functions(40_000))
    with Reader() as by:
        assert read(by, course, student).problem in {"", f"{NAME}.py {TOO_SLOW}"}
    beside = tmp_path / "student-002"
    hand_in(tmp_path, NUMBERS, student="student-002")
    for i in range(500):
        (beside / f"part{i}.py").write_text("x = 1\n" * 1000)
    looked = []
    got = find_work(beside, lesson, course.lessons, "", tell=looked.append)
    assert got.status == "graded"
    assert len({*looked}) <= 132
    # What ends a search behind the last file is that file's doing too, and the others are read without it.
    assert all(parts[-1].endswith(".py") for parts in looked)


def test_no_folder_has_more_than_so_many_bytes_looked_into(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.submissions.folder._MOST_BYTES_LOOKED_INTO", 100)
    (tmp_path / "a.py").write_text("x = 1\n" * 30)
    (tmp_path / "b.py").write_text(NUMBERS)
    lesson = course.lesson("1")
    assert find_work(tmp_path, lesson, course.lessons, "").status == "missing"
    monkeypatch.setattr("grader.submissions.folder._MOST_BYTES_LOOKED_INTO", 1000)
    assert find_work(tmp_path, lesson, course.lessons, "").status == "graded"


@pytest.mark.parametrize("apart", [False, True], ids=["in a row", "with code between"])
def test_a_long_cell_is_not_parsed_for_each_of_its_shell_lines(apart: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    parse = ast.parse
    monkeypatch.setattr(ast, "parse", lambda source: parsed.append(len(source)) or parse(source))
    lines = ["!pip install torch", *(["y = 2"] if apart else [])] * 200
    source = "\n".join([*["x = 1"] * 16_000, *lines])
    made, skipped = without_magics(source)
    assert skipped == 200
    assert ast.parse(made)
    assert sum(parsed) < 15 * len(source)


def test_a_child_that_is_killed_is_replaced(course: Course, tmp_path: Path) -> None:
    student = hand_in(tmp_path, many_functions(10_000))
    killed: list[int] = []
    with Reader(ReadingLimits(cpu_seconds=60)) as by:
        assert read(by, course, hand_in(tmp_path, NUMBERS, student="student-002")).status == "graded"
        assert by._program is not None
        own = by._program.process.pid
        children = Path(f"/proc/{own}/task/{own}/children")
        if not children.exists():
            pytest.skip("this system does not list the children of a process")

        def kill_one() -> None:
            end = time.monotonic() + 60
            while not killed and time.monotonic() < end:
                for child in map(int, children.read_text().split()):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
                        killed.append(child)

        thread = threading.Thread(target=kill_one)
        thread.start()
        got = read(by, course, student)
        thread.join()
        assert killed
        assert got.status == "graded"


def test_a_reader_that_has_ended_is_started_again(course: Course, tmp_path: Path) -> None:
    student = hand_in(tmp_path, NUMBERS)
    with Reader() as by:
        assert read(by, course, student).status == "graded"
        assert by._program is not None
        by._program.process.kill()
        by._program.process.wait()
        assert read(by, course, student).status == "graded"
        process = by._program.process
    assert process.poll() is not None


def test_a_reader_that_does_not_start_is_the_graders_fault(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(GraderFault, match="the process that reads submissions cannot be started"):
        read(Reader(), course, hand_in(tmp_path, NUMBERS))
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(GraderFault, match="the process that reads submissions has ended"):
        read(Reader(), course, hand_in(tmp_path, NUMBERS))


def test_both_doors_give_the_same(course: Course, tmp_path: Path) -> None:
    lesson, stub = course.lesson("1"), pristine(course, course.lesson("1"))
    sources = [NUMBERS, stub, f"import nowhere\n{NUMBERS}", "def double(:\n", "x = '\ud800'\n", None]
    for i, source in enumerate(sources):
        student = tmp_path / f"student-{i}"
        student.mkdir()
        if source is not None:
            cells = json.dumps({"cells": [cell(source)], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
            (student / f"{NAME}.ipynb").write_text(cells)
        got = read_work(course, lesson, student)
        direct = find_work(student, lesson, course.lessons, stub)
        assert got == direct
        assert got.path == direct.path


def test_a_folder_whose_name_is_not_utf_8(course: Course, tmp_path: Path) -> None:
    student = tmp_path / os.fsdecode(b"caf\xe9")
    student.mkdir()
    (student / f"{NAME}.py").write_text(NUMBERS)
    assert read_work(course, course.lesson("1"), student).status == "graded"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_reads_what_belongs_to_others(course: Course, tmp_path: Path) -> None:
    student = hand_in(tmp_path, NUMBERS)
    for path in [*student.rglob("*"), student]:
        os.chown(path, 12345, 12345)
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert read_work(course, course.lesson("1"), student).status == "graded"


GOOD = Found(b"x = 1\n", "", "graded", ("a note",), "a.py", False, True, False, False, b"a.py", ())


@pytest.mark.parametrize(
    "change",
    [
        {"source": 7},
        {"source": "text"},
        {"status": "excellent"},
        {"notes": "abc"},
        {"notes": ["x"] * 1000},
        {"problem": "x" * 100_000},
        {"empty": "yes"},
        {"score": 100},
        {"not_here": [["a"]]},
    ],
    ids=str,
)
def test_an_answer_of_another_form_is_refused(change: dict[str, object]) -> None:
    plain = {"type": "found", **msgspec.structs.asdict(GOOD)}
    assert messages.answer(Frame(b"", msgspec.msgpack.encode(plain))) == GOOD
    with pytest.raises(WireError):
        messages.answer(Frame(b"", msgspec.msgpack.encode({**plain, **change})))


@pytest.mark.parametrize(
    "change",
    [
        {"where": b"/etc/passwd"},
        {"where": b"../student-002/a.py"},
        {"where": b"a\0b"},
        {"source": b"\xff\xfe"},
        {"problem": "but it has a problem"},
        {"status": "missing"},
        {"status": "error", "problem": "forged"},
    ],
    ids=str,
)
def test_an_answer_that_contradicts_itself_is_refused(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    wrong = msgspec.structs.replace(GOOD, **change)
    with pytest.raises(WireError):
        unpacked(wrong, tmp_path)
    by = Reader()
    monkeypatch.setattr(by, "_ask", lambda *question: wrong)
    got = read(by, course, tmp_path)
    assert got.status == "error"
    assert got.problem.startswith("the grader itself failed while reading: ")


def test_texts_that_come_back_are_fit_to_be_shown(tmp_path: Path) -> None:
    wrong = msgspec.structs.replace(GOOD, notes=("\x1b[31mred\nline",), file="\u202egpj.py")
    got = unpacked(wrong, tmp_path)
    assert got.notes == ("red␤line",)
    assert got.file == "\\u202egpj.py"


def test_a_submission_comes_back_as_it_was(tmp_path: Path) -> None:
    whole = Submission(
        "x = '\ud800'\n", "p", "unreadable", ("n",), "a.py", True, False, True, True, (("a", "b"),), tmp_path / "a.py"
    )
    assert {field.name for field in dataclasses.fields(Submission)} - {"path"} < {*Found.__struct_fields__}
    got = unpacked(packed(whole, tmp_path), tmp_path)
    assert (got, got.path) == (whole, whole.path)


def test_a_fault_of_our_own_is_the_graders_and_one_students(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = Reader()
    monkeypatch.setattr(by, "_ask", lambda *question: Failed("TypeError: nobody expected that"))
    got = read(by, course, tmp_path)
    assert (got.status, got.source) == ("error", "")
    assert "TypeError: nobody expected that" in got.problem


@pytest.mark.parametrize(
    ("code", "offsets", "left_out"),
    [
        (b"x" * 100, b"", b""),
        (b"x", b"123", b""),
        (b"x", b"\x7f" * 16, b""),
        (b"x", b"", b"\x01" + bytes(7)),
        (b"\xff", b"", b""),
    ],
)
def test_a_normal_form_of_another_source_is_refused(code: bytes, offsets: bytes, left_out: bytes) -> None:
    with pytest.raises(WireError):
        unpacked_normal(Normalised(code, offsets, left_out), "x = 1")


def test_one_source_that_cannot_be_compared_does_not_stop_the_others() -> None:
    pytest.importorskip("copydetect", reason="the extra `similar` is not installed")
    bomb, plain = "x = 1  # \u00e9\n" * 100_000, [f"x = {i}\n" for i in range(60)]
    with Reader(ReadingLimits(cpu_seconds=2, memory_mb=60), preload=["copydetect"]) as by:
        made = by.normals([*plain[:5], bomb, *plain[5:], plain[0]], "")
    assert made[bomb] in {f"it {TOO_LARGE}", f"it {TOO_SLOW}"}
    assert {source: made[source] for source in plain} == {source: normal(source, "") for source in plain}


def test_the_question_is_kept_small(course: Course) -> None:
    """A frame has a cap; what the course says of its lessons goes along with every question."""
    asked = Find(b"/class/student-001", NAME, course.lessons, "stub", 6)
    assert messages.question(messages.frame(asked)) == asked
    assert reader.shared() is reader.shared()
