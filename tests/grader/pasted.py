"""Run counterexamples as a learner runs them: scripts beside the module that they are about.

Each is a process of its own, forked from one that has imported torch, as that import takes longer than all the rest.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple, Self

SECONDS = 3
_SCRIPT = "try_it.py"
_FAILED = re.compile(r"(?m)^(Traceback|\w*Error\b)")


class Ran(NamedTuple):
    """What came of a script: what it printed, its last words on stderr, and whether it had to be ended."""

    printed: str
    error: str
    timed_out: bool

    @property
    def raised(self) -> str:
        """The last line of the traceback, "" if nothing was raised."""
        return self.error.strip().splitlines()[-1] if _FAILED.search(self.error) else ""


class Scripts:
    """A warm process that runs scripts."""

    def __enter__(self) -> Self:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.communicate()

    def run(self, script: str, modules: dict[str, str], seconds: float = SECONDS) -> Ran:
        """Run a script in a folder with these modules, for so many seconds of processor time at most."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.TemporaryDirectory() as folder:
            for name, source in {**modules, _SCRIPT.removesuffix(".py"): script}.items():
                (Path(folder) / f"{name}.py").write_text(source, encoding="utf-8")
            self._process.stdin.write(json.dumps({"folder": folder, "seconds": seconds}) + "\n")
            self._process.stdin.flush()
            status = json.loads(self._process.stdout.readline())["status"]
            printed, error = (
                (Path(folder) / name).read_text(encoding="utf-8", errors="replace")[:100_000] for name in ("out", "err")
            )
        return Ran(printed, error, os.WIFSIGNALED(status))


def _serve() -> None:
    # What a script may import, so that its children need not.
    import gymnasium  # noqa: F401
    import numpy  # noqa: F401
    import torch

    torch.set_num_threads(1)
    torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])  # the first optimizer imports as much as torch itself
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if not child:
            _be(job["folder"], job["seconds"])
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"status": status}) + "\n")
        sys.stdout.flush()


def _be(folder: str, seconds: float) -> None:
    """Become a Python that was started with the script, and end."""
    status = 1
    try:
        os.chdir(folder)
        for descriptor, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), descriptor)
        # Of processor time, so that a busy machine ends nothing; what only waits is ended too, later.
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, 20 * seconds)
        sys.path[0] = folder
        sys.argv = [_SCRIPT]
        with contextlib.suppress(SystemExit):
            runpy.run_path(_SCRIPT, run_name="__main__")
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
