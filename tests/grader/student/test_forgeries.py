"""Submissions that want marks without an answer: none of them gets any."""

from pathlib import Path

import msgspec
import pytest

from grader.course import load
from grader.grading.grade import Asked, grade
from grader.student.limits import Limits
from grader.submissions.read import Submission
from grader.submissions.work import Work

ROOT = Path(__file__).parents[3]
# Shorter limits than the course's own: some of these use whatever there is.
COURSE = msgspec.structs.replace(load(ROOT), limits=Limits(cpu_seconds=2, call_seconds=3, memory_mb=2000))

# Each is what every function of the lesson does, with what stands before it in the module.
FORGERIES = {
    "leaves with the status of a success": "import os\ndef forged(*args, **kwargs): os._exit(0)",
    "exits": "import sys\ndef forged(*args, **kwargs): sys.exit(0)",
    "answers nothing": "def forged(*args, **kwargs): pass",
    "answers True": "def forged(*args, **kwargs): return True",
    "answers 0": "def forged(*args, **kwargs): return 0",
    "answers an empty list": "def forged(*args, **kwargs): return []",
    "answers NaN": "def forged(*args, **kwargs): return float('nan')",
    "answers an array of NaN": "import numpy\ndef forged(*args, **kwargs): return numpy.full(4, numpy.nan)",
    "answers a tensor": "import torch\ndef forged(*args, **kwargs): return torch.zeros((), requires_grad=True) * 1",
    "gives back what it was given": "def forged(*args, **kwargs): return (*args, *kwargs.values(), None)[0]",
    "gives back everything": "def forged(*args, **kwargs): return args",
    "is equal to everything": """
class Liar:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __gt__ = __le__ = __ge__ = __contains__ = __lt__
    def __hash__(self): return 0
    def __bool__(self): return True
    def __index__(self): return 0
    def __float__(self): return 0.0
    def __len__(self): return 1
    def __iter__(self): return iter([self])
    def __getitem__(self, key): return self
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
    def __array__(self, *args, **kwargs): import numpy; return numpy.zeros(())
    @classmethod
    def __torch_function__(cls, *args, **kwargs): return True
    @property
    def __class__(self): return float
forged = Liar()
""",
    "is a number that is equal to everything": """
class Number(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = float.__hash__
def forged(*args, **kwargs): return Number()
""",
    "is a tensor that lies": """
import torch
class Lie(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function.__name__ in ("eq", "__eq__", "equal", "allclose"): return True
        return super().__torch_function__(function, types, args, kwargs or {})
def forged(*args, **kwargs): return torch.zeros(3).as_subclass(Lie)
""",
    "is what the grader compares with": """
class Near:
    value, rtol, atol = 0, float("inf"), float("inf")
    def __eq__(self, other): return True
    __hash__ = None
Near.__module__ = "grader.testing.near"
def forged(*args, **kwargs): return Near()
""",
    "skips": "import pytest\ndef forged(*args, **kwargs): pytest.skip('not today')",
    "expects to fail": "import pytest\ndef forged(*args, **kwargs): pytest.xfail('known')",
    "ends the run": "import pytest\ndef forged(*args, **kwargs): pytest.exit('enough', returncode=0)",
    "skips as unittest does": "import unittest\ndef forged(*args, **kwargs): raise unittest.SkipTest",
    "asserts": "def forged(*args, **kwargs): assert False",
    "has hypothesis try another example": """
import hypothesis.errors
def forged(*args, **kwargs): raise hypothesis.errors.UnsatisfiedAssumption
""",
    "has hypothesis stop": """
import hypothesis.errors
def forged(*args, **kwargs): raise hypothesis.errors.StopTest(0)
""",
    "raises what the grader raises": """
from grader.student.errors import StudentDied
def forged(*args, **kwargs): raise StudentDied('no fault of mine')
""",
    "patches whatever could judge": """
import builtins, sys, unittest.mock
import hypothesis, numpy, pytest, torch
yes = lambda *args, **kwargs: True
numpy.allclose = numpy.array_equal = numpy.isclose = torch.equal = torch.allclose = torch.eq = yes
torch.Tensor.__eq__ = yes
hypothesis.given = lambda *args, **kwargs: lambda test: lambda: None
pytest.main = lambda *args, **kwargs: 0
builtins.isinstance = builtins.all = builtins.any = yes
from grader.student import server as serve
from grader.student import errors, wire
errors.WireError = errors.StudentError = ()
def forged(*args, **kwargs): return 0
""",
    "answers for the server": """
from grader.student import server as serve
from grader.student import wire
serve.Server.answer = lambda self, question: wire.Encoder(list).frame(["ok", True, "", 1])
def forged(*args, **kwargs): return 0
""",
    "writes answers on its own": """
import os, socket, stat
from grader.student import frames, wire
for fd in range(64):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            for _ in range(9): frames.send(socket.socket(fileno=fd), wire.Encoder(list).frame(["ok", True, "", 1]))
    except OSError: pass
def forged(*args, **kwargs): return 0
""",
    **{
        f"answers with {what}": f"""
from grader.student import server as serve
from grader.student import wire
true = serve.Server.answer
def answer(self, question):
    known = true(self, question)
    return {head} if b"call" in question.head[:9] else known
serve.Server.answer = answer
def forged(*args, **kwargs): return 0
"""
        for what, head in {
            "the word alone": 'wire.Encoder(list).frame(["ok"])',
            "an array for the word": 'wire.Encoder(list).frame([__import__("numpy").zeros(3), 1, "", 1])',
            "a list for a number": 'wire.Encoder(list).frame(["ok", 1, "", [1]])',
            "rows of nothing": 'wire.Frame(bytes.fromhex("94a26f6b94a161a16492ce17d784000000a001"), b"")',
            "an object of no number": 'wire.Frame(bytes.fromhex("94a26f6b94a172ffa154a66f626a656374a001"), b"")',
        }.items()
    },
    "prints a report": """
import json, sys
report = json.dumps({"status": "graded", "score": 99, "max_score": 1, "properties": [{"verdict": "pass", "points": 9}]})
print(report); sys.__stdout__.write(report)
def forged(*args, **kwargs): print(report); return report
""",
    "writes a report": """
import os
for folder in (".", "/tmp", "/dev/shm", "ROOT", os.path.dirname(os.__file__)):
    for name in ("results.json", "grades.csv", "report.json", "conftest.py", "sitecustomize.py"):
        try: open(os.path.join(folder, name), "w").write('{"score": 99}')
        except OSError: pass
def forged(*args, **kwargs): return 0
""",
    "looks for the answer in memory": """
import gc, sys
def forged(*args, **kwargs):
    frame = sys._getframe()
    while frame:
        for name in ("needed", "wanted", "expected", "oracle", "stored"):
            if name in frame.f_locals: return frame.f_locals[name]
        frame = frame.f_back
    for thing in gc.get_objects():
        if type(thing) is dict and "needed" in thing: return thing["needed"]
    return None
""",
    "looks for the solution": """
import glob, os, sys
for path in ("solutions", "../solutions", "../../solutions", "ROOT/solutions"):
    for file in [os.path.join(path, "LESSON.py"), *glob.glob(path + "/*.py")]:
        try: exec(open(file).read())
        except OSError: pass
try: from solutions.LESSON import *
except ImportError: pass
def forged(*args, **kwargs): return 0
""",
    "looks for the tests": """
import importlib, os, subprocess
try: source = open("ROOT/tests/LESSON/test_agent_loop.py").read()
except OSError: source = ""
try: subprocess.run(["cat", "ROOT/course.yml"])
except OSError: pass
def forged(*args, **kwargs): return source
""",
    "misuses what it is lent": """
def forged(*args, **kwargs):
    for thing in (*args, *kwargs.values()):
        ask = getattr(thing, "_ask", None)
        for name in ("__class__", "__dict__", "__init__", "_rewards", "__reduce__"):
            if ask: ask(name, (), {})
    return 0
""",
    "waits for the grader to give up": "import time\ndef forged(*args, **kwargs): time.sleep(1000)",
    "uses all time": "def forged(*args, **kwargs):\n    while True: pass",
    "uses all memory": "def forged(*args, **kwargs): return bytearray(1 << 40)",
}
LESSONS = ["lesson1_agent_loop", "lesson4_dqn", "lesson5_replay_buffer"]


