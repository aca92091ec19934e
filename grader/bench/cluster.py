"""A class on a cluster of Dask's on this machine, beside the same without; and what sixty-four workers would do.

    python -m grader.bench.cluster [--submissions 24] [--lesson 1] [--workers 1 2 4] [--simulated 64]

The class is made of the course's own solutions, of its other right answers and of its known wrong ones, in turn, each
with a comment of its own, without training. It is graded by so many processes of this machine, and then by as many
workers of one thread, each time with an empty cache of what is known about wrong programs. Marks have to be the same.

*Start* is what a cluster costs once in a run: to ask all workers and to send them the course. *Efficiency* is the time
by the clock of the run on this machine, by that of the cluster. More workers than there are processors share these, and
so does everything else on the machine: read the processor time beside it.

*Where the time goes* is for one submission. The caller reads, packs and writes one after the other, whatever the number
of workers; Dask's share is the time of a job that does nothing, there and back.

The simulation gives tasks with the measured times, drawn anew for a larger class, to workers that each do one at a
time. The caller is busy with one task at a time for as long as it was measured, before a task begins and after it ends.
Every worker begins as late as one did here. There is no network in it but this machine's own.
"""

from __future__ import annotations

import argparse
import contextlib
import heapq
import importlib
import json
import os
import pickle
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from grader.bench.whole_class import hand_in
from grader.cluster import packed
from grader.cluster.cluster import Cluster
from grader.cluster.connect import connect
from grader.course import Course, Lesson, find_root, load
from grader.grading.classroom import Options, grade_class
from grader.grading.team import Here, Team
from grader.grading.worker import Event
from grader.report.step import Watcher
from grader.student.isolation import choose
from grader.student.levels import Isolation

_SETTLED_SECONDS = 3.0
_EMPTY_JOBS = 40
_DRAWS = 20


class Taken(NamedTuple):
    """One run: seconds by the clock until all workers had answered, of grading, and of processor time altogether."""

    start: float
    wall: float
    cpu: float


class Shares(NamedTuple):
    """The shares of a run: seconds of each submission at its worker, and for one of them on the caller's side.

    Attributes:
        tasks: at the worker, one each.
        before: reading and packing.
        after: writing the reports, from what came back.
        dask: a job that does nothing, there and back.
        start: from the beginning until a worker is at work.
        sent: bytes of one job.
        received: bytes of what comes back.
    """

    tasks: list[float]
    before: float
    after: float
    dask: float
    start: float
    sent: float
    received: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=24, help="size of the class")
    parser.add_argument("--lesson", default="1", help="handed in by everybody")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], help="numbers of workers")
    parser.add_argument("--simulated", type=int, default=64, help="workers of the simulation")
    arguments = parser.parse_args()
    course, console = load(find_root(Path.cwd())), Console()
    lesson = course.lesson(arguments.lesson)
    table, shares = _measured(course, lesson, arguments.submissions, arguments.workers)
    console.print(f"{arguments.submissions} submissions on lesson {lesson.number}", highlight=False)
    console.print(table)
    console.print()
    console.print(_where(shares))
    console.print()
    console.print(_simulated(shares, arguments.simulated))


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i, heading in enumerate(headings):
        table.add_column(heading, justify="right" if i else "left", no_wrap=True)
    return table


def _measured(course: Course, lesson: Lesson, size: int, numbers: Sequence[int]) -> tuple[Table, Shares]:
    table = _table("", "start, s", "wall, s", "CPU, s", "efficiency")
    shares: Shares | None = None
    with tempfile.TemporaryDirectory() as folder:
        submissions = Path(folder) / "submitted"
        hand_in(course, lesson, submissions, size)
        time.sleep(_SETTLED_SECONDS)
        isolation = choose(hidden=(course.root, submissions))
        grade = _Grader(course, lesson, submissions, Path(folder))
        for number in numbers:
            here = grade.here(isolation, number)
            table.add_row(f"{number} here", "", f"{here.wall:.1f}", f"{here.cpu:.1f}", "")
            there, found = grade.on_cluster(number)
            share = f"{here.wall / there.wall:.0%}"
            table.add_row(
                f"{number} of a cluster", f"{there.start:.1f}", f"{there.wall:.1f}", f"{there.cpu:.1f}", share
            )
            shares = shares or found
    assert shares is not None
    return table, shares


