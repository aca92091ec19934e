"""What no answer needs is not run, whatever it is: the answers get their mark, and a line says what is left out."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_course
from notebook_of import cell, filled, write
from tiny_course import NUMBERS

from grader.course import Course, Lesson, load
from grader.grading.grade import Asked, grade
from grader.lessons.stubs import pristine
from grader.report.report import Report
from grader.student.inprocess import Here
from grader.submissions.read import read_file
from grader.submissions.untouched import code_of
from grader.submissions.work import Work

COURSE = load(Path(__file__).parents[3])
RIGHT = "def double(x):\n    return 2 * x\n\n\ndef half(x):\n    return x / 2\n"  # six lines
TEXT = "# Lesson 1: Numbers\n\n## What to write\n\n**`double(x)`** doubles.\n\n**`half(x)`** halves.\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = tiny_course.make(tmp_path_factory.mktemp("course"))
    (made.root / "exercises" / "lesson1_numbers.md").write_text(TEXT)
    return made


@pytest.fixture
def hand_in(course: Course, tmp_path: Path) -> Callable[..., Report]:
    """Grades a module with this text, or a notebook of these cells."""

    def grade_it(work: str | bytes | list[dict[str, object]], name: str = "lesson1_numbers.py") -> Report:
        lesson = course.lesson("1")
        path = tmp_path / name
        if isinstance(work, list):
            write(work, path)
        else:
            path.write_bytes(work if isinstance(work, bytes) else work.encode())
        submission = read_file(path, lesson, pristine(course, lesson))
        return grade(course, Work("sample", lesson, submission), Here(), Asked(diagnose=False))

    return grade_it


def left_out(count: int, lines: str) -> str:
    what = "statement that no answer depends on was" if count == 1 else "statements that no answer depends on were"
    return f"{count} {what} left out ({lines})"


# What stands around two right answers of six lines, "…"; what is said, all of it.
AROUND: dict[str, tuple[str, str]] = {
    "nothing": ("…", ""),
    "a plot": ("import matplotlib.pyplot as plt\n…\nplt.plot([1])\nplt.show()\n", left_out(3, "lines 1, 9 to 10")),
    "a training run": (
        "…\nimport gymnasium as gym\nenv = gym.make('CartPole-v1')\nwhile True:\n    env.step(0)\n",
        left_out(2, "lines 9 to 11"),
    ),
    "exit": ("…\nexit()\n", left_out(1, "line 8")),
    "sys.exit": ("import sys\n…\nsys.exit(double(2))\n", left_out(1, "line 9")),
    "another file that is run": ("…\nexec(open('plots.py').read())\n", left_out(1, "line 8")),
    "arguments of the command line": (
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--n', type=int, default=2)\n"
        "args = parser.parse_args()\n…\nold = double\n\n\ndef double(x, n=args.n):\n    return old(x) * n / 2\n",
        "",
    ),
    "exit above": ("import os\nos._exit(0)\n…", left_out(1, "line 2")),
    "an assertion that fails": ("…\nassert double(1) == 3, half(2)\n", left_out(1, "line 8")),
    "sleep, print and input": (
        "import time\ntime.sleep(1000)\n…\nprint(double(2))\n\n\n\n\n\nanswer = input()\n",
        left_out(3, "lines 2, 10, 16"),
    ),
    "a package that is not here": (
        "import wandb\nfrom torch.utils.tensorboard import SummaryWriter\nimport google.colab.drive\n…\n"
        "wandb.init(project='x')\nwriter = SummaryWriter()\n",
        left_out(5, "lines 1 to 3, 11 to 12"),
    ),
    "one that may not be here": ("try:\n    import seaborn\nexcept ImportError:\n    seaborn = None\n…", ""),
    "colab": (
        "from google.colab import drive\ndrive.mount('/content')\n…",
        left_out(2, "lines 1 to 2"),
    ),
    "ipython": (
        "get_ipython().system('pip install torch')\nget_ipython().run_line_magic('matplotlib', 'inline')\n…",
        left_out(2, "lines 1 to 2"),
    ),
    "magics": ("!pip install torch\n%matplotlib inline\n…", "2 lines of notebook magic or shell commands skipped"),
    "the output of a shell": ("files = !ls\n…", "1 line of notebook magic or shell command skipped"),
    "a main program": ("…\nif __name__ == '__main__':\n    import wandb\n    print(double(2))\n    exit()\n", ""),
    "a main program the other way round": ("…\nif '__main__' == __name__:\n    exit()\n", ""),
    "further definitions": (
        "import wandb\nfrom dataclasses import dataclass\n\n\n@dataclass(frozen=True)\nclass Settings:\n"
        "    lr: float = 1\n\n\ndef log(x):\n    wandb.log(x)\n\n\n…",
        left_out(1, "line 1"),
    ),
    "a definition that runs something": (
        "import wandb\n\n\nclass A(wandb.B):\n    x = input()\n\n\n…",
        left_out(1, "line 1"),
    ),
    "settings of what is not used": (
        "import matplotlib\nimport numpy as np\nmatplotlib.use('Agg')\nnp.random.seed(0)\n…",
        left_out(1, "line 1"),
    ),
    "many places": (
        "\n\n\n\n".join(["…", *(f"print({i})" for i in range(7))]),
        left_out(7, "lines 11, 15, 19, 23, …"),
    ),
}


@pytest.mark.parametrize("what", AROUND)
def test_what_stands_around_the_answers(what: str, hand_in: Callable[..., Report]) -> None:
    text, words = AROUND[what]
    report = hand_in(text.replace("…", RIGHT))
    assert (report.status, report.score, " ".join(report.notes)) == ("graded", 3, words)


NEEDED = {
    "a constant and what changes it": "FACTORS = [1]\nFACTORS[0] = 2\ndef double(x):\n    return FACTORS[0] * x\n",
    "a table that is filled by a loop": (
        "TABLE = {}\nfor i in range(-200, 200):\n    TABLE[i] = 2 * i\ndef double(x):\n    return TABLE[x]\n"
    ),
    "a table that is filled by a function": (
        "TABLE = {}\ndef fill(n):\n    for i in range(-n, n):\n        TABLE[i] = 2 * i\nfill(200)\n"
        "def double(x):\n    return TABLE[x]\n"
    ),
    "a name that a function sets": "def setup():\n    global W\n    W = 2\nsetup()\ndef double(x):\n    return W * x\n",
    "a table of what is decorated": (
        "ALL = {}\ndef register(f):\n    ALL[f.__name__] = f\n    return f\n"
        "@register\ndef twice(x):\n    return 2 * x\ndef double(x):\n    return ALL['twice'](x)\n"
    ),
    "a decorator of an object": (
        "class R(dict):\n    def add(self, f):\n        self[f.__name__] = f\n        return f\n"
        "r = R()\n@r.add\ndef twice(x):\n    return 2 * x\ndef double(x):\n    return r['twice'](x)\n"
    ),
    "methods set from outside": (
        "class D:\n    pass\nD.of = lambda self, x: 2 * x\nsetattr(D, 'n', 1)\n"
        "def double(x):\n    return D().of(x) * D.n\n"
    ),
    "a wrapper": "def twice(f):\n    return lambda x: 2 * f(x)\ndef double(x):\n    return x\ndouble = twice(double)\n",
    "a wrapped class": "class D:\n    def __call__(self, x):\n        return 2 * x\ndouble = D()\n",
    "a star": "from operator import *\ndef double(x):\n    return mul(2, x)\n",
    "a fallback": "try:\n    import nothing_here as m\nexcept ImportError:\n    import math as m\n"
    "def double(x):\n    return m.trunc(2 * x)\n",
    "settings": (
        "import random\nSEED = 3\nrandom.seed(SEED)\nR = random.random()\nrandom.seed(SEED)\n"
        "def double(x):\n    return 2 * x if random.Random(3).random() == R else 0\n"
    ),
    "an attribute of a module": "import math\nmath.two = 2\ndef double(x):\n    return math.two * x\n",
    "globals": "globals()['double'] = lambda x: 2 * x\n",
    "exec": "exec('def double(x):\\n    return 2 * x')\n",
    "eval": "def twice(x):\n    return 2 * x\ndef double(x):\n    return eval('tw' + 'ice')(x)\n",
    "an answer made under a condition": (
        "import sys\nif sys.maxsize > 0:\n    def double(x):\n        return 2 * x\nelse:\n    double = None\n"
    ),
}


@pytest.mark.parametrize("what", NEEDED)
def test_what_an_answer_needs_stays(what: str, hand_in: Callable[..., Report]) -> None:
    half = RIGHT[RIGHT.index("def half") :]
    for text in (NEEDED[what] + half, half + NEEDED[what]):
        report = hand_in(text)
        assert (report.score, report.notes) == (3, ()), text


def test_where_no_answer_is_everything_stays(hand_in: Callable[..., Report]) -> None:
    report = hand_in("print('hello')\nraise SystemExit\n")
    assert report.score == 0
    assert "cannot be imported" in report.message
    assert report.notes == ()


def test_line_numbers_stay(course: Course, tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    text = f"import wandb\nwandb.init(\n    'x',\n); a = 1\n@print\ndef f():\n    pass\n\n{RIGHT}"
    path.write_text(text)
    kept = read_file(path, course.lesson("1")).source
    assert kept.count("\n") == text.count("\n")
    for name in ("double", "half"):
        here, there = (
            next(n.lineno for n in ast.parse(each).body if getattr(n, "name", "") == name) for each in (text, kept)
        )
        assert here == there


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_right_answers_come_through_unchanged(lesson: Lesson) -> None:
    """Every reference and other right answer: nothing is gone but imports that nothing uses, and no word is said."""
    stub = pristine(COURSE, lesson)
    for path in (COURSE.solution(lesson), *sorted(COURSE.tests(lesson).glob("wheats/*.py"))):
        got = read_file(path, lesson, stub)
        assert (got.status, got.problem, got.notes) == ("graded", "", ()), path.name
        kept = {code_of(node) for node in ast.parse(got.source).body}
        gone = [node for node in ast.parse(path.read_text("utf-8")).body if code_of(node) not in kept]
        assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in gone), path.name
        names = {
            name.id for node in ast.parse(got.source).body for name in ast.walk(node) if isinstance(name, ast.Name)
        }
        assert not names & {alias.asname or alias.name for node in gone for alias in node.names}, path.name
    path = COURSE.stub(lesson)
    assert read_file(path, lesson, stub).is_stub


# The stub that comes back


def test_an_answer_above_the_stub_is_found(course: Course, hand_in: Callable[..., Report]) -> None:
    stub = pristine(course, course.lesson("1"))
    report = hand_in(RIGHT + "\n\n" + stub)
    assert report.score == 3
    assert report.notes[0].startswith("double is defined twice, and is the stub again in line ")
    assert report.notes[0].endswith(": the earlier one counts")
    assert report.notes[1].startswith("half is defined twice")
    assert hand_in(stub + "\n\n" + RIGHT).notes == ()
    assert hand_in(stub + "\n\n" + stub).status == "not started"
    again = hand_in([*filled(course, course.lesson("1"), NUMBERS), cell(stub)], "lesson1_numbers.ipynb")
    assert again.score == 3
    assert "double is defined twice, and is the stub again the second time: the earlier one counts" in again.notes


def test_a_method_above_the_stub_is_found(tmp_path: Path) -> None:
    lesson = COURSE.lesson("5")
    stub = pristine(COURSE, lesson)
    solution = ast.parse(COURSE.solution(lesson).read_text("utf-8"))
    empty = ast.parse(stub)
    owner = {id(tree): next(n for n in tree.body if isinstance(n, ast.ClassDef)) for tree in (solution, empty)}
    owner[id(solution)].body += owner[id(empty)].body[1:]
    path = tmp_path / "x.py"
    path.write_text(ast.unparse(solution))
    got = read_file(path, lesson, stub)
    assert len(got.notes) == 4
    assert got.notes[0].startswith("ReplayBuffer.__init__ is defined twice")
    assert "NotImplementedError" not in ast.unparse(ast.parse(got.source))


# Notebooks


def _without(cells: list[dict[str, object]], name: str) -> list[dict[str, object]]:
    return [each for each in cells if each["id"] != f"answer-{name}"]


def _text(source: str, kind: str = "markdown") -> dict[str, object]:
    return {"cell_type": kind, "metadata": {}, "source": source, "id": "text"}


HALF = "def half(x):\n    return x / 2"


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (_text(HALF), "half stood in cell {last}, which is text, and was read as code"),
        (_text(f"```python\n{HALF}\n```"), "half stood in cell {last}, which is text, and was read as code"),
        (_text(HALF, "raw"), "half stood in cell {last}, which is text, and was read as code"),
        (
            cell(f"%%writefile lesson1.py\n{HALF}"),
            "half stood in code cell {code}, under %%writefile, and was read as code",
        ),
        (
            cell(HALF, nbgrader={"grade": True, "solution": False}),
            "half stood in cell {last}, a check, and was read as code",
        ),
    ],
)
def test_an_answer_where_no_code_is_run(
    made: dict[str, object], words: str, course: Course, hand_in: Callable[..., Report]
) -> None:
    right = filled(course, course.lesson("1"), NUMBERS)
    cells = [*_without(right, "half"), made]
    code = sum(each["cell_type"] == "code" for each in cells)
    words = words.format(last=len(cells), code=code)
    report = hand_in(cells, "lesson1_numbers.ipynb")
    assert report.score == 3
    assert words in report.notes
    # Beside the stub it is found as well; beside an answer it is not needed.
    stub = next(each for each in filled(course, course.lesson("1"), None) if each["id"] == "answer-half")
    assert hand_in([*_without(right, "half"), made, stub], "lesson1_numbers.ipynb").score == 3
    wrong = made | {"source": str(made["source"]).replace("x / 2", "x")}
    report = hand_in([*right, wrong], "lesson1_numbers.ipynb")
    assert report.score == 3
    assert not [note for note in report.notes if "read as code" in note]


def test_a_magic_does_not_take_its_cell_along(course: Course, hand_in: Callable[..., Report]) -> None:
    right = filled(course, course.lesson("1"), NUMBERS)
    with_magic = cell(f"files = !ls *.py\ntime = %timeit -o 1\n{HALF} * len(files) if files else x / 2")
    report = hand_in([*_without(right, "half"), with_magic], "lesson1_numbers.ipynb")
    assert report.score == 3
    assert "2 lines of notebook magic or shell commands skipped" in report.notes


def test_other_magics_stay_out(course: Course, hand_in: Callable[..., Report]) -> None:
    right = filled(course, course.lesson("1"), NUMBERS)
    assert hand_in([*right, cell("%%bash\ndef half(x): rm -rf /")], "lesson1_numbers.ipynb").score == 3
    assert hand_in([*_without(right, "half"), cell(f"%%javascript\n{HALF}")], "lesson1_numbers.ipynb").score == 2


# By what it holds, and not by what it is called


def test_a_notebook_that_is_called_a_module(course: Course, hand_in: Callable[..., Report]) -> None:
    cells = filled(course, course.lesson("1"), NUMBERS)
    cells.append(cell("1") | {"outputs": [{"data": {"image/png": "A" * (3 << 20)}}]})
    report = hand_in(cells)
    assert report.score == 3
    assert report.notes[0] == "lesson1_numbers.py holds a notebook and was read as one; call it .ipynb"
    assert hand_in(json.dumps({"cells": 7})).status == "unreadable"


def test_a_module_that_is_called_a_notebook(hand_in: Callable[..., Report]) -> None:
    report = hand_in(f"!pip install torch\n{RIGHT}", "lesson1_numbers.ipynb")
    assert report.score == 3
    assert report.notes[0] == "lesson1_numbers.ipynb holds a module and was read as one; call it .py"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (f"# Größe\n{RIGHT}".encode("utf-16"), "lesson1_numbers.py was read as UTF-16; save it as UTF-8"),
        (f"# Größe\n{RIGHT}".encode("utf-32"), "lesson1_numbers.py was read as UTF-32; save it as UTF-8"),
        (
            f"# coding: latin-1\n# Größe\n{RIGHT}".encode("latin-1"),
            "lesson1_numbers.py was read as iso-8859-1; save it as UTF-8",
        ),
        (
            f"# vim: set fileencoding=cp1252 :\n# Größe\n{RIGHT}".encode("cp1252"),
            "lesson1_numbers.py was read as cp1252; save it as UTF-8",
        ),
    ],
)
def test_other_encodings(data: bytes, words: str, hand_in: Callable[..., Report]) -> None:
    report = hand_in(data)
    assert (report.score, report.notes) == (3, (words,))


# Newer Python


NEWER = [
    ((3, 12), "type Number = int | float", "a type statement"),
    ((3, 12), "type Pair[T] = tuple[T, T]", "a type statement"),
    ((3, 12), "def first[T](items: list[T]) -> T:\n    return items[0]", "type parameters"),
    ((3, 12), "class Box[T]:\n    pass", "type parameters"),
    ((3, 12), 'd = {"a": 1}\nx = f"{d["a"]} and {d["a"]:>3}"', "an f-string with its own quotes inside"),
    ((3, 12), "x = f\"{'\\n'.join([])}\"", "an f-string with a backslash inside its braces"),
    ((3, 14), "try:\n    pass\nexcept KeyError, ValueError:\n    pass", "several exceptions without parentheses"),
    ((3, 14), 'x = t"{3}"', "a t-string"),
]


@pytest.mark.parametrize(("version", "text", "what"), NEWER)
def test_newer_python_is_no_mistake(
    version: tuple[int, int], text: str, what: str, course: Course, hand_in: Callable[..., Report]
) -> None:
    report = hand_in(f"{RIGHT}{text}\n")
    if sys.version_info >= version:
        assert report.score == 3
        return
    assert (report.status, report.score) == ("unreadable", 0)
    assert report.message.startswith(
        f"lesson1_numbers.py needs Python {version[0]}.{version[1]} ({what}), and is graded"
    )
    cells = [*filled(course, course.lesson("1"), NUMBERS), cell(text)]
    report = hand_in(cells, "lesson1_numbers.ipynb")
    assert report.score == 3
    assert any(f"needs Python {version[0]}.{version[1]} ({what})" in note for note in report.notes)


@pytest.mark.parametrize(
    "text",
    [
        "type = = 3",
        "type Number = int |",
        "def first[T](items:",
        "def first[0(x):\n    pass",
        "try:\n    pass\nexcept ValueError, e:\n    pass",
        "try:\n    pass\nexcept ValueError, Another",
        'x = f"{3"',
        'print "hello"',
        'x = t"{3}" +',
        "match = ]",
    ],
)
def test_what_no_python_takes_is_not_called_newer(text: str, hand_in: Callable[..., Report]) -> None:
    message = hand_in(f"{RIGHT}{text}\n").message
    assert "is not Python, line" in message
    assert "needs" not in message


# Remarks


@pytest.mark.parametrize(
    ("text", "score", "words"),
    [
        ("def double(x):\n    breakpoint()\n    return 2 * x\n", None, "a breakpoint was left in (line 2)"),
        (
            "import pdb\ndef double(x):\n    if x is None:\n        pdb.set_trace()\n    return 2 * x\n",
            3,
            "a breakpoint was left in (line 4); it does nothing when this is graded",
        ),
        (
            "def run(env):\n    obs, reward, done, info = env.step(0)\ndef double(x):\n    return 2 * x\n",
            3,
            "`step` gives five values, not four (line 2): observation, reward, terminated, truncated, info",
        ),
        (
            "def run(env, policy):\n    obs = env.reset()\n    return policy(obs)\ndef double(x):\n    return 2 * x\n",
            3,
            "`reset` gives two values (line 2): observation, info",
        ),
        (
            "from .helpers import twice\ndef double(x):\n    return twice(x)\n",
            0,
            "the import from a package around the file (line 1) finds nothing: only this one file is graded",
        ),
    ],
)
def test_remarks(text: str, score: float | None, words: str, course: Course, tmp_path: Path) -> None:
    lesson = course.lesson("1")
    path = tmp_path / "lesson1_numbers.py"
    path.write_text(text + RIGHT[RIGHT.index("def half") :])
    got = read_file(path, lesson, pristine(course, lesson))
    assert any(note.startswith(words) for note in got.notes)
    if score is not None:
        assert grade(course, Work("sample", lesson, got), Here(), Asked(diagnose=False)).score == score


@pytest.mark.parametrize(
    "text",
    [
        "obs, _ = env.reset()\n    run(obs)",
        "start = env.reset()\n    run(start[0])",
        "start = env.reset()\n    obs, _ = start\n    run(start)",
        "a, b, c, d, e = env.step(0)",
        "a, *b = env.step(0)",
        "stack = deck.reset()\n    run(stack)",
    ],
)
def test_loops_that_are_right_get_no_remark(text: str, hand_in: Callable[..., Report]) -> None:
    report = hand_in(f"{RIGHT}\ndef go(env, deck, run):\n    {text}\n")
    assert (report.score, report.notes) == (3, ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "import gym\ndef double(x):\n    return gym.twice(x)\n",
            "line 1 imports gym, which is no longer kept up; write `import gymnasium as gym`; double uses it",
        ),
        (
            "x = 1\nfrom no_such_package.deep import twice\ndef double(x):\n    return twice(x)\n",
            "line 2 imports no_such_package, which is not installed where this is graded; double uses it",
        ),
        (
            "import no_such_package as n\ndef double(x):\n    return n.f(half(x))\ndef half(x):\n    return n.g(x)\n",
            "line 1 imports no_such_package, which is not installed where this is graded; double and half use it",
        ),
    ],
)
def test_a_package_that_an_answer_needs_and_that_is_not_here(
    text: str, words: str, hand_in: Callable[..., Report]
) -> None:
    report = hand_in(text if "def half" in text else text + RIGHT[RIGHT.index("def half") :])
    assert (report.score, report.message) == (0, f"the file cannot be imported: {words}")


def test_a_helper_of_one_s_own_is_named(course: Course, tmp_path: Path) -> None:
    lesson = course.lesson("1")
    (tmp_path / "helpers.py").write_text("def twice(x):\n    return 2 * x\n")
    (tmp_path / "math.py").write_text("")
    path = tmp_path / "lesson1_numbers.py"
    path.write_text("import math\nfrom helpers import twice\ndef double(x):\n    return twice(x) + math.trunc(0)\n")
    got = read_file(path, lesson, pristine(course, lesson))
    assert got.notes == (
        "helpers is another file of yours (line 2), and only this one file is graded: "
        "put what it needs of that one here",
    )


def test_notes_have_their_bounds(hand_in: Callable[..., Report]) -> None:
    """What a student writes into a file comes back in a report, in a length that one can read."""
    report = hand_in("".join(f"def double(x):\n    raise x{i}\n" for i in range(300)) + RIGHT)
    assert report.score == 3
    text = (
        "".join(f"import {'m' * 400}{i}\n" for i in range(60))
        + "def double(x):\n    return "
        + "+".join(f"{'m' * 400}{i}" for i in range(60))
    )
    assert len(hand_in(text + "\n").message) < 700
    assert len(hand_in([cell("x = = " + "y" * 500)] * 40 + [cell(RIGHT)], "x.ipynb").notes) == 13


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"def f{i}():\n    f{i + 1}()\n" for i in range(3000)) + "".join(f"f{i}()\n" for i in range(1500)),
        "".join(f"@f{i}\ndef f{i + 1}(x):\n    a{i}.b = 1\n" for i in range(2000)),
        "".join(f"def f{i}(x=f{i + 1}):\n    pass\n" for i in range(4500)),
    ],
)
def test_who_wants_to_keep_the_reader_busy_does_not(text: str, hand_in: Callable[..., Report]) -> None:
    """Functions that call one another without end are followed so far, and no further: counted, not timed."""
    seen = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal seen
        seen += 1

    sys.setprofile(count)
    try:
        report = hand_in(f"{text}{RIGHT}")
    finally:
        sys.setprofile(None)
    assert report.score == 3
    assert seen < 10_000_000
