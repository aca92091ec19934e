"""A class is graded while things go wrong, a small one and six faults; ``make chaos`` does it on a large scale."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grader.student.isolation import choose
from grader.student.levels import IsolationError

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="finds the grader's processes in /proc")
def test_a_class_is_graded_as_in_peace_whatever_goes_wrong() -> None:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    command = [sys.executable, "tests/chaos", "--quick", "--submissions", "5", "--lesson", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing differs" in done.stdout
    assert "5 submissions, 6 faults" in done.stdout or "not tried" in done.stdout