class _Grader:
    """Grades one class in several ways; the marks have to be the same each time."""

    def __init__(self, course: Course, lesson: Lesson, submissions: Path, folder: Path) -> None:
        self._course, self._submissions, self._folder = course, submissions, folder
        self._options = Options(lessons=(lesson.name,), train=False, rehearse=False)
        self._marks: bytes | None = None
        self._runs = 0

    def here(self, isolation: Isolation, number: int) -> Taken:
        """By processes of this machine."""
        with self._fresh() as out, _cpu() as cpu:
            wall = self._grade(Here(isolation, number), out)
        return Taken(0.0, wall, cpu[0])

    def on_cluster(self, number: int) -> tuple[Taken, Shares]:
        """By workers of a cluster that is started for it."""
        with self._fresh() as out, _cpu() as cpu, _dask(number, out.parent) as file:
            client = connect(str(file))
            client.wait_for_workers(number)
            begin = time.monotonic()
            with Cluster(client, self._course, say=_say) as cluster:
                start = time.monotonic() - begin
                team = _Timed(cluster)
                wall = self._grade(team, out)
                shares = team.shares(out, start, _empty(cluster))
        return Taken(start, wall, cpu[0]), shares

    def _grade(self, team: Team, out: Path) -> float:
        begin = time.monotonic()
        grade_class(self._course, self._submissions, out, team, self._options)
        wall = time.monotonic() - begin
        marks = (out / "grades.csv").read_bytes()
        if self._marks not in (None, marks):
            raise SystemExit("other marks than in the first run")
        self._marks = marks
        return wall

    @contextlib.contextmanager
    def _fresh(self) -> Iterator[Path]:
        self._runs += 1
        folder = self._folder / str(self._runs)
        folder.mkdir()
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        yield folder / "report"


class _Timed:
    """A team that notes when jobs are asked for and results come, and how large both are."""

    has_folders = False

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.isolations, self.where, self.slots = cluster.isolations, cluster.where, cluster.slots
        self._before: list[float] = []
        self._after: list[float] = []
        self._sent: list[int] = []
        self._received: list[int] = []
        self._first = 0.0

    def run(
        self,
        jobs: Mapping[str, Callable[..., Any]],
        *,
        hear: Callable[[Event], None] | None = None,
        died: Callable[[str], Any] | None = None,
    ) -> Iterator[tuple[str, Any]]:
        """As the team does."""
        timed = _Jobs(jobs, self._before, self._sent)
        begin = time.monotonic()

        def told(event: Event) -> None:
            # A job says first that it is starting, and next that it has what it needs.
            if event.step is not None and event.step.stage != "starting":
                self._first = self._first or time.monotonic() - begin
            if hear is not None:
                hear(event)

        for name, result in self._cluster.run(timed, hear=told, died=died):
            self._received.append(len(pickle.dumps(result)))
            since = time.monotonic()
            yield name, result
            self._after.append(time.monotonic() - since)

    def shares(self, out: Path, start: float, dask: float) -> Shares:
        """The shares of this run; at the workers, by what their reports say."""
        reports = [json.loads(path.read_bytes()) for path in sorted(out.glob("*/*.json"))]
        tasks = [sum(each["origin"]["stage_seconds"].values()) for each in reports]
        sizes = (statistics.mean(self._sent), statistics.mean(self._received))
        before, after = statistics.mean(self._before), statistics.mean(self._after)
        return Shares(tasks, before, after, dask, start + self._first, *sizes)


class _Jobs(Mapping[str, Callable[..., Any]]):
    """Jobs that note how long it takes to make and to pack each."""

    def __init__(self, jobs: Mapping[str, Callable[..., Any]], seconds: list[float], sizes: list[int]) -> None:
        self._jobs, self._seconds, self._sizes = jobs, seconds, sizes

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[str]:
        return iter(self._jobs)

    def __getitem__(self, name: str) -> Callable[..., Any]:
        begin = time.monotonic()
        job = self._jobs[name]
        self._sizes.append(len(packed.pack(job)))
        self._seconds.append(time.monotonic() - begin)
        return job


def _nothing(place: object, watch: Watcher) -> int:
    return 0


def _empty(cluster: Cluster) -> float:
    """Seconds of a job that does nothing, for a worker that is warm."""
    begin = time.monotonic()
    done = list(cluster.run({str(i): _nothing for i in range(_EMPTY_JOBS)}))
    return (time.monotonic() - begin) * cluster.slots / len(done)


