"""No level of isolation changes a mark: one class, graded at every level that is here, and in this process."""

from __future__ import annotations

import importlib.util
import json
import sys
import types

import msgspec
import pytest
import tiny_course
from tiny_course import NUMBERS

from grader.course import Course
from grader.grading.grade import Asked, grade
from grader.report.report import without_times
from grader.student.inprocess import Here
from grader.student.limits import Limits
from grader.submissions.read import Submission
from grader.submissions.work import Work

LEVELS = ("strong", "embedded", "process only", Here.isolation.level)

# What right answers do besides: on a learner's own machine all of it works, so it has to work everywhere.
BESIDE = {
    "nothing": "",
    "a log in the working folder": "open('log.csv', 'a').write('x')",
    "a file at home": "import pathlib; (pathlib.Path.home() / 'notes.txt').write_text('x')",
    "a temporary file": "import tempfile; tempfile.NamedTemporaryFile().write(b'x')",
    "a temporary folder": "import tempfile; tempfile.TemporaryDirectory().cleanup()",
    "its own source": "import inspect; inspect.getsource(half); inspect.getsource(Box)",
    "its own place": "import os; os.listdir(os.path.dirname(__file__))",
    "its user": "import getpass; getpass.getuser()",
    "a saved model": "import torch; torch.save(torch.nn.Linear(4, 2).state_dict(), 'model.pt'); torch.load('model.pt')",
    "a saved array": "import numpy; numpy.savez('a.npz', x=1); numpy.load('a.npz')['x']",
    "a log of its own": "import logging; logging.basicConfig(filename='x.log', force=True); logging.warning('x')",
    "a thread": "import threading; t = threading.Thread(target=print); t.start(); t.join()",
    "a gigabyte": "import numpy; numpy.empty(1 << 30, dtype='u1')",
    "a great many prints": "print('x' * 100_000)",
    "progress on standard error": "import sys; print('step 1', file=sys.stderr)",
    "a warning": "import warnings; warnings.warn('old')",
    "an unknown variable": "import os; os.environ.get('WANDB_API_KEY')",
}
# Wrong everywhere, and for the same reason.
WRONG = {
    "too much time": "while True: pass",
    "the end": "raise SystemExit",
    "an exception": "open('/nowhere/file')",
}


def program(beside: str) -> str:
    source = NUMBERS.replace("    return 2 * x", f"    {beside or 'pass'}\n    return 2 * x")
    assert source != NUMBERS
    return source + "\n\nclass Box:\n    pass\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return tiny_course.make(tmp_path_factory.mktemp("course"))


@pytest.fixture
def everywhere(_walled_in, monkeypatch, tmp_path):
    """Grades a source at every level: by level, what a report holds but for the level and the clock."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def graded(course: Course, name: str, source: str, levels=LEVELS):
        found = {}
        lesson = course.lesson(name)
        for level in levels:
            try:
                place = Here() if level == Here.isolation.level else _walled_in(level)
            except pytest.skip.Exception:
                continue
            work = Work("student-001", lesson, Submission(source))
            report = grade(course, work, place, Asked(diagnose=False, train=False))
            found[level] = without_times(json.loads(report.to_json()))
            assert found[level].pop("isolation")["level"] == level
        if len(found) < 2:
            pytest.skip("there is only one level on this machine")
        return found

    return graded


@pytest.mark.parametrize("what", BESIDE)
def test_right_answers_get_full_marks_everywhere(everywhere, course, what):
    found = everywhere(course, "lesson1_numbers", program(BESIDE[what]))
    assert {level: report["score"] for level, report in found.items()} == dict.fromkeys(found, 3.0)


@pytest.mark.parametrize("what", WRONG)
def test_wrong_answers_lose_the_same_everywhere(everywhere, course, what):
    found = everywhere(course, "lesson1_numbers", program(WRONG[what]))
    first, *others = [[(p["name"], p["verdict"], p["points"]) for p in r["properties"]] for r in found.values()]
    assert ("test_doubles", "fail", 0.0) in first
    assert all(other == first for other in others)


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed")
def test_an_answer_that_draws_a_picture(everywhere, course):
    drawing = "import matplotlib.pyplot as plt\n\nplt.plot([1, 2])\nplt.savefig('curve.png')\nplt.close()\n"
    patient = msgspec.structs.replace(course, limits=Limits(cpu_seconds=20, call_seconds=60))
    found = everywhere(patient, "lesson1_numbers", drawing + NUMBERS)
    assert {level: report["score"] for level, report in found.items()} == dict.fromkeys(found, 3.0)


def test_a_module_that_is_here_already_is_not_taken_for_the_submission(monkeypatch):
    stale = types.ModuleType("work")
    monkeypatch.setitem(sys.modules, "work", stale)
    first = Here().open({"work": "def f():\n    return 1\n"}, "work", Limits())
    assert first.call("f", None, (), {}) == 1
    # Of two sessions at once, each has its own; and what was here is here again when both are closed.
    second = Here().open({"work": "def f():\n    return 2\n"}, "work", Limits())
    assert (first.call("f", None, (), {}), second.call("f", None, (), {})) == (1, 2)
    first.close()
    second.close()
    second.close()
    assert sys.modules["work"] is stale
    third = Here().open({"work": "def f():\n    return 3\n"}, "work", Limits())
    assert third.call("f", None, (), {}) == 3
    third.close()
