"""The course, its lessons and their exercises as frozen objects."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from grader.course import salt
from grader.course.names import lesson_number, lessons_called
from grader.errors import CourseError
from grader.printable import one_line
from grader.student.limits import Limits, Seconds


class Exercise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that a student writes.

    Attributes:
        name: the function, class or method, as a student calls it (``ReplayBuffer.sample``).
        points: what its properties are worth together.
        hints: from a nudge to nearly the answer; the first is shown where nothing is written yet, and with a failing
            property that has no hint. They stand in a file of the lesson's own (``Course.hints``).
        needs: exercises of the same lesson that this one's code calls. Where one of them fails, a law of this one that
            does not hold is skipped.
    """

    name: str
    points: float
    hints: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


_IN_WHICH = {
    "signs": "nothing but the rewards says what is right",
    "corridor": "every episode is cut off after one step",
}


def _in_letters(number: int) -> str:
    """The number as a text has it: in letters where it is small."""
    return {2: "two", 3: "three", 4: "four", 5: "five"}.get(number, str(number))


class TrainingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rule of a training check: what is trained, and what shows that it has learnt.

    Attributes:
        exercise: the function that trains; it is worth ``points`` by this check alone.
        environment: a Gymnasium id.
        environments: copies that one vector environment steps at once.
        threshold: the mean undiscounted return that a seed must reach.
        episodes: evaluation episodes a seed, on fresh seeds.
        seeds: training runs at most.
        passes: how many of them must reach the threshold.
        max_steps: the budget of one run, in environment steps summed over the copies.
        cpu_seconds: the budget of one run in processor time of the student's process.
        episode_steps: a time limit for episodes of an environment that has none.
        control_steps: the budget for the small task that comes first, at each try; 0 leaves it out.
        control_tries: how many such tasks are given; one of them has to be learnt.
        control: which small task: ``signs`` for vector environments (``grader.training.signs``), ``corridor`` for
            tabular ones (``grader.training.corridor``).
        ladder: the tiny environments that say which part of ``train`` is wrong if it fails
            (``grader.training.ladders``); "" for none.
        needs: exercises whose properties must pass before the check is run.
        hints: as those of an exercise.
    """

    exercise: str
    points: float
    environment: str
    threshold: float
    max_steps: int
    environments: int = 1
    episodes: int = 100
    seeds: int = 5
    passes: int = 3
    cpu_seconds: Seconds = 60.0
    episode_steps: int | None = None
    control_steps: int = 0
    control_tries: int = 3
    control: Literal["signs", "corridor"] = "signs"
    ladder: Literal["", "Q-learning", "deep Q-learning", "policy gradients", "actor-critic", "PPO"] = ""
    needs: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    def in_words(self) -> str:
        """The rule as one sentence, used in the report and in the lesson text."""
        words = (
            f"At least {self.passes} of {self.seeds} training runs must end with a policy whose mean return over "
            f"{self.episodes} fresh episodes of {self.environment} is {self.threshold:g} or more. Each run may take "
            f"{self.max_steps:,} environment steps."
        )
        if self.episode_steps:
            words += f" An episode is cut off after {self.episode_steps:,} steps."
        if self.control_steps:
            words += (
                f" Before these runs, `{self.exercise}` has to learn a small task, in which {_IN_WHICH[self.control]}. "
                f"It may try {self._tries}."
            )
        return words

    @property
    def _tries(self) -> str:
        """The number of tries at the small task, in words, and the steps of each."""
        steps = f"{self.control_steps:,} steps"
        if self.control_tries == 1:
            return f"once, with {steps}"
        return f"{_in_letters(self.control_tries)} times, with {steps} each time, and has to succeed once"

    @property
    def best_of_tries(self) -> str:
        """Words that end a clause about the best of the small tasks, "" if there is only one."""
        best = {1: "", 2: ", at the better of two tries"}
        return best.get(self.control_tries, f", at the best of {_in_letters(self.control_tries)} tries")

    def within(self, limits: Limits) -> Limits:
        """The limits of one training run, derived from the course's limits for properties.

        By the clock it is several times as long: the machine may be busy, and the environment's share counts too.
        """
        return msgspec.structs.replace(limits, cpu_seconds=self.cpu_seconds, call_seconds=5 * self.cpu_seconds)


_A_WEEK = 7 * 24 * 60
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]


class LateRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rule for work that is handed in after its deadline. See ``grader.ledger``.

    Attributes:
        percent_per_day: of the lesson's points, taken off for every day that has begun after the deadline.
        at_most: percent that are taken off however late it is.
        grace_minutes: what comes within them is in time; what comes later is late from the deadline on.
    """

    percent_per_day: Percent
    at_most: Percent = 100.0
    grace_minutes: Annotated[float, msgspec.Meta(ge=0, le=_A_WEEK)] = 0.0


class GradeGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of lessons in the grade of the term. See ``grader.report.grade``.

    Attributes:
        name: as students read it.
        lessons: their names; a lesson belongs to one group at most.
        weight: how much the group counts beside the others.
        drop_lowest: how many lessons, those with the lowest marks, do not count.
    """

    name: str
    lessons: tuple[str, ...]
    weight: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    drop_lowest: Annotated[int, msgspec.Meta(ge=0)] = 0


class Lesson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One lesson: the same name in exercises/, solutions/ and tests/.

    Attributes:
        due: the deadline, with its time zone; None where course.yml gives none. See ``grader.report.due``.
        late: the rule for what comes later, if it is not the course's.
    """

    name: str
    title: str
    exercises: tuple[Exercise, ...]
    imports: tuple[str, ...] = ()
    training: TrainingRule | None = None
    due: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    late: LateRule | None = None

    @property
    def number(self) -> int:
        """The lesson's number, read from its name."""
        return lesson_number(self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that a student defines: the exercises, and the function that the training check trains with."""
        return (*(exercise.name for exercise in self.exercises), *([self.training.exercise] if self.training else []))

    @property
    def max_points(self) -> float:
        """Points of all exercises and of the training check."""
        return sum(e.points for e in self.exercises) + (self.training.points if self.training else 0.0)

    def exercise(self, name: str) -> Exercise:
        """The exercise named ``name``; KeyError if there is none."""
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        raise KeyError(name)

    def with_hints(self, hints: Mapping[str, tuple[str, ...]]) -> Lesson:
        """Return the lesson with these hints in place of its own, by exercise name."""
        exercises = tuple(msgspec.structs.replace(each, hints=hints.get(each.name, ())) for each in self.exercises)
        rule = self.training
        if rule is not None:
            rule = msgspec.structs.replace(rule, hints=hints.get(rule.exercise, ()))
        return msgspec.structs.replace(self, exercises=exercises, training=rule)


class Course(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole course.

    Attributes:
        lessons: in the order in which they are done.
        salt: what every random choice of the grader is derived from; it is public, and a copy for students has none.
        class_salt: the one of a class, which comes before it and never stands in course.yml (``grader.course.salt``).
        carry_forward: whether the reference stands in for an earlier lesson that has not passed: always, never, or
            only for lessons that are closed (see ``may_stand_in``).
        sample_class: the lessons that ``grader demo`` has handed in; all where it is empty.
        late: the rule for work that is handed in after its deadline; None takes nothing off.
        free_late_days: days late that cost a student nothing, in the whole term.
        grade: the groups of lessons that the grade of the term is made of; without any there is a sum of points alone.
    """

    title: str
    lessons: tuple[Lesson, ...]
    salt: str = ""
    class_salt: str = ""
    sample_class: tuple[str, ...] = ()
    carry_forward: bool | Literal["closed"] = "closed"
    limits: Limits = Limits()
    late: LateRule | None = None
    free_late_days: Annotated[int, msgspec.Meta(ge=0)] = 0
    grade: tuple[GradeGroup, ...] = ()
    root: Path = Path()

    def lesson(self, wanted: str) -> Lesson:
        """The lesson with that number, name, or beginning of a name.

        Raises:
            CourseError: there is none, or more than one.
        """
        names = [lesson.name for lesson in self.lessons]
        found = lessons_called(wanted, names)
        if len(found) != 1:
            raise CourseError(f"no single lesson is called {wanted!r}; choose one of: {', '.join(found or names)}")
        return self.lessons[names.index(found[0])]

    def needs(self, lesson: Lesson) -> tuple[Lesson, ...]:
        """The earlier lessons that a lesson needs: those it imports, and those that these import.

        Returns:
            In the order of the course, so that each stands after those that it needs itself.
        """
        names = set(lesson.imports)
        for earlier in reversed(self.lessons):  # a lesson imports earlier ones only
            if earlier.name in names:
                names |= set(earlier.imports)
        return tuple(earlier for earlier in self.lessons if earlier.name in names)

    @property
    def has_dates(self) -> bool:
        """Whether at least one lesson has a deadline, so that a lesson without one is not due yet."""
        return any(lesson.due for lesson in self.lessons)

    def may_stand_in(self, lesson: Lesson, now: datetime | None = None) -> bool:
        """Whether the reference may take the place of a student's work on a lesson, in a later one that imports it.

        Student code can read what it imports, and print it into its report. So the reference of a lesson that is still
        open stays away: one whose deadline has not passed, or that has none in a course in which others have. Where no
        lesson has a deadline, nothing says that one is open.

        Args:
            lesson: the earlier lesson.
            now: the time by which a deadline has passed; by default the present.
        """
        if self.carry_forward != "closed":
            return self.carry_forward
        if lesson.due is None:
            return not self.has_dates
        return lesson.due <= (now or datetime.now(UTC))

    def late_rule(self, lesson: Lesson) -> LateRule | None:
        """The rule that takes points off for a lesson that is handed in late; None if nothing does."""
        rule = lesson.late or self.late
        return rule if rule is not None and lesson.due is not None and rule.percent_per_day and rule.at_most else None

    def stub(self, lesson: Lesson) -> Path:
        """The file that a student fills in."""
        return self.root / "exercises" / f"{lesson.name}.py"

    def shown(self, path: Path) -> str:
        """A path as a user of the course types it: from the course's folder on, if it is in there. On one line."""
        return one_line(str(path.relative_to(self.root) if path.is_relative_to(self.root) else path))

    def hints(self, lesson: Lesson) -> Path:
        """The file with the hints of the lesson's exercises."""
        return self.stub(lesson).with_suffix(".yml")

    def solution(self, lesson: Lesson) -> Path:
        """The reference solution, from which the stub is made."""
        return self.root / "solutions" / f"{lesson.name}.py"

    def references(self, lesson: Lesson) -> dict[str, str]:
        """The reference solutions of the earlier lessons that a lesson needs, by module name."""
        return {each.name: self.solution(each).read_text(encoding="utf-8") for each in self.needs(lesson)}

    def tests(self, lesson: Lesson) -> Path:
        """The folder of the lesson's hidden properties, wheats and chaffs."""
        return self.root / "tests" / lesson.name

    def calibration(self, lesson: Lesson) -> Path:
        """The file that says what the lesson's reference did in many training runs; `grader calibrate` writes it."""
        return self.tests(lesson) / "calibration.yml"

    def released_calibration(self, lesson: Lesson) -> Path:
        """The same in a copy for students, which has no tests."""
        return self.released(lesson).with_name(f"{lesson.name}.calibration.yml")

    def released(self, lesson: Lesson) -> Path:
        """The stub as handed out, kept in a copy for students to tell whether a lesson has been started."""
        return self.root / "grader" / "released" / f"{lesson.name}.py"

    def has_properties(self, lesson: Lesson) -> bool:
        """Whether the hidden properties are here; a copy for students has none."""
        return any(self.tests(lesson).glob("test_*.py"))

    @property
    def effective_salt(self) -> str:
        """The salt that counts: that of the environment, else that of the class, else the public one."""
        return salt.in_environment() or self.class_salt or self.salt

    @property
    def is_salted(self) -> bool:
        """Whether a salt counts that is not the public one."""
        return bool(salt.in_environment() or self.class_salt)

    @property
    def salt_print(self) -> str:
        """A short name of the salt by which it is known again, "" for the public one."""
        return f"{self.secret('print') % 2**32:08x}" if self.is_salted else ""

    @property
    def salt_file(self) -> Path:
        """The file that holds the salt of the class."""
        return self.root / salt.FILE

    def of_class(self, *, make: bool = False) -> Course:
        """The course with the salt of its class, if one is kept here; with ``make`` it is drawn if there is none.

        Raises:
            CourseError: it cannot be read or written.
        """
        return msgspec.structs.replace(self, class_salt=(salt.make if make else salt.read)(self.root))

    def secret(self, *purpose: object) -> int:
        """A 64-bit number for one purpose, the same at every run of this course and unknown without its salt."""
        key = salt.stretched(self.effective_salt) if self.is_salted else self.salt
        digest = hashlib.sha256("\x1f".join([key, *map(str, purpose)]).encode()).digest()
        return int.from_bytes(digest[:8], "big")

    def key(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose; a ``secret`` has 8, which is little for what is used for years."""
        return b"".join(self.secret(purpose, i).to_bytes(8, "big") for i in range(4))