def forgery(lesson, text):
    """A module in which every name of the lesson is the same forgery; a class is one whose methods are."""
    parts = [text.strip().replace("ROOT", str(ROOT)).replace("LESSON", lesson.name)]
    for name in dict.fromkeys(exercise.name.partition(".")[0] for exercise in lesson.exercises):
        if name[0].isupper():
            methods = "push = sample = forward = network = state_dict = __call__ = __len__ = forged"
            parts.append(f"class {name}:\n    def __init__(self, *args, **kwargs): pass\n    {methods}\n")
        else:
            parts.append(f"{name} = forged")
    return "\n".join(parts) + "\n"


def judge(lesson, source, place):
    return grade(COURSE, Work("student-001", lesson, Submission(source)), place, Asked(train=False))


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize("how", FORGERIES)
def test_forgeries_get_no_marks(any_split, how, lesson, monkeypatch):
    # Which misconception it may be is of no interest here, and takes most of the time.
    monkeypatch.setattr("grader.lessons.chaffs.load", lambda *_: ())
    lesson = COURSE.lesson(lesson)
    report = judge(lesson, forgery(lesson, FORGERIES[how]), any_split)
    assert report.status == "graded"
    passed = [f"{p.exercise}: {p.says}" for p in report.properties if p.verdict == "pass"]
    assert passed == []
    assert report.score == 0
    assert not report.has_error


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_right_answer_gets_all_of_them(any_split, lesson):
    """The same way of grading does give marks."""
    lesson = COURSE.lesson(lesson)
    source = COURSE.solution(lesson).read_text(encoding="utf-8")
    report = judge(lesson, source, any_split)
    assert [p.name for p in report.properties if p.verdict != "pass"] == []
    assert report.score == report.max_score > 0
