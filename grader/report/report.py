"""Pure data with one JSON form: the report that grading makes and everything else reads.

A report holds no opinion on how it is shown. Everything that depends on the clock stands in fields called
``seconds``, so that two reports of the same work can be compared by leaving these out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from grader.report.band import Band
from grader.report.film import Film
from grader.report.numbers import Whole
from grader.report.probe import ProbeResult

Verdict = Literal["pass", "fail", "skip", "error"]
"""``skip``: judged nothing, because something it needs failed. ``error``: the grader's own fault, not the student's."""

Status = Literal["graded", "not started", "missing", "unreadable", "error"]
"""What became of a submission as a whole; all but ``graded`` come with a ``message`` that says why."""


class Isolation(msgspec.Struct, frozen=True, omit_defaults=False):
    """The isolation under which the student's code ran.

    Attributes:
        level: the strongest first: ``strong``, ``embedded``, ``process only``, ``in this process``.
        parts: what the walls are made of, such as ``bubblewrap`` or ``Landlock``.
    """

    level: str
    parts: tuple[str, ...] = ()


class Misconception(msgspec.Struct, frozen=True, omit_defaults=False):
    """A known wrong program that does what the student's does.

    Attributes:
        name: the chaff's name, unique within its lesson.
        says: ends the sentence "your code behaves exactly like one that ...".
        everywhere: in all that was asked about the exercise; otherwise in all that was asked about this property.
    """

    name: str
    says: str
    everywhere: bool = True


class Counterexample(msgspec.Struct, frozen=True, omit_defaults=False):
    """Python that reproduces the smallest failing case.

    Attributes:
        imports: the lines that import what the code uses from elsewhere; an empty line parts groups.
        module: the module of the lesson.
        names: what the code uses of that module.
        code: the code below the imports.
    """

    imports: tuple[str, ...]
    module: str
    names: tuple[str, ...]
    code: str


class Hint(msgspec.Struct, frozen=True, omit_defaults=False):
    """One of an exercise's hints, from a nudge to nearly the answer.

    Attributes:
        exercise: the exercise.
        number: which hint it is, from 1; 0 if the exercise has none.
        of: how many it has.
        text: the hint.
    """

    exercise: str
    number: Whole
    of: Whole
    text: str


class PropertyResult(msgspec.Struct, frozen=True, omit_defaults=False):
    """One hidden property and what became of it.

    Attributes:
        name: the test's name, unique within its lesson.
        exercise: the exercise that it judges.
        says: the law, as the student reads it.
        verdict: see ``Verdict``.
        points: what it earned, of ``max_points``.
        written: whether the exercise is more than what the stub had; if not, there is nothing that came back.
        counterexample: the smallest failing case.
        got: what came back.
        needed: what the property needs instead; for ``skip``, what has to pass first.
        misconception: the one that behaves exactly like this code.
        hint: the next thing to try.
        printed: what the student's code printed during the failing case.
        trace: the way to an exception, from the student's first line on, where it leads through more than one.
    """

    name: str
    exercise: str
    says: str
    verdict: Verdict
    points: float
    max_points: float
    written: bool = True
    counterexample: Counterexample | None = None
    got: str = ""
    needed: str = ""
    misconception: Misconception | None = None
    hint: str = ""
    printed: str = ""
    trace: str = ""


class TrainingSeed(msgspec.Struct, frozen=True):
    """One training run.

    Attributes:
        seed: what ``train`` was given.
        verdict: whether the mean of ``returns`` reaches the threshold.
        mean_return: of the evaluation episodes; None where there was nothing to evaluate.
        returns: the undiscounted return of every evaluation episode.
        steps: environment steps that training took, as the grader's meter counted them.
        episodes: training episodes that ended.
        curve: (steps, mean return of the training episodes that ended since the last point).
        message: why there is no policy to evaluate, where there is none.
        written: whether ``train`` is more than what the stub had.
        seconds: processor time of the student's process.
        films: episodes of this run; of a whole check, one run has them (``grader.training.film``).
    """

    seed: Whole
    verdict: Verdict
    steps: Whole
    episodes: Whole
    mean_return: float | None = None
    returns: tuple[float, ...] = ()
    curve: tuple[tuple[Whole, float], ...] = ()
    message: str = ""
    written: bool = True
    seconds: float = 0.0
    films: tuple[Film, ...] = ()


class TrainingResult(msgspec.Struct, frozen=True):
    """The training check of a lesson: the rule in words, the verdict, and every seed that was run.

    Attributes:
        control: the run on the small task that comes first, where the rule asks for one; the best of its tries.
        small_task: that task in a sentence; "" if the rule asks for none.
        band: the learning curves of the reference solution, if they were measured.
        runs: how many the rule allows; 0 in reports that were made before this was kept.
        passes: how many of them have to reach the threshold.
        probe: which part of ``train`` is wrong, where it gave policies that do not reach the bar.
    """

    exercise: str
    rule: str
    threshold: float
    max_steps: Whole
    verdict: Verdict
    points: float
    max_points: float
    device: str
    seeds: tuple[TrainingSeed, ...] = ()
    message: str = ""
    hint: str = ""
    control: TrainingSeed | None = None
    runs: Whole = 0
    passes: Whole = 0
    small_task: str = ""
    band: Band | None = None
    probe: ProbeResult | None = None

    @property
    def every_run(self) -> tuple[TrainingSeed, ...]:
        """The runs that were made: that on the small task, then the long ones."""
        return (*((self.control,) if self.control else ()), *self.seeds)

    @property
    def is_written(self) -> bool:
        """Whether there is more to train than what the stub had."""
        return all(run.written for run in self.every_run)


def points_of(verdict: Verdict, share: float) -> float:
    """The points that a property earns: its whole share of the exercise's points if it passes, else none.

    A property that is skipped counts zero, like one that failed: it judged nothing because something that it needs is
    not right, and points are for what was shown to be right.
    """
    return round(share, 4) if verdict == "pass" else 0.0


def exercise_scores(properties: Iterable[PropertyResult]) -> dict[str, tuple[float, float]]:
    """Points earned and points possible per exercise, in the order of the properties.

    Properties carry four decimals of their share, so the shares of an exercise may add up to a little more or less than
    its points; whoever has all of them has the points.
    """
    results: dict[str, list[PropertyResult]] = {}
    for result in properties:
        results.setdefault(result.exercise, []).append(result)
    scores = {}
    for exercise, own in results.items():
        possible = round(sum(result.max_points for result in own), 2)
        earned = round(sum(result.points for result in own), 4)
        full = all(result.verdict == "pass" for result in own)
        scores[exercise] = (possible if full else min(earned, possible), possible)
    return scores


class Origin(msgspec.Struct, frozen=True):
    """All that a report was made from: enough to make it again, and to see why another one differs.

    Attributes:
        made_at: when grading began, in UTC, as ISO 8601 has it.
        file: the file that was read, by its way from the student's folder; "" if there was none.
        file_sha256: of its bytes, in hexadecimal; "" if they could not be read.
        judged: by module, SHA-256 of the text that was judged: of this lesson, and of those that it imports.
        tests: SHA-256 of the lesson's hidden tests, with its known misconceptions.
        grader: SHA-256 of the grader's own code.
        versions: of the grader, of Python, and of the libraries that a verdict depends on.
        machine: system and processor.
        stage_seconds: wall-clock time by stage.
        parts: the beginnings of hashes, by name, of what all reports of a run on this lesson depend on: enough to see
            which of them is another one now (``grader.grading.digest.short``).
    """

    made_at: str
    file: str
    file_sha256: str
    judged: dict[str, str]
    tests: str
    grader: str
    versions: dict[str, str]
    machine: str
    stage_seconds: dict[str, float] = {}
    parts: dict[str, str] = {}


class Report(msgspec.Struct, frozen=True):
    """One student's work on one lesson.

    Attributes:
        isolation: the walls that were reached; None where nothing was run.
        notes: what the reader should know that costs no marks (skipped cells, a reference put in an import's place).
        public: whether the lesson's public examples were asked in the place of its hidden properties. Points then count
            examples, and are no marks.
        incomplete: whether the grader failed to find out something on which no mark depends, as a note says. The report
            is made again at the next run.
        held: why this is still the report of an earlier run: what went wrong when the grader judged again what is there
            now; "" for a report of this run. It is made again at the next one.
        digest: of all that the report depends on; a run that would make the same report again can keep this one.
        folder_state: a mark of what lay in the student's folder then; while it fits, the work is not read again. It is
            "" where nothing is known of it.
        origin: what it was made from; None where nobody asked, as when a learner checks.
        seal: shows that the grader made the report and nobody has changed it; see ``grader.report.seal``.
        seconds: wall-clock time that grading took.
    """

    student: str
    lesson: str
    title: str
    status: Status
    score: float
    max_score: float
    isolation: Isolation | None
    device: str
    properties: tuple[PropertyResult, ...] = ()
    training: TrainingResult | None = None
    message: str = ""
    notes: tuple[str, ...] = ()
    public: bool = False
    incomplete: bool = False
    held: str = ""
    digest: str = ""
    folder_state: str = ""
    origin: Origin | None = None
    seal: str = ""
    seconds: float = 0.0

    @property
    def has_error(self) -> bool:
        """Whether the grader itself failed somewhere: such marks are not to be used."""
        training = self.training is not None and self.training.verdict == "error"
        return self.status == "error" or training or any(p.verdict == "error" for p in self.properties)

    def to_json(self) -> bytes:
        """The report as indented JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @staticmethod
    def from_json(text: bytes) -> Report:
        """Read a report back.

        Raises:
            msgspec.DecodeError, msgspec.ValidationError: it is not one.
        """
        return msgspec.json.decode(text, type=Report)


_TIMES = ("seconds", "folder_state", "made_at", "stage_seconds")


def without_times(value: Any) -> Any:
    """A report's JSON data without its clock readings, and those of its files: equal for equal work."""
    if isinstance(value, dict):
        return {key: without_times(item) for key, item in value.items() if key not in _TIMES}
    if isinstance(value, list):
        return [without_times(item) for item in value]
    return value
