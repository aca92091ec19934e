"""What learners use runs on Windows too: here, on a Python from which everything that only Unix has was taken away."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import tiny_course

from grader.course import Course

WITHOUT_UNIX = '''
    """Imported by every Python that is started: what Windows lacks is missing."""

    import os, signal, sys

    MODULES = {"fcntl", "resource", "termios", "tty", "pty", "pwd", "grp", "curses", "syslog"}

    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name in MODULES:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    for name in MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Missing())
    for name in ("setitimer", "getitimer", "SIGALRM", "SIGPROF", "SIGHUP", "SIGXCPU", "SIGTSTP", "ITIMER_PROF"):
        delattr(signal, name)
    for name in ("getuid", "geteuid", "sched_getaffinity", "sched_setaffinity", "killpg", "O_NOFOLLOW", "O_NONBLOCK"):
        delattr(os, name)
'''


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "windows").mkdir()
    (tmp_path / "windows" / "sitecustomize.py").write_text(textwrap.dedent(WITHOUT_UNIX))
    course = tiny_course.make(tmp_path / "course")
    for lesson in course.lessons:
        course.stub(lesson).write_text(course.solution(lesson).read_text())
    return course


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("status", "not checked since its last change"),
        ("hint 1", "a nudge"),
        ("check 1 --json", '"passed": 3'),
        ("train 2", "✓ train (training)"),
        ("watch 1 --plain", "every law holds"),
    ],
)
def test_a_learner_needs_no_unix(words: str, says: str, course: Course) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from grader.cli import main; main()", *words.split()],
        cwd=course.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"PYTHONPATH": str(course.root.parent / "windows"), "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    with process:
        for line in process.stdout:
            said += line
            if words.startswith("watch") and says in said:
                process.terminate()
    assert says in " ".join(said.split()), said
    assert "Traceback" not in said
