"""Reading what was handed in: whatever it is, there is a text or a sentence that says why not, and nothing is run."""

import json
import os
import time

import pytest

from grader.course import Exercise, Lesson
from grader.submissions.find import find_work
from grader.submissions.read import read_file

LESSON = Lesson(name="lesson1_numbers", title="Numbers", exercises=(Exercise(name="double", points=1),))


def read(folder, lesson):
    """Read what lies in ``<student>/<lesson>``."""
    return find_work(folder.parent, lesson, [lesson], "")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "student-001" / LESSON.name
    path.mkdir(parents=True)
    return path


def hand_in(folder, data, name="lesson1_numbers.py"):
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return read(folder, LESSON)


def notebook(*cells, **changes):
    made = [
        {"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None}
        if isinstance(cell, str)
        else {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, **cell}
        for cell in cells
    ]
    whole = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps({key: value for key, value in (whole | changes).items() if value is not None})


def test_a_module_is_read_as_it_is(folder):
    got = hand_in(folder, "def double(x):\r\n    return 2 * x\r\n")
    assert (got.status, got.problem, got.notes) == ("graded", "", ())
    assert compile(got.source, "", "exec")


def test_a_byte_order_mark_is_no_problem(folder):
    assert hand_in(folder, b"\xef\xbb\xbfx = 1\n").source == "x = 1\n"


def test_a_declared_encoding_counts_as_in_python_itself(folder):
    got = hand_in(folder, "#!/usr/bin/env python\n# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"))
    assert got.source == "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nx = 'é'\n"
    assert got.notes == ("lesson1_numbers.py was read as iso-8859-1; save it as UTF-8",)
    assert hand_in(folder, "# coding: latin-1\nx = 1\n").notes == ()
    got = hand_in(folder, "# coding: shift_jis\nx = '\u3042'\n".encode("shift_jis"))
    assert "x = '\u3042'" in got.source
    wrong = hand_in(folder, b"# coding: shift_jis\nx = '\x81'\n")
    assert "is not shift_jis text, as it says (byte 25); save it as UTF-8" in wrong.problem
    assert "is not UTF-8" in hand_in(folder, b"# coding: idna\nx = '\xe9'\n").problem
    assert not hand_in(folder, "# coding: klingon\nx = 1\n").problem


def test_nothing_is_run(folder, tmp_path):
    mark = tmp_path / "mark"
    assert not hand_in(folder, f"open({str(mark)!r}, 'w')\n1 / 0\n").problem
    assert not mark.exists()


