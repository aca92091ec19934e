"""Runs of the grader as its user starts them: one in peace, then as many as it takes while faults are injected."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faults import Kind, Target
from ground import Ground
from ledger import Ledger
from processes import left_behind

from grader.report.report import without_times

_LONGEST_RUN = 3600.0
_SURVIVED = 6
"""After so many more reports, a fault that may end a run has not ended it, and is undone."""

_MORE_RUNS = 5
"""So many runs without another fault may be needed to finish; a report of a fault is made again by the next one."""


@dataclass(frozen=True)
class Settings:
    """The options of the command, the same in all runs."""

    lessons: tuple[str, ...]
    isolation: str | None
    jobs: int | None = None

    def command(self, ground: Ground, out: Path) -> list[str]:
        """The command line."""
        level = ["--isolation", self.isolation] if self.isolation else []
        level += ["--jobs", str(self.jobs)] if self.jobs else []
        lessons = [part for name in self.lessons for part in ("--lesson", name)]
        grader = str(Path(sys.executable).with_name("grader"))
        return [grader, "grade", str(ground.submitted), "--out", str(out), "--no-training", *lessons, *level]


@dataclass(frozen=True)
class Peace:
    """What the calm run made.

    Attributes:
        grades: grades.csv.
        reports: every report without its times, by its path below the folder of reports.
        files: all files there.
    """

    grades: bytes
    reports: dict[str, Any]
    files: frozenset[str]
    seconds: float


def calm(ground: Ground, settings: Settings) -> Peace:
    """Grade the class in peace, into a folder of its own.

    Raises:
        SystemExit: not even that works.
    """
    out = ground.top / "calm"
    start = time.monotonic()
    done = subprocess.run(
        settings.command(ground, out), cwd=ground.course, env=ground.environment(), capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the calm run ended with status {done.returncode}: {done.stderr.decode()[-3000:]}")
    seconds = time.monotonic() - start
    if left := [*left_behind(5), *ground.temporary.iterdir()]:
        raise SystemExit(f"the calm run left something behind: {left}")
    return Peace((out / "grades.csv").read_bytes(), _reports(out), _files(out), seconds)


def _reports(out: Path) -> dict[str, Any]:
    found = {}
    for path in out.glob("*/lesson*.json"):
        try:
            found[str(path.relative_to(out))] = without_times(json.loads(path.read_bytes()))
        except ValueError:
            found[str(path.relative_to(out))] = "not whole"
    return found


def _files(out: Path) -> frozenset[str]:
    return frozenset(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


class Faulty:
    """The runs to which faults are done.

    Attributes:
        runs: how many there were.
    """

    def __init__(self, ground: Ground, settings: Settings, peace: Peace, ledger: Ledger, draw: random.Random) -> None:
        """Nothing is graded yet."""
        self._ground, self._settings, self._peace, self._ledger, self._draw = ground, settings, peace, ledger, draw
        self._out = ground.disk / "report"
        self._running: subprocess.Popen[bytes] | None = None
        self._known: dict[str, object] = {}
        self.runs = 0

    def grade(self, kinds: Sequence[Kind], submissions: int) -> None:
        """Grade the class while these faults happen, one after another, then until a run ends well."""
        waiting = list(kinds)
        quiet = 0
        while waiting or quiet < _MORE_RUNS:
            done: list[Kind] = []
            quiet = 0 if waiting else quiet + 1
            if waiting and len(self._peace.reports) - len(_reports(self._out)) < 2:
                # All is graded, and there are faults left: some students hand in anew.
                self._forget(submissions // 4)
            status, said = self._run(waiting, done, submissions)
            self._judge(status, said, done)
            if not waiting and status == 0:
                return
        self._ledger.problems.append(
            f"no run ended well after the last fault; the last one with {status}: {said[-500:]}"
        )

    def end(self) -> None:
        """End the run that is going on, if the driver itself was interrupted, and whatever is left of it."""
        if self._running is not None and self._running.poll() is None:
            self._running.kill()
            self._running.wait()
        for process in left_behind(3):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.number, signal.SIGKILL)

    def _forget(self, number: int) -> None:
        reports = sorted(self._out.glob("*/lesson*.json"))
        for path in self._draw.sample(reports, min(number, len(reports))):
            path.unlink()
            self._known.pop(str(path.relative_to(self._out)), None)

    def _run(self, waiting: list[Kind], done: list[Kind], submissions: int) -> tuple[int, str]:
        """One run; faults move from ``waiting`` to ``done``, and one that is to end the run is its last."""
        self.runs += 1
        before = len(_reports(self._out))
        run = subprocess.Popen(
            self._settings.command(self._ground, self._out),
            cwd=self._ground.course,
            env=self._ground.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._running = run
        heard: list[bytes] = []
        listener = threading.Thread(target=lambda: heard.extend(run.stdout or ()), daemon=True)
        listener.start()
        target = Target(run.pid, self._ground, self._draw, [])
        end = time.monotonic() + _LONGEST_RUN
        pause = self._pause(waiting, before)
        while run.poll() is None:
            if time.monotonic() > end:
                self._ledger.problems.append(f"a run did not end within {_LONGEST_RUN:.0f} s, after {_names(done)}")
                os.killpg(run.pid, signal.SIGKILL)
            is_ending = bool(done and done[-1].statuses)
            if is_ending and self._finished() - before >= _SURVIVED:
                done[-1].undo(self._ground)
                is_ending = False
            if waiting and not is_ending and heard and self._finished() - before >= pause:
                time.sleep(self._draw.random() * 0.3)
                if run.poll() is None and waiting[0].strike(target):
                    done.append(waiting.pop(0))
                    before, pause = self._finished(), self._pause(waiting, self._finished())
            time.sleep(0.02)
        listener.join(20)
        said = b"".join(heard).decode(errors="replace")
        for kind in done:
            kind.undo(self._ground)
        for path in target.spoilt:
            self._known.pop(str(path.relative_to(self._out)), None)
        self._ground.clock.unlink(missing_ok=True)
        return run.returncode, said

    def _pause(self, waiting: list[Kind], finished: int) -> int:
        """After how many more reports the next fault comes: such that all of them fit into what is left to do."""
        left = len(self._peace.reports) - finished
        return self._draw.randint(0, max(1, 2 * left // (len(waiting) + 1)))

    def _finished(self) -> int:
        return sum(1 for _ in self._out.glob("*/lesson*.json"))

    def _judge(self, status: int, said: str, done: list[Kind]) -> None:
        """Look for all that a run must not do, whatever was done to it."""
        wrong: list[str] = []
        # The one that has ended the run, if any has: of two that may have, the later one.
        last = next((kind for kind in reversed(done) if status in kind.statuses), None)
        last = last or (done[-1] if done and done[-1].statuses else None)
        if "Traceback (most recent" in said or "Exception ignored" in said:
            wrong.append(f"a traceback: {said[-2500:]}")
        ended = status not in (0, 3) or (last is not None and status in last.statuses)
        lines = [
            line for line in said.splitlines() if line.startswith("grader: ") and "a salt for this class" not in line
        ]
        if last is None and status not in (0, 3):
            wrong.append(f"status {status}: {said[-600:]}")
        if last is not None and status not in (0, *last.statuses):
            wrong.append(f"status {status} instead of {last.statuses}: {said[-600:]}")
        if ended and status > 0 and (len(lines) != 1 or (last and last.says not in lines[0])):
            wrong.append(f"not one line that says how to go on, but {lines or said[-600:]}")
        if status == 3 and len(lines) != 1:
            wrong.append(f"not one line about faults, but {lines}")
        if left := left_behind(10):
            wrong.append(f"processes are left: {left}")
            for process in left:
                os.kill(process.number, signal.SIGKILL)
            left_behind(5)
        if left_files := list(self._ground.temporary.iterdir()):
            names = [str(path.name) for path in left_files]
            wrong.append(f"temporary files are left: {names}")
            for path in left_files:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
        wrong += self._made_twice()
        for kind in done:
            self._ledger.add(kind.name, status, ended=kind is last and ended, line=len(lines) == 1, problem=bool(wrong))
        self._ledger.problems += [f"run {self.runs}, {_names(done) or 'no fault'}: {line}" for line in wrong]
        print(
            f"run {self.runs}: {_names(done) or 'no fault'}: status {status}"
            f"{'' if not wrong else '  WRONG: ' + '; '.join(line[:3000] for line in wrong)}",
            flush=True,
        )
        if lines:
            print("    " + "\n    ".join(line[:300] for line in lines), flush=True)

    def _made_twice(self) -> list[str]:
        """Reports that were right already and have been written once more since the last run."""
        found = []
        for name, report in _reports(self._out).items():
            version = _version(self._out / name)
            if self._known.get(name, version) != version:
                found.append(f"{name} was graded again, though its report was whole")
            self._known.pop(name, None)
            if report == self._peace.reports.get(name):
                self._known[name] = version
            elif report != "not whole" and report["status"] != "error":
                found.append(
                    f"{name} differs from the calm run's: {_difference(report, self._peace.reports.get(name))}"
                )
        return found

    def compare(self) -> None:
        """Compare what there is in the end with what the calm run made."""
        problems = self._ledger.problems
        if (self._out / "grades.csv").read_bytes() != self._peace.grades:
            problems.append("grades.csv differs from the calm run's")
        reports = _reports(self._out)
        for name in sorted({*reports, *self._peace.reports}):
            if reports.get(name) != self._peace.reports.get(name):
                problems.append(f"{name} differs from the calm run's in the end")
        files = _files(self._out)
        if files != self._peace.files:
            more, fewer = sorted(files - self._peace.files), sorted(self._peace.files - files)
            problems.append(f"files that the calm run has not made: {more}; that are missing: {fewer}")
        if left := [path.name for path in self._ground.temporary.iterdir()]:
            problems.append(f"temporary files are left in the end: {left}")


def _version(path: Path) -> object:
    """What tells a report from one that was made once more: how long it took. It may have a mark of the files added."""
    with contextlib.suppress(ValueError):
        return {
            key: value for key, value in json.loads(path.read_bytes()).items() if key not in ("folder_state", "seal")
        }
    return None


def _names(kinds: Sequence[Kind]) -> str:
    return ", ".join(kind.name for kind in kinds)


def _difference(one: Any, other: Any, way: str = "") -> str:
    """The first place where two reports differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one:
            if one[key] != other.get(key) and key not in ("seal", "score"):
                return _difference(one[key], other.get(key), f"{way}.{key}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for i, (a, b) in enumerate(zip(one, other)):
            if a != b:
                return _difference(a, b, f"{way}[{i}]")
    return f"{way}: {str(one)[:300]} instead of {str(other)[:300]}"
