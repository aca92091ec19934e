"""Do in a fresh copy what a learner does: look, ask for a hint, check, train, watch. For systems without walls.

    python .ci/learner.py

Ends with status 1 and the output of the command that did something else than it should.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

GRADER = [sys.executable, "-c", "from grader.cli import main; main()"]
ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 300


def main() -> None:
    """Do it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        copy = Path(made) / "course"
        does(ROOT, ["release", str(copy), "--with-tests"], "files written")
        does(copy, ["status"], "not begun")
        does(copy, ["check"], "Not started yet", status=1)
        for name in ("lesson1_agent_loop.py", "lesson3_q_learning.py"):
            text = (ROOT / "solutions" / name).read_text(encoding="utf-8")
            (copy / "exercises" / name).write_text(text, encoding="utf-8")
        does(copy, ["hint", "2"], "hint 1 of")
        does(copy, ["check", "1"], "Everything here holds")
        does(copy, ["train", "3"], "Everything here holds")
        does(copy, ["status"], "trained")
        watches(copy)
    print("A learner can work here.")


def does(folder: Path, words: list[str], says: str, *, status: int = 0) -> None:
    """Run one command, and look at what it says."""
    done = subprocess.run(
        [*GRADER, *words], cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=_PATIENCE, check=False
    )
    said = done.stdout + done.stderr
    if done.returncode != status or says not in " ".join(said.split()) or "Traceback" in said:
        sys.exit(f"grader {' '.join(words)} ended with {done.returncode}, and {says!r} is not in what it said:\n{said}")
    print(f"grader {' '.join(words)}: {says}", flush=True)


def watches(folder: Path) -> None:
    """Watch a lesson, make a mistake in it, and mend it."""
    file = folder / "exercises" / "lesson1_agent_loop.py"
    right = file.read_text(encoding="utf-8")
    wrong = right.replace("return total", "return total + 1")
    if wrong == right:
        sys.exit(f"{file.name} has no `return total` any more; have this file make another mistake")
    process = subprocess.Popen(
        [*GRADER, "watch", "1", "--plain"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, encoding="utf-8", env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    patience = threading.Timer(_PATIENCE, process.kill)
    patience.start()
    said = ""

    def until(words: str) -> None:
        nonlocal said
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            if words in line:
                return print(f"grader watch: {words}", flush=True)
        patience.cancel()
        sys.exit(f"grader watch ended before it said {words!r}:\n{said}")

    until("every law holds")
    file.write_text(wrong, encoding="utf-8")
    until("fails")
    file.write_text(right, encoding="utf-8")
    until("every law holds")
    patience.cancel()
    process.kill()
    process.wait()


if __name__ == "__main__":
    main()