UNREADABLE = {
    "empty": (b"", "is empty"),
    "only spaces": (b"  \n\t\n", "is empty"),
    "Latin-1": (b"# caf\xe9\n", "is not UTF-8 text (byte 5); save it as UTF-8"),
    "half of UTF-16": ("x = 1\n".encode("utf-16")[:-1], "is not UTF-16 text (byte 12)"),
    "UTF-16 that does not say so": ("x = 1\n".encode("utf-16-le"), "is not Python"),
    "a syntax error": (b"x = 1\nretrun x\n", "is not Python, line 2: invalid syntax: retrun x"),
    "a wrong indent": (b"def f():\nreturn 1\n", "is not Python, line 2: expected an indented block"),
    "a string without an end": (b'x = """\n', "is not Python, line 1"),
    "null bytes": (b"x = 1\0\n", "is not Python"),
    "deep brackets": (b"(" * 5000 + b")" * 5000, "is not Python"),
    "deep operators": (b"x = " + b"-" * 100_000 + b"1\n", "is not Python"),
    "a long sum": (b"x = 1" + b" + 1" * 200_000 + b"\n", "is not Python"),
    "deep attributes": (b"x" + b".x" * 200_000 + b"\n", "is not Python"),
    "too large": (b"#" * ((1 << 20) + 1), "is larger than 1 MB"),
    "surrogates": (b"x = '\xed\xa0\x80'\n", "is not UTF-8"),
    "a number of many digits": (b"x = " + b"9" * 5000 + b"\n", "is not Python"),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(100), "is not Python"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_named(folder, what):
    data, words = UNREADABLE[what]
    got = hand_in(folder, data)
    assert got.status == "unreadable"
    assert words in got.problem
    assert got.problem.startswith("lesson1_numbers.py ")
    assert "\n" not in got.problem
    assert len(got.problem) < 400


def test_missing(tmp_path, folder):
    nobody = tmp_path / "nobody" / LESSON.name
    assert read(nobody, LESSON).problem == "nothing was handed in"
    assert read(nobody, LESSON).status == "missing"
    assert read(folder, LESSON).problem == "there is no lesson1_numbers.py and no notebook"
    (folder / "essay.docx").write_bytes(b"PK")
    got = read(folder, LESSON)
    assert got.status == "missing"
    assert got.problem == "there is no lesson1_numbers.py and no notebook; there is essay.docx"
    nobody.parent.write_text("x")
    assert read(nobody, LESSON).status == "missing"


def test_only_plain_files_are_opened(folder, tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("x = 1\n")
    path = folder / "lesson1_numbers.py"
    path.symlink_to(secret)
    assert read(folder, LESSON).problem == "lesson1_numbers.py is not a plain file"
    path.unlink()
    path.symlink_to(folder)
    assert read(folder, LESSON).status == "unreadable"
    path.unlink()
    path.symlink_to(path)  # to itself
    assert read(folder, LESSON).status == "unreadable"
    path.unlink()
    path.mkdir()
    assert read(folder, LESSON).problem == "lesson1_numbers.py is not a plain file"
    path.rmdir()
    os.mkfifo(path)  # whoever opened it would wait for ever
    assert read(folder, LESSON).problem == "lesson1_numbers.py is not a plain file"


def test_a_lesson_folder_that_is_a_link_is_not_followed(tmp_path):
    """It would have one student graded for another's work, or the grader read whatever it may."""
    other = tmp_path / "student-002" / LESSON.name
    other.mkdir(parents=True)
    (other / "lesson1_numbers.py").write_text("x = 1\n")
    mine = tmp_path / "student-001" / LESSON.name
    mine.parent.mkdir()
    mine.symlink_to(other)
    got = read(mine, LESSON)
    assert (got.source, got.status) == ("", "unreadable")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(folder):
    path = folder / "lesson1_numbers.py"
    path.write_text("x = 1\n")
    path.chmod(0)
    assert read(folder, LESSON).problem == "lesson1_numbers.py cannot be read: Permission denied"


def test_names(folder):
    got = hand_in(folder, "x = 1\n", "my work.py")
    assert got.source == "x = 1\n"
    assert got.notes == ("my work.py was graded; it should be called lesson1_numbers.py",)
    got = hand_in(folder, "x = 2\n", "my work (2).py")
    assert got.status == "missing"
    assert "not clear which of these is meant: my work (2).py, my work.py" in got.problem
    assert hand_in(folder, "x = 3\n").source == "x = 3\n"


def test_a_module_is_preferred_to_the_notebook_beside_it(folder):
    hand_in(folder, notebook("x = 1"), "lesson1_numbers.ipynb")
    got = hand_in(folder, "x = 2\n")
    assert got.source == "x = 2\n"
    assert got.notes == ("lesson1_numbers.py was graded; there is a notebook beside it",)


def test_a_strange_file_name_is_no_problem(folder):
    (folder / os.fsdecode(b"caf\xe9.py")).write_text("x = 1\n")
    got = read(folder, LESSON)
    assert got.source == "x = 1\n"
    "".join(got.notes).encode()  # it goes into a report


# Notebooks


def of_notebook(folder, *cells, **changes):
    return hand_in(folder, notebook(*cells, **changes), "lesson1_numbers.ipynb")


def test_the_code_cells_of_a_notebook(folder):
    got = of_notebook(folder, "x = 1", {"cell_type": "markdown", "source": "# Text"}, "y = x + 1\n", "")
    names = {}
    exec(got.source, names)
    assert (names["x"], names["y"]) == (1, 2)
    assert (got.status, got.notes) == ("graded", ())


def test_magics_and_shell_lines_are_skipped_and_counted(folder):
    got = of_notebook(
        folder,
        "%matplotlib inline\n!pip install torch\nimport math\nmath.pi?\n?math\nx = 7 % 4\n",
        "if x:\n    !echo yes\n    %time y = 1\nz = 2",
    )
    names = {}
    exec(got.source, names)
    assert (names["x"], names["z"]) == (3, 2)
    assert got.notes == ("6 lines of notebook magic or shell commands skipped",)


def test_cell_magics(folder):
    got = of_notebook(
        folder, "%%time\nx = 1", "%%bash\nrm -rf somewhere\nexit 1", "%%capture out\ny = 2", "%%html\n<b>"
    )
    names = {}
    exec(got.source, names)
    assert (names["x"], names["y"]) == (1, 2)
    assert "rm -rf" not in "".join(line for line in got.source.splitlines() if not line.startswith("#"))
    assert got.notes == ("7 lines of notebook magic or shell commands skipped",)


def test_strings_that_look_like_magics_stay(folder):
    source = 'text = """\n%d apples\n!important\n"""\nok = text.count("\\n")\n'
    names = {}
    got = of_notebook(folder, source)
    exec(got.source, names)
    assert names["text"] == "\n%d apples\n!important\n"
    got = of_notebook(folder, "%matplotlib inline\n" + source)
    assert "\n%d apples\n!important\n" in got.source
    assert got.notes == ("1 line of notebook magic or shell command skipped",)
    source = "total = (8\n  % int('3'))\nlong = [\n  7\n  %x]\n"
    assert not of_notebook(folder, "x = 4", source).problem


def test_the_instructors_cells_are_left_out(folder):
    def cell(source, **marks):
        return {"source": source, "metadata": {"nbgrader": marks}}

    got = of_notebook(
        folder,
        cell("x = 1", grade=True, solution=True),
        cell("1 / 0", grade=True, solution=False, locked=True),
        cell("y = 2", grade=False, solution=True),
        {"source": "z = 3", "metadata": {"nbgrader": 7}},
    )
    names = {}
    exec(got.source, names)
    assert (names["x"], names["y"], names["z"]) == (1, 2, 3)


def test_an_old_notebook(folder):
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {"cells": [{"cell_type": "code", "input": ["x = 1"], "language": "python", "outputs": []}], "metadata": {}}
        ],
    }
    assert "x = 1" in hand_in(folder, json.dumps(old), "lesson1_numbers.ipynb").source


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not a notebook"),
        ("", "is not a notebook"),
        ("[]", "is not a notebook"),
        ("null", "is not a notebook"),
        ("{}", "is not a notebook"),
        ('{"nbformat": 99}', "is not a notebook"),
        ('{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": 7}', "is not a notebook"),
        ('{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [7]}', "is not a notebook"),
        ('{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{"cell_type": "code"}]}', "is not a notebook"),
        ("[" * 100_000, "is not a notebook"),
        (notebook(), "is empty"),
        (notebook({"cell_type": "markdown", "source": "# Text"}), "is empty"),
        (notebook("x = = 1"), "is not Python, line 1: invalid syntax"),
        (notebook("x = '\ud800'"), "is not Python"),
    ],
)
def test_what_is_no_notebook_is_named(folder, text, words):
    got = hand_in(folder, text, "lesson1_numbers.ipynb")
    assert got.status == "unreadable"
    assert words in got.problem
    assert "\n" not in got.problem
    got.problem.encode()


