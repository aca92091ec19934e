"""A program of the grader's own at the other end of a connection: what it says, and that nothing of it is left."""

from __future__ import annotations

import os
import sys

import pytest
from typed import ends

from grader.student.errors import GraderFault, is_out_of_memory
from grader.student.program import Program

_SAYS = """
import os, subprocess, sys, time
subprocess.Popen(["/bin/sleep", "100"])
print("last words", file=sys.stderr)
os.write(int(sys.argv[1]), sys.argv[2].replace("SALT", os.environ.get("GRADER_SALT", "")).encode() + b"\\n")
time.sleep(100)
"""


def speaking(line: str) -> Program:
    """A program that starts a child, says one line, and does not leave by itself."""
    return Program("is tried out", lambda descriptor: [sys.executable, "-c", _SAYS, str(descriptor), line], {})


def test_a_line_is_heard_and_all_of_it_is_ended() -> None:
    program = speaking('{"ready": 42}')
    assert program.speaks(within=10)
    assert program.hear("ready") == {"ready": 42}
    assert not program.speaks(within=0)
    program.end()
    assert ends(program.process.pid), "its child is left"
    program.end()  # once more does no harm


def test_something_else_is_a_fault_with_its_last_words_and_all_of_it_is_ended() -> None:
    program = speaking('{"other": 1}')
    with pytest.raises(GraderFault, match=r"^the process that is tried out said \{'other': 1\} .*'ready': last words$"):
        program.hear("ready")
    assert ends(program.process.pid), "its child is left"
    with pytest.raises(GraderFault, match="has ended"):
        program.send(b"more")


_ENDS = "import sys; exec(sys.argv[2])"


_NO_ROOM = "libx.so: failed to map segment from shared object"


@pytest.mark.parametrize(
    ("code", "says", "is_memory"),
    [
        (f"raise ImportError({_NO_ROOM!r})", f"ImportError: {_NO_ROOM}", True),
        ("raise MemoryError", "MemoryError", True),
        ("raise ZeroDivisionError('an oversight')", "ZeroDivisionError: an oversight", False),
    ],
)
def test_its_last_line_is_the_reason_and_one_without_memory_is_told_from_others(
    code: str, says: str, is_memory: bool
) -> None:
    program = Program("is tried out", lambda descriptor: [sys.executable, "-c", _ENDS, str(descriptor), code], {})
    with pytest.raises(GraderFault) as caught:
        program.hear("ready")
    assert str(caught.value) == f"the process that is tried out has ended: {says}"
    assert is_out_of_memory(caught.value) is is_memory
    assert any("Traceback" in note for note in caught.value.__notes__)
    program.end()


def test_nothing_of_the_environment_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_SALT", "secret")
    program = speaking('{"salt": "SALT"}')
    assert program.hear("salt") == {"salt": ""}
    program.end()


def test_one_that_cannot_be_started_is_a_fault() -> None:
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    with pytest.raises(GraderFault, match="the process that is tried out cannot be started: "):
        Program("is tried out", lambda _: ["/nowhere/program"], {})
    assert not before or len(os.listdir("/proc/self/fd")) == before
