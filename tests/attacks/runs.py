"""One class, one level, one user: graded with the command that an instructor types, and looked at afterwards."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import lessons
from canaries import Run, fires, has_trained, stops, unescaped
from catalogue import Attack
from stage import FRIEND, Cast, Stage

from grader.student.levels import Level

ROOT = Path(__file__).parents[2]
LEVELS: tuple[Level, ...] = ("strong", "embedded")
OPEN = "process only"
"""The level at which nothing but limits is left of the wall: where most controls have to fire."""

SECONDS = 2 * 3600
"""Of one class, far more than it takes: a machine that is busy is no attack that has reached its goal."""
State = Literal["held", "reached", "not run"]


@dataclass(frozen=True)
class Result:
    """What became of an attack at a level; ``why`` says it in words where the goal was reached."""

    attack: str
    level: str
    state: State
    why: str = ""


@dataclass(frozen=True)
class Controlled:
    """Whether the canary of an attack was shown to work, and how; without ``counts`` it could not be tried here."""

    attack: str
    fired: bool
    how: str
    counts: bool = True


def graded(stage: Stage, level: str, calm: dict[str, Any] | None, *, jobs: int) -> Run:
    """Grade a stage's class as an instructor does, and export its marks where an attack is about tables."""
    grader = [sys.executable, "-c", _GRADER]
    commands = [
        ["grade", str(stage.submissions), "--out", str(stage.out), "--isolation", level, "--no-rehearsal",
         "--due", lessons.TRAINING, "--jobs", str(jobs), *(["--unsafe"] if level == OPEN else [])],
        ["export", "csv", str(stage.out), "--out", str(stage.top / "exports" / "marks.csv"),
         "--lesson", lessons.LESSON, "--lesson", lessons.TRAINING],
    ]  # fmt: skip
    (stage.top / "exports").mkdir(exist_ok=True)
    said, status = "", 0
    if not any(cast.attack.canary == "cell" for cast in stage.cast):
        commands.pop()
    for command in commands:
        # The descriptor of a file with a secret is handed on to the grader, as a shell's redirection does it.
        with (stage.top / "descriptor").open("rb") as open_file:
            try:
                done = subprocess.run(
                    [*grader, *command], cwd=stage.course, env=stage.environment(), timeout=SECONDS, check=False,
                    capture_output=True, pass_fds=[open_file.fileno()], stdin=subprocess.DEVNULL,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return Run(stage, -1, "", calm)
        said += done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
        status = status or done.returncode
    return Run(stage, status, said, calm)


_GRADER = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from grader.cli import main; main()"


def calm_report() -> dict[str, Any]:
    """The report of an honest student whom nobody attacks, made in this process: no level changes a verdict.

    Raises:
        RuntimeError: it has not full marks.
    """
    from grader.course import load
    from grader.grading.grade import grade
    from grader.student.inprocess import Here
    from grader.submissions.read import Submission
    from grader.submissions.work import Work

    stage = Stage([], open_wall=False)
    try:
        course = load(stage.course)
        report = grade(course, Work(FRIEND, course.lessons[0], Submission(lessons.NUMBERS)), Here())
    finally:
        stage.close()
    if report.score != report.max_score:
        raise RuntimeError(f"the course that is attacked is not right itself: {report}")
    return json.loads(report.to_json())  # type: ignore[no-any-return]


def attacked(
    attacks: Sequence[Attack], level: str, calm: dict[str, Any], *, jobs: int
) -> Iterator[Result | Controlled]:
    """Hand all attacks in at once; the result of each, and of the controls that the same run shows."""
    stage = Stage(list(attacks), open_wall=False)
    try:
        run = graded(stage, level, calm, jobs=jobs)
        if run.status:
            yield Result("the run", level, "reached", f"exit status {run.status}: {run.said[-2000:]}")
        for cast in stage.cast:
            stopped = stops(run, cast)
            reached = fires(run, cast)
            why = stopped or (f"its canary: {cast.attack.canary}" if reached else "")
            yield Result(cast.attack.name, level, "reached" if why else "held", why)
            if (shown := _shown(run, cast)) is not None:
                yield shown
    finally:
        stage.close()


def _shown(run: Run, cast: Cast) -> Controlled | None:
    """The controls that need no second run: that the attack got as far as the wall, or that marks can be had."""
    how = cast.attack.control
    report = run.report(cast.student, cast.attack.lesson)
    if how.startswith("says "):
        parts = [report.get(part) for part in ("message", "notes", "properties", "training")]
        said = json.dumps(parts, ensure_ascii=False)
        # And where training is to be passed without learning: it can be passed at all.
        if cast.attack.canary == "trained" and not has_trained(run.report(FRIEND, lessons.TRAINING)):
            return Controlled(cast.attack.name, False, "an honest learner has not passed")
        return Controlled(
            cast.attack.name, re.search(how.removeprefix("says "), said) is not None, "its report says so"
        )
    if how == "unescaped":
        return Controlled(cast.attack.name, unescaped(run, cast), "the report's words in a page without escaping")
    if how == "right-answer":
        score = run.report(cast.mate, lessons.LESSON).get("score", 0)
        return Controlled(cast.attack.name, score > 0, "a right answer has points")
    return None


def controlled(attacks: Sequence[Attack], calm: dict[str, Any], *, jobs: int) -> Iterator[Controlled]:
    """Hand the attacks in where there is no wall: at the level without one, and to a grader that imports them."""
    root = os.geteuid() == 0
    chosen = [each for each in attacks if each.control.startswith(OPEN)]
    by_root = [each for each in chosen if ", as root" in each.control and not root]
    stage = Stage([each for each in chosen if each not in by_root], open_wall=True)
    try:
        run = graded(stage, OPEN, None, jobs=jobs)
        for cast in stage.cast:
            fired = fires(run, cast)
            # What this kernel, or its settings, refuse to everybody says nothing about the wall.
            counts = fired or not cast.attack.control.endswith("if the kernel lets anybody")
            yield Controlled(cast.attack.name, fired, "without a wall", counts)
    finally:
        stage.close()
    for each in by_root:
        yield Controlled(each.name, False, "only root can", counts=False)
    yield from _naively([each for each in attacks if each.control == "naive"])


def _naively(attacks: Sequence[Attack]) -> Iterator[Controlled]:
    stage = Stage(list(attacks), open_wall=True)
    try:
        jobs = stage.top / "jobs.json"
        handed_in = stage.submissions
        lines = [
            [cast.attack.name, str(handed_in / cast.student), cast.attack.lesson, str(handed_in / cast.mate)]
            for cast in stage.cast
        ]
        jobs.write_text(json.dumps(lines))
        with (stage.top / "descriptor").open("rb") as open_file:
            command = [sys.executable, str(Path(__file__).with_name("naive.py")), str(jobs)]
            done = subprocess.run(
                command, cwd=stage.top, env=stage.environment(), pass_fds=[open_file.fileno()], timeout=SECONDS,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        found = {each["name"]: each for each in map(json.loads, done.stdout.splitlines())}
        for cast in stage.cast:
            made = found.get(cast.attack.name, {"points": 0, "mate": 1, "printed": done.stderr})
            yield Controlled(cast.attack.name, _fires_naively(stage, cast, made), "a grader that imports submissions")
    finally:
        stage.close()


def _fires_naively(stage: Stage, cast: Cast, made: dict[str, Any]) -> bool:
    """The canary, where a grader without a wall has graded the attacker."""
    match cast.attack.canary:
        case "points" | "trained":
            return bool(made["points"] > 0)
        case "secret":
            return any(secret in made["printed"] for secret in stage.secrets.values())
        case "again":
            return cast.token in made["printed"]
        case "stopped" | "name":
            return not made["mate"]
        case _:
            return fires(Run(stage, 0, "", None), cast)
