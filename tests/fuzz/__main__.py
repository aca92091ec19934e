"""`make fuzz`: every target under a coverage-guided fuzzer, one after the other, and a table of what came of it.

The exit status is 1 if there is a finding, or if a target could not be run.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import msgspec
import platformdirs
from starts import starts
from targets import TARGETS, Target, find

from grader.files import write

ALTOGETHER = 600
"""Seconds for all targets, if nobody says otherwise."""
_STARTING = 120
"""Seconds that a target may take beyond its time, to import torch and to run what it starts from."""
_REPLAY = 120
_DRIVE = Path(__file__).with_name("drive.py")
_ROW = "{:<16} {:>10} {:>10} {:>9} {:>8} {:>9} {:>8}"
HEADING = _ROW.format("target", "runs", "whole", "coverage", "findings", "slowest", "memory")
# What an allocator keeps for later would hide what the next input takes.
_GIVES_BACK = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}


class Result(NamedTuple):
    """What came of one target.

    Attributes:
        target: its name.
        runs: inputs that the fuzzer tried.
        tried: those that were whole, so that the grader's code had something to read.
        coverage: places in the grader's code that were reached, as the fuzzer counts them.
        seconds: the most processor time for one input, under the fuzzer.
        megabytes: the most memory for one input.
        findings: what is wrong, each with the file that shows it.
        problem: why it could not be run, or "".
    """

    target: str
    runs: int = 0
    tried: int = 0
    coverage: int = 0
    seconds: float = 0.0
    megabytes: float = 0.0
    findings: tuple[tuple[str, str], ...] = ()
    problem: str = ""

    def row(self) -> str:
        """A line of the table."""
        if self.problem:
            return f"{self.target:<16} {self.problem}"
        figures = (f"{self.runs:,}", f"{self.tried:,}", f"{self.coverage:,}", len(self.findings))
        slowest = f"{self.seconds * 1000:,.0f} ms" if self.seconds < 1 else f"{self.seconds:.1f} s"
        return _ROW.format(self.target, *figures, slowest, f"{self.megabytes:.0f} MB")


class _Record(msgspec.Struct):
    """What ``drive.py`` writes."""

    tried: int = 0
    seconds: float = 0.0
    megabytes: float = 0.0


def figures(said: str) -> tuple[int, int]:
    """Runs and coverage, from what the fuzzer prints."""
    status = re.findall(r"(?m)^#(\d+)\s+\w+\s+cov: (\d+)", said)
    units = re.findall(r"stat::number_of_executed_units:\s*(\d+)", said)
    runs = int(units[-1]) if units else int(status[-1][0]) if status else 0
    return runs, int(status[-1][1]) if status else 0


def run(target: Target, out: Path, seconds: int) -> Result:
    """Fuzz one target, and look at everything suspicious once more.

    Args:
        target: the target.
        out: what is kept lies in its folder ``<target>``: ``corpus``, from which the next run
            goes on, and ``findings``.
        seconds: for how long.
    """
    kept = out / target.name
    for number, data in enumerate(starts(target.name)):
        if not (start := kept / "corpus" / f"start-{number:02d}").exists():
            write(start, data)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=out) as made:
        work = Path(made)
        for name in ("new", "suspects", "scratch"):
            (work / name).mkdir()
        (work / "corpus").symlink_to((kept / "corpus").absolute())
        said, status = _driven(target, work, seconds)
        # Whole files alone get into the corpus: an interrupted run leaves none that is half-written.
        for path in (work / "new").iterdir():
            os.replace(path, kept / "corpus" / path.name)
        record = _record(work / "record.json")
        suspects = [(look(target, path), path) for path in sorted((work / "suspects").iterdir())]
        findings = tuple((why, _keep(path, kept)) for why, path in suspects if why)
    runs, coverage = figures(said)
    problem = ""
    if not findings and (status or not runs):
        last = (said.strip().splitlines() or ["it said nothing"])[-1][:200]
        problem = f"ended with status {status} after {runs:,} runs: {last}"
    return Result(target.name, runs, record.tried, coverage, record.seconds, record.megabytes, findings, problem)


def _driven(target: Target, work: Path, seconds: int) -> tuple[str, int]:
    """Run the fuzzer in a process of its own; what it printed, and its exit status."""
    command = [sys.executable, str(_DRIVE), "fuzz", target.name, str(work), str(seconds)]
    environment = os.environ | _GIVES_BACK | {"TMPDIR": str(work / "scratch")}  # what it leaves goes with it
    log = work / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
        try:
            process.wait(seconds + _STARTING)
        except subprocess.TimeoutExpired:
            pass
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return log.read_text(errors="replace"), process.returncode


def _record(path: Path) -> _Record:
    return msgspec.json.decode(path.read_bytes(), type=_Record) if path.exists() else _Record()


def look(target: Target, path: Path) -> str:
    """Run one input without the fuzzer; "" if all is well, else what is not."""
    command = [sys.executable, str(_DRIVE), "replay", target.name, str(path)]
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_REPLAY,
            env=os.environ | _GIVES_BACK,
        )
    except subprocess.TimeoutExpired:
        return f"does not end within {_REPLAY} s"
    if done.returncode < 0:
        return f"ended by signal {-done.returncode}"
    lines = (done.stdout + done.stderr if done.returncode != 1 else done.stdout).strip().splitlines()
    return (lines or ["it said nothing"])[-1] if done.returncode else ""


def _keep(path: Path, kept: Path) -> str:
    where = kept / "findings" / path.name
    write(where, path.read_bytes())
    return str(where)


def main() -> int:
    """Run the targets, and print the table as it grows."""
    options = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    options.add_argument("--target", action="append", default=[], help="run only this one; may be given several times")
    options.add_argument("--seconds", type=int, help=f"for each target; by default {ALTOGETHER} for all together")
    options.add_argument("--out", type=Path, help="keep corpora and findings here; by default in the user's cache")
    options.add_argument("--input", type=Path, help="run the target on this file alone, without the fuzzer")
    asked = options.parse_args()
    try:
        targets = [find(name) for name in asked.target] or list(TARGETS)
    except ValueError as error:
        return _refused(str(error))
    if asked.seconds is not None and asked.seconds < 1:
        return _refused("SECONDS is a number of seconds, at least 1")
    if asked.input:
        if len(asked.target) != 1 or not asked.input.is_file():
            return _refused("INPUT is a file that a run has kept, and TARGET the one that it is for")
        wrong = look(targets[0], asked.input)
        print(wrong or "all is well")
        return bool(wrong)
    if importlib.util.find_spec("atheris") is None:
        here = f"{platform.system()} on {platform.machine()} with Python {platform.python_version()}"
        return _refused(f"atheris, the fuzzer, is made for Linux on x86-64 with Python 3.11 to 3.13; this is {here}")
    out = asked.out or platformdirs.user_cache_path("deep-rl-for-beginners", appauthor=False) / "fuzz"
    return _table(targets, out.absolute(), asked.seconds or max(1, ALTOGETHER // len(targets)))


def _table(targets: list[Target], out: Path, seconds: int) -> int:
    print(f"{len(targets)} targets, {seconds} s each; what is found lies in {out}\n\n{HEADING}", flush=True)
    results = []
    try:
        for target in targets:
            results.append(run(target, out, seconds))
            print(results[-1].row(), flush=True)
    except KeyboardInterrupt:
        print(f"interrupted: {len(targets) - len(results)} targets were not run to their end", file=sys.stderr)
    findings = [(result.target, *finding) for result in results for finding in result.findings]
    failed = [result for result in results if result.problem]
    print(f"\n{len(findings)} findings" if findings else "\nNothing was found.")
    for name, why, where in findings:
        print(f"  {name}: {why}\n    make fuzz TARGET={name} INPUT={where}")
    if failed:
        print(f"{len(failed)} targets could not be run")
    return 130 if len(results) < len(targets) else int(bool(findings or failed))


def _refused(why: str) -> int:
    print(f"make fuzz: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
