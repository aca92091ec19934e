"""Reports for editors and bots."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_course

from grader.course import Course, find_root, load

GRADER = [sys.executable, "-c", "from grader.cli import main; main()"]
RAISES = tiny_course.NUMBERS.replace("    return 2 * x", "    y = 2 * x\n    return y[0]")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path)


def run(course: Course, text: str, *words: str) -> tuple[int, str]:
    course.stub(course.lesson("1")).write_text(text)
    done = subprocess.run(
        [*GRADER, "check", *words], cwd=course.root, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def line_of(text: str, words: str) -> int:
    return next(i for i, line in enumerate(text.splitlines(), 1) if words in line)


def test_json_has_file_line_law_and_message(course: Course) -> None:
    wrong = tiny_course.NUMBERS.replace("2 * x", "x * x")
    code, out = run(course, wrong, "1", "--json")
    found = json.loads(out)
    assert code == 1
    assert (found["version"], found["lesson"], found["status"]) == (1, "lesson1_numbers", "graded")
    problem = found["problems"][0]
    assert problem["file"].endswith("exercises/lesson1_numbers.py")
    assert problem["line"] == line_of(wrong, "def double")
    assert problem["law"] == "`double` gives twice the number."
    assert "squares the number" in problem["misconception"]
    assert "print(double(" in problem["example"]


@pytest.mark.parametrize(
    ("text", "words"),
    [(RAISES, "return y[0]"), ("x = 1\ndef double(:\n", "def double"), ("import nothing_like_it\n", "import nothing")],
)
def test_an_exception_is_where_it_was_raised(course: Course, text: str, words: str) -> None:
    _, out = run(course, text, "1", "--lines")
    file, line, word, _ = out.splitlines()[0].split(":", 3)
    assert (Path(file).name, int(line), word) == ("lesson1_numbers.py", line_of(text, words), " error")


def test_a_line_for_each_problem_and_none_for_right_work(course: Course) -> None:
    both = tiny_course.NUMBERS.replace("2 * x", "3 * x").replace("x / 2", "x // 2")
    code, out = run(course, both, "--lines")
    assert code == 1
    assert all(": error: " in line for line in out.splitlines())
    assert run(course, tiny_course.NUMBERS, "1", "--lines") == (0, "")
    assert json.loads(run(course, tiny_course.NUMBERS, "1", "--json")[1])["problems"] == []


IMPORTED = """
import sys
from grader.cli import main
sys.argv = ["grader", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print(*(name for name in ("torch", "numpy", "gymnasium", "hypothesis", "pytest") if name in sys.modules))
"""


def imported(root: Path, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *words], cwd=root, capture_output=True, text=True, timeout=120, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("words", [("check", "1"), ("hint", "1"), ("--help",), ("status",), ("check", "--help")])
def test_nothing_slow_is_imported_to_say_little(course: Course, words: tuple[str, ...]) -> None:
    assert imported(course.root, *words) == set()


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_lessons_without_tensors_do_without_torch(number: int, tmp_path: Path) -> None:
    root = find_root(Path(__file__))
    lesson = load(root).lesson(str(number))
    file = tmp_path / f"{lesson.name}.py"
    file.write_text((root / "solutions" / file.name).read_text())
    found = imported(root, "check", str(number), "--file", str(file))
    assert "hypothesis" in found
    assert "torch" not in found
