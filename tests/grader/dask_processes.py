"""A scheduler of Dask's and workers as processes of this machine, as somebody would start them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_SECONDS = 120.0


@contextlib.contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Path]:
    """Start them; gives the scheduler's file. A worker that is killed is started anew by its nanny.

    Args:
        folder: for files of theirs.
        workers: how many, of one slot each.
    """
    file = folder / "scheduler.json"
    dask = [sys.executable, "-P", "-m", "dask"]
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
    worker = [*dask, "worker", "--host", "127.0.0.1", "--nworkers", str(workers), "--nthreads", "1", "--no-dashboard"]
    # What jobs are made of lies beside this file; a worker finds it as the tests do.
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with contextlib.ExitStack() as stack:
        for i, command in enumerate((scheduler, [*worker, "--local-directory", str(folder / "dask")])):
            log = stack.enter_context((folder / f"{i}.log").open("wb"))
            process = subprocess.Popen(
                [*command, "--scheduler-file", str(file)],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            stack.callback(_end, process)
            if i == 0:
                _until_there(file, process)
        yield file


def _until_there(file: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _SECONDS
    while not file.exists():
        assert process.poll() is None, "the scheduler has ended"
        assert time.monotonic() < end, "the scheduler does not start"
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
