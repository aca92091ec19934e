"""Answers that stand where they would not run, and imports of earlier lessons out of folders, count all the same."""

from __future__ import annotations

import types
from pathlib import Path

import pytest

from grader.course import Exercise, Lesson
from grader.submissions.moved import Moved, moved
from grader.submissions.read import read_file

LESSON = Lesson(name="lesson2_numbers", title="Numbers", exercises=(Exercise(name="double", points=1),))
GUARD = 'if __name__ == "__main__":\n'
DOUBLE = "def double(x):\n    return 2 * x\n"


def indented(text: str) -> str:
    return "".join(f"    {line}" for line in text.splitlines(keepends=True))


def loaded(source: str) -> types.ModuleType:
    module = types.ModuleType("lesson2_numbers")
    exec(compile(source, "lesson2_numbers.py", "exec"), module.__dict__)
    return module


def test_answers_under_the_main_guard_count_and_the_training_there_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "lesson2_numbers.py"
    path.write_text("FACTOR = 2\n" + GUARD + "    # mine\n" + indented(DOUBLE) + "    while True:\n        double(1)\n")
    got = read_file(path, LESSON)
    assert loaded(got.source).double(4) == 8
    assert got.notes == (
        '`if __name__ == "__main__"` (line 2) holds double, and is not run when a module is imported; '
        "what stands under it was read as if it stood outside",
        "1 statement that no answer depends on was left out (lines 6 to 7)",
    )


def test_what_an_answer_uses_may_stand_under_the_guard_too() -> None:
    got = moved("def double(x):\n    return x * FACTOR\n" + GUARD + "    FACTOR = 2\n", {"double"})
    assert loaded(got.source).double(4) == 8
    assert len(got.notes) == 1
    assert "holds FACTOR," in got.notes[0]


def test_strings_under_the_guard_stay_as_they_are_and_so_do_line_numbers() -> None:
    got = moved(GUARD + "    TEXT = '''a\n    b'''\n\n    def double(x):\n        return TEXT\n", {"double"})
    assert got.same_lines
    assert got.source.splitlines()[4] == "def double(x):"
    assert loaded(got.source).double(1) == "a\n    b"


@pytest.mark.parametrize(
    "source",
    [
        DOUBLE + GUARD + "    def plot(): pass\n    print(double(2))\n",
        DOUBLE + GUARD + "    def double(x): return 0\n",
        GUARD + "    print(1)\n",
        DOUBLE + GUARD + "    exit()\nelse:\n    pass\n",
        'if __name__ == "__main__": double = 3\n',
        GUARD + indented(DOUBLE) + "  not Python",
    ],
)
def test_a_guard_that_no_answer_needs_stays(source: str) -> None:
    assert moved(source, {"double"}) == Moved(source)


@pytest.mark.parametrize("magic", ["time", "capture", "writefile"])
def test_a_cell_that_nbconvert_exported_is_read_as_code(magic: str, tmp_path: Path) -> None:
    path = tmp_path / "lesson2_numbers.py"
    path.write_text(
        f"# In[1]:\nget_ipython().run_cell_magic({magic!r}, '', {DOUBLE!r})\n"
        "# In[2]:\nget_ipython().run_cell_magic('bash', '', 'ls -la')\n"
    )
    got = read_file(path, LESSON)
    assert loaded(got.source).double(4) == 8
    # Lines are no longer those of the file, and are not named.
    assert got.notes == (
        "1 cell under notebook magic was read as code",
        "1 statement that no answer depends on was left out",
    )


def test_a_cell_in_another_language_stays() -> None:
    source = "get_ipython().run_cell_magic('time', '', 'select * from x')\n"
    assert moved(source, {"double"}) == Moved(source)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("from .lesson1_first import x", "from lesson1_first import x"),
        ("from ..lesson1_first.lesson1_first import x, y", "from lesson1_first import x, y"),
        ("from exercises.lesson1_first import (\n    x,\n)", "from lesson1_first import (\n    x,\n)"),
        ("import exercises.lesson1_first as first", "import lesson1_first as first"),
        (
            "try:\n    from .lesson1_first import x\nfinally:\n    pass",
            "try:\n    from lesson1_first import x\nfinally:\n    pass",
        ),
    ],
)
def test_earlier_lessons_are_found_whatever_folder_they_are_imported_from(written: str, meant: str) -> None:
    got = moved(f"{written}\n{DOUBLE}", {"double"}, {"lesson1_first"})
    assert got.source == f"{meant}\n{DOUBLE}"
    assert len(got.notes) == 1
    assert "was read as lesson1_first (line" in got.notes[0]


@pytest.mark.parametrize(
    "written", ["from lesson1_first import x", "from .lesson9_last import x", "import a.lesson1_first"]
)
def test_other_imports_stay(written: str) -> None:
    assert moved(f"{written}\n{DOUBLE}", {"double"}, {"lesson1_first"}) == Moved(f"{written}\n{DOUBLE}")
