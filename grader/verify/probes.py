"""The probe ladder, measured: right answers pass every rung, and each slip in ``train`` is blamed on the right one.

A lesson's ``slips.yml`` lists mistakes in the loop that its properties cannot see, each with the rung that has to be
blamed. Every program climbs the ladder some times, each time with numbers and draws of its own.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.lessons import chaffs as known
from grader.report.probe import ProbeResult
from grader.training import odds
from grader.training.climb import MOST_RUNS
from grader.training.ladders import LADDERS
from grader.verify.only import named

if TYPE_CHECKING:
    from grader.report.step import Watcher
    from grader.student.places import Place

NONE = "no rung"
"""The entry for a climb that ends at the top."""


@dataclass(frozen=True)
class Program:
    """A program that climbs.

    Attributes:
        name: in tables.
        source: the module.
        rung: the rung that has to be blamed, "" for none; None for right answers, which have to pass.
    """

    name: str
    source: str
    rung: str | None = None


@dataclass(frozen=True)
class ProbeRow:
    """The climbs of one program.

    Attributes:
        name: of the program.
        rung: see ``Program``.
        blamed: how often each rung was blamed; ``NONE`` for climbs to the top.
        seconds: processor time of the longest climb.
    """

    name: str
    rung: str | None
    blamed: Mapping[str, int]
    seconds: float

    @property
    def good(self) -> bool:
        """Whether most climbs end where they should: all, for right answers."""
        climbs = sum(self.blamed.values())
        if self.rung is None:
            return self.blamed.get(NONE, 0) == climbs
        return self.rung != "" and 2 * self.blamed.get(self.rung, 0) > climbs


def programs(course: Course, lesson: Lesson, *, slips: bool, right: bool, only: Sequence[str] = ()) -> list[Program]:
    """The lesson's right answers, its slips, or both; of certain names only, where there are any.

    Raises:
        CourseError: the lesson has no ladder, a slip names no rung of it, or there is no program of such a name.
    """
    rule = lesson.training
    if rule is None or not rule.ladder:
        raise CourseError(f"{lesson.name} has no probe ladder: name one in its training, `ladder: deep Q-learning`")
    solution = course.solution(lesson).read_text(encoding="utf-8")
    found = []
    if right:
        found = [Program("the reference", solution)]
        found += [Program(f"wheat {name}", source) for name, source in known.wheats(course, lesson).items()]
    names = {rung.name for stage in LADDERS[rule.ladder] for rung in stage.rungs}
    for slip in known.slips(course, lesson) if slips else ():
        if slip.rung and slip.rung not in names:
            raise CourseError(f"tests/{lesson.name}/slips.yml: {slip.name}: the ladder has no rung {slip.rung!r}")
        found.append(Program(slip.name, slip.source(solution), slip.rung))
    return named(found, only, lambda program: program.name.removeprefix("wheat "), lesson.name)


def run(course: Course, lesson: Lesson, program: Program, i: int, place: Place, watch: Watcher) -> ProbeResult:
    """One climb, number ``i`` of a program."""
    from grader.grading.trainee import Trainee
    from grader.verify.judge import sources

    texts = sources(course, lesson, program.source)
    found = Trainee(course, lesson, texts, place, watch, submission=f"climb {i}").climb()
    assert found is not None, "nothing ends the time of the course's own programs"
    return found


def jobs(
    course: Course, lesson: Lesson, climbing: Sequence[Program], climbs: int
) -> dict[str, Callable[..., ProbeResult]]:
    """The jobs: every program, so many times."""
    return {
        f"{program.name}, climb {i + 1}": functools.partial(run, course, lesson, program, i)
        for program in climbing
        for i in range(climbs)
    }


def rows(climbing: Sequence[Program], climbs: int, results: Mapping[str, ProbeResult]) -> list[ProbeRow]:
    """The results, one row per program."""
    return [_row(program, [results[f"{program.name}, climb {i + 1}"] for i in range(climbs)]) for program in climbing]


def _row(program: Program, results: Sequence[ProbeResult]) -> ProbeRow:
    blamed: Counter[str] = Counter()
    for result in results:
        name = result.failed.name if result.failed else NONE
        blamed["an error" if result.verdict == "error" else name] += 1
    return ProbeRow(program.name, program.rung, blamed, max(result.seconds for result in results))


def in_words(rows: Sequence[ProbeRow], results: Mapping[str, ProbeResult]) -> list[str]:
    """The rows summed up: how many slips are blamed rightly, and how often a right answer would be blamed."""
    lines = []
    slips = [row for row in rows if row.rung is not None]
    if slips:
        good = sum(row.good for row in slips)
        wrong = sum(row.blamed.get(row.rung or NONE, 0) for row in slips)
        climbs = sum(sum(row.blamed.values()) for row in slips)
        lines.append(
            f"{good} of {len(slips)} slips ({100 * good / len(slips):.0f} %) are blamed on the right rung; "
            f"{wrong} of {climbs} climbs end there"
        )
    if right := [row for row in rows if row.rung is None]:
        climbs = sum(sum(row.blamed.values()) for row in right)
        passed = sum(row.blamed.get(NONE, 0) for row in right)
        names = {row.name for row in right}
        own = [result for name, result in results.items() if name.rpartition(", climb ")[0] in names]
        failures = max((sum(result.rungs[i].failed for result in own) for i in range(len(own[0].rungs))), default=0)
        rate = odds.upper_bound(failures, climbs, 1 - odds.SURE)
        needed = MOST_RUNS // 2 + 1
        chance = odds.at_least(needed, MOST_RUNS, rate)
        lines.append(
            f"{passed} of {climbs} climbs of right answers come to the top; no rung failed in more than {failures} of "
            f"their runs, so one that is right is blamed for it in fewer than 1 of {odds.one_in(chance):,} climbs "
            f"({100 * odds.SURE:.0f} % sure, for one rung)"
        )
    return lines


def is_good(rows: Sequence[ProbeRow]) -> bool:
    """Whether no right answer is blamed, and nine of ten slips are blamed rightly."""
    slips = [row.good for row in rows if row.rung is not None]
    return all(row.good for row in rows if row.rung is None) and 10 * sum(slips) >= 9 * len(slips)