def test_a_great_many_magics_take_no_time(folder):
    begin = time.process_time()
    got = of_notebook(folder, "!x\n" * 50_000 + "x = 1")
    assert got.source.endswith("x = 1\n")
    assert got.notes[0].startswith("50000 lines")
    assert time.process_time() - begin < 20


def test_a_single_file_by_its_path(tmp_path):
    assert read_file(tmp_path / "x.py").problem == "x.py is not a plain file"
    (tmp_path / "x.py").write_text("x = 1\n")
    assert read_file(tmp_path / "x.py").source == "x = 1\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{\\rtf1\\ansi\n{\\fonttbl}", "an RTF document; save it as plain text"),
        (b"PK\x03\x04\x14\x00word/document.xml", "a Word document; save it as plain text"),
        (b"PK\x03\x04\x14\x00lesson1.py", "a zip archive; unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1", "an Office document; save it as plain text"),
        (b"%PDF-1.7\n", "a PDF; hand in the text it was made from"),
        (b"\n<!DOCTYPE html>\n<html>", "a web page; download the file itself"),
    ],
)
def test_a_document_that_is_called_a_module_is_called_what_it_is(folder, data, words):
    got = hand_in(folder, data)
    assert (got.status, got.problem) == ("unreadable", f"lesson1_numbers.py is {words}")
