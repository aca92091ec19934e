"""One target in this process: under the fuzzer until its time is up, or on one input, without it.

``drive.py fuzz TARGET FOLDER SECONDS`` writes suspicious inputs to FOLDER/suspects and figures to FOLDER/record.json.
Under the fuzzer everything takes several times as long, so ``drive.py replay TARGET FILE`` has the last word: its exit
status is 1 if the input is a finding, and its last line says why.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import LONGEST, Cost, measured
from targets import Target, find, load

from grader.files import write

_CLOCK = 30
"""Seconds by the clock after which an input hangs, however little it computes."""
_MEMORY = 4096
_EVERY = 0.2
_OF_A_KIND = 3
"""Suspicious inputs that are kept of one kind: the same fault is found again and again."""


class Recorder:
    """Keeps the figures of a run and its suspicious inputs."""

    def __init__(self, folder: Path) -> None:
        """Write to ``folder`` whenever there is news."""
        self._folder = folder
        self._kept: dict[str, int] = {}
        self._most, self._written = Cost(), 0.0
        self.tried, self.last = 0, Cost()

    def tell(self, cost: Cost) -> None:
        """Note what an input has cost."""
        self.tried += 1
        self.last = cost
        most = Cost(*map(max, cost, self._most))
        # Not at the end: the fuzzer ends the process without asking.
        if most != self._most or time.monotonic() > self._written + _EVERY:
            self._most, self._written = most, time.monotonic()
            figures = {"tried": self.tried, "seconds": most.seconds, "megabytes": most.megabytes}
            write(self._folder / "record.json", json.dumps(figures).encode())

    def suspect(self, kind: str, data: bytes) -> None:
        """Keep an input, if there are not enough of its kind."""
        self._kept[kind] = self._kept.get(kind, 0) + 1
        if self._kept[kind] <= _OF_A_KIND:
            name = f"{kind.partition(' ')[0]}-{hashlib.sha256(data).hexdigest()[:16]}"
            write(self._folder / "suspects" / name, data)


def guarded(run: Callable[[bytes], object], recorder: Recorder) -> Callable[[bytes], None]:
    """``run``, which keeps what goes wrong instead of ending the process: there may be more to find."""

    def one(data: bytes) -> None:
        recorder.last = Cost()
        try:
            run(data)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            recorder.suspect(f"crash {_kind(error)}", data)
        if recorder.last.finding:
            recorder.suspect(recorder.last.finding, data)

    return one


def _kind(error: BaseException) -> str:
    """Where an exception comes from: two inputs that lead to the same line are one finding."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/grader/" in frame.filename] or list(frames)
    return f"{type(error).__name__} {own[-1].filename}:{own[-1].lineno}" if own else type(error).__name__


def fuzz(target: Target, folder: Path, seconds: int) -> None:
    """Run a target under the fuzzer; the process ends with it."""
    import atheris

    recorder = Recorder(folder)
    with atheris.instrument_imports(include=["grader"]):
        run = load(target, lambda inner: measured(inner, recorder.tell))
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST if target.raw else LONGEST >> 4}",
        f"-timeout={_CLOCK}",
        f"-rss_limit_mb={_MEMORY}",
        f"-artifact_prefix={folder / 'suspects'}/",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(folder / "new"), str(folder / "corpus")], guarded(run, recorder))
    atheris.Fuzz()


def replay(target: Target, data: bytes) -> str:
    """Run a target on one input, twice: the first time may import something; "" if all is well, else what is not."""
    costs: list[Cost] = []

    def around(inner: Callable[..., Any]) -> Callable[..., Any]:
        return measured(inner, costs.append)

    run = load(target, around)
    try:
        run(data)
        run(data)
    except BaseException as error:
        traceback.print_exc()
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
    cost = costs[-1] if costs else Cost()
    figures = f"{cost.seconds:.2f} s of processor time, {cost.megabytes:.0f} MB"
    print(figures)
    return f"{cost.finding}: {figures}" if cost.finding else ""


def main() -> None:
    """As the first lines of this file say."""
    mode, name, where, *rest = sys.argv[1:]
    if mode == "fuzz":
        fuzz(find(name), Path(where), int(rest[0]))
    elif wrong := replay(find(name), Path(where).read_bytes()):
        print(wrong)
        sys.exit(1)


if __name__ == "__main__":
    main()