@contextlib.contextmanager
def _cpu() -> Iterator[list[float]]:
    """Processor time of this process and of all that have ended in the body of ``with``."""
    found: list[float] = []
    before = _used()
    yield found
    found.append(_used() - before)


def _used() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


@contextlib.contextmanager
def _dask(number: int, folder: Path) -> Iterator[Path]:
    """A scheduler and workers of one thread, as processes; gives the scheduler's file."""
    file = folder / "scheduler.json"
    dask = [sys.executable, "-P", "-m", "dask"]
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
    worker = [*dask, "worker", "--host", "127.0.0.1", "--nworkers", str(number), "--nthreads", "1", "--no-dashboard"]
    with contextlib.ExitStack() as stack:
        for command in (scheduler, [*worker, "--local-directory", str(folder / "dask")]):
            process = subprocess.Popen(
                [*command, "--scheduler-file", str(file)],
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.send_signal, signal.SIGTERM)
            while not file.exists() and process.poll() is None:
                time.sleep(0.05)
        yield file


def _where(shares: Shares) -> Table:
    table = _table("where the time goes", "each, ms")
    for what, seconds in (
        ("at the worker (median)", statistics.median(shares.tasks)),
        ("at the worker (longest)", max(shares.tasks)),
        ("the caller reads and packs", shares.before),
        ("the caller writes", shares.after),
        ("Dask, there and back", shares.dask),
        ("until a worker is at work, once", shares.start),
    ):
        table.add_row(what, f"{1000 * seconds:,.0f}")
    table.add_row("bytes there, and back", f"{shares.sent:,.0f}, {shares.received:,.0f}")
    return table


def _simulated(shares: Shares, most: int) -> Table:
    table = _table("simulated: students", "workers", "wall, s", "at best, s", "efficiency", "caller busy")
    numbers = [number for number in (1, 4, 16, most) if number <= most]
    for size in (300, 3000):
        for number in dict.fromkeys(numbers):
            drawn = random.Random(f"{size} {number}")
            runs = [simulate(drawn.choices(shares.tasks, k=size), number, shares) for _ in range(_DRAWS)]
            wall, best = (statistics.mean(values) for values in zip(*runs))
            caller = size * (shares.before + shares.after) / wall
            figures = (f"{wall:,.1f}", f"{best:,.1f}", f"{best / wall:.0%}", f"{caller:.0%}")
            table.add_row(f"{size:,}", str(number), *figures)
    return table


def simulate(tasks: Sequence[float], workers: int, shares: Shares) -> tuple[float, float]:
    """The time by the clock of a run with so many workers, and what it would be if nothing but the tasks took time.

    A discrete-event simulation. Jobs are made in order, one more a worker than are being done; a worker takes the next
    one that is made as soon as it is free. The caller makes jobs and takes results, one at a time, results first.

    Args:
        tasks: seconds at a worker.
        workers: how many, each with one task at a time.
        shares: what everything else takes.
    """
    events: list[tuple[float, int, str]] = [(shares.start, i, "free") for i in range(workers)]
    heapq.heapify(events)
    waiting = list(reversed(tasks))
    number, now, left = workers, 0.0, len(tasks)
    made = free = results = under_way = 0
    is_busy = False
    while left:
        now, _, what = heapq.heappop(events)
        if what == "free":
            free += 1
        elif what == "done":
            free, results = free + 1, results + 1
        elif what == "made":
            made, is_busy = made + 1, False
        else:
            left, under_way, is_busy = left - 1, under_way - 1, False
        while made and free:
            made, free, number = made - 1, free - 1, number + 1
            heapq.heappush(events, (now + shares.dask + waiting.pop(), number, "done"))
        if not is_busy and results:
            results, is_busy, number = results - 1, True, number + 1
            heapq.heappush(events, (now + shares.after, number, "written"))
        elif not is_busy and under_way < 2 * workers and under_way + (len(tasks) - left) < len(tasks):
            under_way, is_busy, number = under_way + 1, True, number + 1
            heapq.heappush(events, (now + shares.before, number, "made"))
    return now, max(sum(tasks) / workers, *tasks)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    # Jobs travel by the names of their functions, and nothing elsewhere is called __main__ as this is here.
    importlib.import_module("grader.bench.cluster").main()
