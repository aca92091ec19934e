"""The grader's own work on answers is interrupted, wherever it is, and nothing gets out of step."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
import time

import pytest

from grader.student import own_time
from grader.student.limits import Limits
from grader.student.own_time import SHIELD, TooLong, paused, within
from grader.student.places import Place
from grader.student.remote import Student


def work(seconds: float) -> str:
    """Use up processor time of this process."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return "done"


def test_work_that_ends_in_time_has_its_result() -> None:
    assert within(60, lambda: work(0.01)) == "done"
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGPROF) is signal.SIG_DFL


def test_work_without_an_end_is_interrupted() -> None:
    with pytest.raises(TooLong):
        within(0.05, lambda: sum(1 for _ in itertools.count()))
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGPROF) is signal.SIG_DFL


def test_work_that_swallows_the_interruption_is_interrupted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_time, "_AGAIN_SECONDS", 0.05)
    caught = []

    def stubborn() -> None:
        while len(caught) < 3:
            try:
                work(60)
            except TooLong as error:
                caught.append(error)

    with pytest.raises(TooLong):
        within(0.05, lambda: (stubborn(), work(60)))
    assert len(caught) == 3


def test_work_that_is_set_aside_is_not_counted() -> None:
    def both() -> str:
        with paused():
            work(0.3)
        return work(0.01)

    assert within(0.1, both) == "done"
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    with paused():
        work(0.01)
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_what_comes_after_it_is_counted_again() -> None:
    def both() -> str:
        with paused():
            work(0.01)
        return work(60)

    with pytest.raises(TooLong):
        within(0.1, both)


def test_exceptions_pass_through() -> None:
    with pytest.raises(KeyError):
        within(60, lambda: {}["nothing"])
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_waiting_is_no_work() -> None:
    assert within(0.2, lambda: time.sleep(0.5)) is None


def test_inner_work_counts_for_the_outer_one() -> None:
    with pytest.raises(TooLong):
        within(0.05, lambda: within(60, lambda: work(60)))


def test_a_message_is_not_cut_in_two() -> None:
    seen = []

    def talk() -> None:
        with SHIELD:
            with SHIELD:
                work(0.2)
            seen.append("still talking")
        seen.append("after")

    with pytest.raises(TooLong):
        within(0.05, talk)
    assert seen == ["still talking"]
    assert within(60, lambda: work(0.01)) == "done", "what was due before is not due now"


def test_other_threads_are_not_interrupted() -> None:
    done: list[str] = []
    thread = threading.Thread(target=lambda: done.append(within(0.01, lambda: work(0.1))))
    thread.start()
    thread.join()
    assert done == ["done"]


def test_a_place_stays_in_step(any_split: Place) -> None:
    """Interrupted at whatever moment of a conversation, the next session gets its own answers."""
    limits = Limits(cpu_seconds=60, call_seconds=60)

    def converse() -> None:
        while True:
            session = any_split.open({"work": "def f(x): return x + 1"}, "work", limits)
            session.begin(0)
            for i in range(20):
                assert Student(session).f(i) == i + 1
            session.close()

    for i in range(10):
        with pytest.raises(TooLong):
            within(0.01 + 0.003 * i, converse)
        session = any_split.open({"work": "def g(x): return -x"}, "work", limits)
        session.begin(0)
        assert [Student(session).g(j) for j in range(5)] == [0, -1, -2, -3, -4]
        session.close()


STUCK = """
from grader.student import own_time
own_time._GRACE_SECONDS = 0.0
own_time.end_if_stuck()
print(own_time.within(60, lambda: "work that ends"), flush=True)
own_time.within(0.1, lambda: sum(range(10**13)))
"""


def test_a_process_that_cannot_be_interrupted_is_ended() -> None:
    """A long operation in C never comes back to where an exception could be raised."""
    done = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.returncode) == ("work that ends\n", -signal.SIGXCPU)


IMPORTS = """
import sys
from grader.student.errors import StudentDied
from grader.student.inprocess import Here
from grader.student.limits import Limits

assert "torch" not in sys.modules
text = "import torch\\n\\ndef f():\\n    return torch.ones(2).sum().item()\\n"
with Here() as place:
    session = place.open({"module": text}, "module", Limits(cpu_seconds=0.5))
print(session.call("f", None, (), {}))
"""


def test_in_this_process_nobody_pays_for_the_import_of_a_large_library() -> None:
    """To import torch takes seconds, and behind the boundary it is there when the code's time begins."""
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("2.0\n", "")
