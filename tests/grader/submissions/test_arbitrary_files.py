"""Arbitrary files, notebooks and folders are read or named, and so is what the reading process says about them."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.course import Exercise, Lesson
from grader.student.errors import WireError
from grader.student.frames import Frame
from grader.submissions import messages
from grader.submissions.find import find_work
from grader.submissions.messages import At, Done, Failed, Found, Normalised, packed, unpacked, unpacked_normal
from grader.submissions.normal import Normal
from grader.submissions.notebook import python_of
from grader.submissions.read import Submission, read_file

LESSONS = tuple(
    Lesson(name=name, title="A lesson", exercises=(Exercise(name=asked, points=1),))
    for name, asked in (("lesson1_numbers", "double"), ("lesson2_balance", "Balance.four_times"))
)
STUB = 'def double(x):\n    """Twice."""\n    raise NotImplementedError\n'

# Python as students write it, and what notebooks, editors and accidents make of it.
PIECES = [
    "def double(x):\n    return 2 * x\n", STUB, "class Balance:\n    def four_times(self, x): return 4 * x\n",
    "from lesson1_numbers import double\n", "from __future__ import annotations\n", "import gym, torch\n",
    "%matplotlib inline\n", "!pip install torch\n", "files = !ls\n", "double?\n", "%%time\n", "%%writefile a.py\n",
    "%%bash\n", "  %cd ..\n", "if __name__ == '__main__':\n    ", "    return\n", "try:\n", "print(double(2))\n",
    "for i in range(3):\n", "match x:\n    case 1: pass\n", "type X = int\n", "x: int = 1\n", "double = lambda x: x\n",
    "def f(:\n", '"""', "'", "#", "\\", "\t", "\n", "\r", "\x0c", "\0", "\ufeff", "é", "\u2028", "\ud800", "(", "[",
    "{", "```python\n", "\n```", "# coding: latin-1\n", "# coding: utf-16\n", "@", "async ", "await x\n", "global x\n",
    "f'{x!r:{y}}'", "del double\n", "exec('x')\n", "double(1)(2)[3].x = 4\n", ":=", "*a, b = ", "lambda: ", "yield\n",
]  # fmt: skip
source = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12).map("".join)
plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
marks = st.fixed_dictionaries(
    {}, optional={key: st.booleans() | plain for key in ("grade", "solution", "locked", "task", "grade_id")}
)
cells = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | plain,
        "source": source | st.lists(source, max_size=3) | plain,
        "metadata": st.fixed_dictionaries({}, optional={"nbgrader": marks | plain}) | plain,
        "outputs": plain,
        "execution_count": plain,
        "input": source,
        "language": st.just("python"),
    },
)
whole_cells = st.builds(
    lambda kind, text, about: {"cell_type": kind, "source": text, "metadata": about, "outputs": []},
    st.sampled_from(["code", "code", "markdown", "raw"]),
    source | st.lists(source, max_size=3),
    st.fixed_dictionaries({}, optional={"nbgrader": marks}),
)
notebooks = st.fixed_dictionaries(
    {"nbformat": st.just(4) | st.sampled_from([1, 2, 3, 5]) | plain},
    optional={
        "cells": st.lists(whole_cells, max_size=5) | st.lists(cells | plain, max_size=4) | plain,
        "worksheets": st.lists(st.fixed_dictionaries({"cells": st.lists(cells, max_size=3)}), max_size=2) | plain,
        "metadata": plain,
        "nbformat_minor": st.integers(0, 9) | plain,
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(notebooks, st.sampled_from(["", STUB]))
def test_any_notebook_is_read_or_refused(notebook: dict[str, Any], stub: str) -> None:
    with contextlib.suppress(ValueError):
        code = python_of(json.dumps(notebook), {"double", "Balance"}, stub)
        assert all("\n" not in note for note in code.notes)


def _checked(read: Submission, folder: Path) -> None:
    """What is true of everything that was read, and that it crosses to the grader's process as it is."""
    assert bool(read.problem) == (read.status != "graded")
    assert read.status != "error"
    assert "\n" not in read.problem
    assert all("\n" not in note for note in read.notes)
    crossed = messages.answer(messages.frame(packed(read, folder)))
    assert isinstance(crossed, Found)
    got = unpacked(crossed, folder)
    assert (got.source, got.status, got.path, got.not_here) == (read.source, read.status, read.path, read.not_here)


def _read(data: bytes, name: str, stub: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        _checked(read_file(path, LESSONS[0], stub), Path(folder))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_module_or_refused(data: bytes) -> None:
    _read(data, "lesson1_numbers.py", STUB)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_notebook_or_refused(data: bytes) -> None:
    _read(data, "lesson1_numbers.ipynb", STUB)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    source | notebooks.map(json.dumps),
    st.sampled_from(["utf-8", "utf-16", "utf-32", "latin-1", "utf-8-sig"]),
    st.sampled_from(["lesson1_numbers.py", "lesson1_numbers.ipynb", "lesson1_numbers.py.txt"]),
    st.sampled_from(["", STUB]),
)
def test_any_source_is_a_submission(text: str, encoding: str, name: str, stub: str) -> None:
    _read(text.encode(encoding, "replace"), name, stub)


# A folder: names as people, browsers and other systems write them.

NAMES = [
    "lesson", "1", "01", "2", "_", "-", " ", "numbers", "Numbers", "balance", "copy", "(1)", "test_", "exercises", ".",
    ".py", ".ipynb", ".txt", ".zip", ".bak", "~", ".PY", ".ipynb_checkpoints", "__pycache__", "course.yml", "venv",
    "\udced\udca0", "\n", "\x1b[31m", "é", "ﬁ", "İ",
]  # fmt: skip
name = (st.lists(st.sampled_from(NAMES), min_size=1, max_size=6).map("".join) | st.text(min_size=1, max_size=8)).filter(
    lambda name: "/" not in name and "\0" not in name and name not in (".", "..") and _is_a_name(name)
)
content = st.sampled_from([b"", b"PK\x03\x04", b"\xff", b"{", STUB.encode()]) | source.map(
    lambda text: text.encode(errors="replace")
)
content |= notebooks.map(lambda made: json.dumps(made).encode())


def _is_a_name(name: str) -> bool:
    try:
        return len(os.fsencode(name)) < 200
    except UnicodeEncodeError:
        return False


things = st.recursive(
    content | st.just("link") | st.just("pipe"),
    lambda inner: st.dictionaries(name, inner, max_size=4),
    max_leaves=8,
)
folders = st.dictionaries(name, things, max_size=5)


def _make(folder: Path, tree: dict[str, Any]) -> None:
    for called, what in tree.items():
        path = folder / called
        if isinstance(what, dict):
            path.mkdir()
            _make(path, what)
        elif what == "link":
            path.symlink_to("/etc")
        elif what == "pipe":
            os.mkfifo(path)
        else:
            path.write_bytes(what)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(folders, st.sampled_from(LESSONS), st.sampled_from(["", STUB]), st.sampled_from([1, 6]))
def test_any_folder_holds_work_or_none(tree: dict[str, Any], lesson: Lesson, stub: str, levels: int) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made, "student-001")
        folder.mkdir()
        _make(folder, tree)
        opened: list[tuple[str, ...]] = []
        found = find_work(folder, lesson, LESSONS, stub, levels=levels, tell=opened.append)
        _checked(found, folder)
        # Where such a file ends the process that reads it, it is set aside by that name, and the rest is read.
        for each in opened[:3]:
            _checked(find_work(folder, lesson, LESSONS, stub, levels=levels, set_aside={each: "is odd"}), folder)


# What the process that reads may say, if what it reads has taken it over.

text = st.text(max_size=8) | st.sampled_from(["\x1b[2J", "a\nb", "x" * 4001, "é" * 4000])
way = st.sampled_from([b"", b"a.py", b"/etc/passwd", b"../x", b"a/../../b", b"a\0b", b"\xff", b"./a"]) | st.binary()
numbers = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 9), max_size=4).map(
    lambda listed: b"".join(number.to_bytes(8, "little", signed=True) for number in listed)
)
said = st.one_of(
    st.builds(
        Found,
        st.binary(max_size=9) | text.map(str.encode),
        text,
        st.sampled_from(["graded", "not started", "missing", "unreadable", "error"]),
        st.lists(text, max_size=3).map(tuple),
        text,
        *[st.booleans()] * 4,
        way,
        st.lists(st.tuples(text, text), max_size=2).map(tuple),
    ),
    st.builds(Normalised, st.binary(max_size=9), numbers | st.binary(max_size=20), numbers | st.binary(max_size=9)),
    st.builds(At, way),
    st.builds(Failed, text),
    st.builds(Done),
)
changes = st.dictionaries(st.sampled_from([*Found.__struct_fields__, "type", "code", "score"]), plain, max_size=2)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(said, changes, text)
def test_whatever_the_reading_process_says_is_taken_or_refused(
    message: messages.Answer, changed: dict[str, Any], source_: str
) -> None:
    folder = Path("/class/student-001")
    with contextlib.suppress(WireError, OverflowError):
        whole = {**msgspec.msgpack.decode(messages.frame(message).body), **changed}
        try:
            data = msgspec.msgpack.encode(whole)
        except (OverflowError, UnicodeEncodeError):
            return  # what cannot be sent
        got = messages.answer(Frame(b"", data))
        if isinstance(got, Found):
            read = unpacked(got, folder)
            assert read.path is None or (folder in read.path.parents and ".." not in read.path.parts)
            assert "\n" not in "".join([read.problem, read.file, *read.notes, *(words for _, words in read.not_here)])
        elif isinstance(got, Normalised):
            made = unpacked_normal(got, source_)
            assert isinstance(made, Normal)
            assert all(0 <= line <= source_.count("\n") for line in made.left_out)


@settings(max_examples=100, deadline=None)
@given(st.binary())
@example(b"\x82\xa4type\xaanormalised\xa2a\xff\x01")  # a key that is no text
@example(b"\x82\xa4type\xa4done\xa1a" + b"\x91" * 200_000)
def test_any_bytes_are_an_answer_or_refused(data: bytes) -> None:
    with contextlib.suppress(WireError):
        got = messages.answer(Frame(b"", data))
        if isinstance(got, Found):
            unpacked(got, Path("/class/student-001"))
        elif isinstance(got, Normalised):
            unpacked_normal(got, "x = 1\n")
