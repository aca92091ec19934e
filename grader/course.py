"""The course as data: course.yml becomes frozen objects, and a mistake in it becomes one line that names the line."""

from __future__ import annotations

import hashlib
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from grader.errors import CourseError
from grader.printable import amount


class Exercise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that a student writes.

    Attributes:
        name: the function, class or method, as a student calls it (``ReplayBuffer.sample``).
        points: what its properties are worth together.
        hints: from a nudge to nearly the answer; the first is shown with a failing property.
        needs: exercises of the same lesson without which this one cannot be judged.
    """

    name: str
    points: float
    hints: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


_IN_WHICH = {
    "signs": "nothing but the rewards says what is right",
    "corridor": "every episode is cut off after one step",
}


class TrainingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rule of a training check: what is trained, and what certifies that it learnt.

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
        control_steps: the budget for the small task that comes first, at each of two tries; 0 leaves it out.
        control: which small task: ``signs`` for vector environments (``grader.training.signs``), ``corridor`` for
            tabular ones (``grader.training.corridor``).
        needs: exercises whose properties must pass before the check is run.
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
    cpu_seconds: float = 60.0
    episode_steps: int | None = None
    control_steps: int = 0
    control: Literal["signs", "corridor"] = "signs"
    needs: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    def in_words(self) -> str:
        """The rule as one sentence: the report and the lesson text say it with these words."""
        words = (
            f"At least {self.passes} of {self.seeds} training runs must end with a policy whose mean return over "
            f"{self.episodes} fresh episodes of {self.environment} is {self.threshold:g} or more; each run may take "
            f"{self.max_steps:,} environment steps."
        )
        if self.episode_steps:
            words += f" An episode is cut off after {self.episode_steps:,} steps."
        if self.control_steps:
            words += (
                f" Before them, `{self.exercise}` has to learn one of two small tasks, in {self.control_steps:,} steps "
                "each, in which "
                f"{_IN_WHICH[self.control]}."
            )
        return words


class Lesson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One lesson: the same name in exercises/, solutions/ and tests/.

    Attributes:
        due: the deadline, with its time zone; None where course.yml gives none. See ``grader.report.due``.
    """

    name: str
    title: str
    exercises: tuple[Exercise, ...]
    imports: tuple[str, ...] = ()
    training: TrainingRule | None = None
    due: Annotated[datetime, msgspec.Meta(tz=True)] | None = None

    @property
    def number(self) -> int:
        """The lesson's number, read from its name."""
        match = re.match(r"lesson(\d+)_", self.name)
        assert match, self.name  # the course refuses other names
        return int(match[1])

    @property
    def names(self) -> tuple[str, ...]:
        """What a student writes in it: the exercises, and what the training check trains with."""
        return (*(exercise.name for exercise in self.exercises), *([self.training.exercise] if self.training else []))

    @property
    def max_points(self) -> float:
        """Points of all exercises and of the training check."""
        return sum(e.points for e in self.exercises) + (self.training.points if self.training else 0.0)

    def exercise(self, name: str) -> Exercise:
        """The exercise called ``name``; KeyError where there is none."""
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        raise KeyError(name)


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the student's side may use while it answers questions.

    Attributes:
        cpu_seconds: processor time of one property, all its examples together. Processor time does not depend on what
            else the machine is doing, so a verdict does not either.
        call_seconds: wall-clock time of one call; it catches code that sleeps.
        memory_mb: memory that the student's code may take, beyond what importing libraries took before it.
        output_chars: how much printed text is kept.
    """

    cpu_seconds: float = 6.0
    call_seconds: float = 30.0
    memory_mb: int = 3000
    output_chars: int = 4000


class Course(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole course.

    Attributes:
        lessons: in the order in which they are done.
        salt: what every random choice of the grader is derived from; a copy for students has none.
        carry_forward: whether the reference stands in for an earlier lesson that has not passed.
        sample_class: the lessons that ``grader demo`` has handed in; all where it is empty.
    """

    title: str
    lessons: tuple[Lesson, ...]
    salt: str = ""
    sample_class: tuple[str, ...] = ()
    carry_forward: bool = True
    limits: Limits = Limits()
    root: Path = Path()

    def lesson(self, wanted: str) -> Lesson:
        """The lesson of that number, name, or beginning of a name.

        Raises:
            CourseError: there is none, or more than one.
        """
        if wanted.isdigit():
            found = [lesson for lesson in self.lessons if lesson.number == int(wanted)]
        else:
            found = [lesson for lesson in self.lessons if lesson.name == wanted] or [
                lesson for lesson in self.lessons if lesson.name.startswith(wanted)
            ]
        if len(found) != 1:
            names = ", ".join(lesson.name for lesson in found or self.lessons)
            raise CourseError(f"no single lesson is called {wanted!r}; choose one of: {names}")
        return found[0]

    def stub(self, lesson: Lesson) -> Path:
        """The file that a student fills in."""
        return self.root / "exercises" / f"{lesson.name}.py"

    def solution(self, lesson: Lesson) -> Path:
        """The reference solution, from which the stub is made."""
        return self.root / "solutions" / f"{lesson.name}.py"

    def references(self, lesson: Lesson) -> dict[str, str]:
        """The reference solutions of what a lesson imports, by module name."""
        return {name: self.solution(self.lesson(name)).read_text(encoding="utf-8") for name in lesson.imports}

    def tests(self, lesson: Lesson) -> Path:
        """The folder of the lesson's hidden properties, wheats and chaffs."""
        return self.root / "tests" / lesson.name

    def released(self, lesson: Lesson) -> Path:
        """In a copy for students: the stub as it was handed out, from which it can be told what has been begun."""
        return self.root / "grader" / "released" / f"{lesson.name}.py"

    def has_properties(self, lesson: Lesson) -> bool:
        """Whether the hidden properties are here; in a copy for students they are not."""
        return any(self.tests(lesson).glob("test_*.py"))

    def secret(self, *purpose: object) -> int:
        """A 64-bit number for one purpose, the same at every run of this course and unknown without its salt."""
        salt = os.environ.get("GRADER_SALT") or self.salt  # an empty one is none
        digest = hashlib.sha256("\x1f".join([salt, *map(str, purpose)]).encode()).digest()
        return int.from_bytes(digest[:8], "big")


def find_root(start: Path) -> Path:
    """The folder at or above ``start`` that holds course.yml.

    Raises:
        CourseError: there is none.
    """
    for folder in [start.resolve(), *start.resolve().parents]:
        if (folder / "course.yml").is_file():
            return folder
    raise CourseError(f"no course.yml in {start} or above it; run this inside the course's folder")


# libyaml reads ten times as fast as Python does; where PyYAML was built without it, it is as right.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML whose dates stay text: PyYAML ends in a traceback on 31 February."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(root: Path) -> Course:
    """Read and check ``root/course.yml``.

    Raises:
        CourseError: one line that names the line of the file and says what was expected there.
    """
    path = root / "course.yml"
    try:
        text = path.read_text(encoding="utf-8")
        loader = _Loader(text)
        tree = loader.get_single_node()  # it knows the lines
        data: Any = loader.construct_document(tree) if tree else None
    except FileNotFoundError:
        raise CourseError(f"{path} does not exist") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CourseError(f"course.yml, line {line}: {error.problem or error.context}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise CourseError(f"course.yml cannot be read: {' '.join(str(error).split())}") from None
    try:
        course = msgspec.convert(data, Course, strict=True)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `")
        steps = _steps(where.rstrip("`"))
        if steps[-1:] == ["due"]:
            there = " ".join(str(data["lessons"][steps[1]]["due"]).split())[:60]
            message = f"due is a date and a time with its zone, such as 2026-10-05T23:59:00+02:00, not {there!r}"
        raise CourseError(f"course.yml, line {_line(tree, steps)}: {message[0].lower()}{message[1:]}") from None
    _check(course, tree)
    return msgspec.structs.replace(course, root=root.resolve())


def _steps(path: str) -> list[str | int]:
    """``$.lessons[0].points`` as the keys and positions that lead there."""
    return [int(i) if i else key for key, i in re.findall(r"\.(\w+)|\[(\d+)\]", path)]


def _line(node: Any, steps: list[str | int]) -> int:
    """The line of the deepest node on the way that exists."""
    line = node.start_mark.line + 1 if node else 1
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if step not in pairs:
                break
            key, node = pairs[step]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _check(course: Course, tree: Any) -> None:
    """What types cannot say: names are unique, and what is referred to exists."""

    def refuse(message: str, *steps: str | int) -> None:
        raise CourseError(f"course.yml, line {_line(tree, list(steps))}: {message}")

    for i, name in enumerate(course.sample_class):
        if name not in [lesson.name for lesson in course.lessons]:
            refuse(f"the sample class hands in {name!r}, which is not a lesson", "sample_class", i)
    seen: list[str] = []
    for i, lesson in enumerate(course.lessons):
        if not re.fullmatch(r"lesson\d+_[a-z0-9_]+", lesson.name):
            refuse(f"a lesson is called lesson<number>_<name>, not {lesson.name!r}", "lessons", i, "name")
        if lesson.name in seen:
            refuse(f"a second lesson called {lesson.name!r}", "lessons", i, "name")
        for earlier in lesson.imports:
            if earlier not in seen:
                refuse(f"{lesson.name} imports {earlier!r}, which is not an earlier lesson", "lessons", i, "imports")
        seen.append(lesson.name)
        names: list[str] = []
        for j, exercise in enumerate(lesson.exercises):
            at: list[str | int] = ["lessons", i, "exercises", j]
            if exercise.name in names:
                refuse(f"a second exercise called {exercise.name!r}", *at, "name")
            if exercise.points < 0:
                refuse(
                    f"{exercise.name} is worth {amount(exercise.points, 'point')}; 0 or more expected", *at, "points"
                )
            for need in exercise.needs:
                if need not in names:
                    refuse(f"{exercise.name} needs {need!r}, which is not an earlier exercise", *at, "needs")
            names.append(exercise.name)
        if rule := lesson.training:
            for need in rule.needs:
                if need not in names:
                    refuse(f"training needs {need!r}, which is not an exercise", "lessons", i, "training", "needs")
            if not 1 <= rule.passes <= rule.seeds:
                refuse(f"{rule.passes} of {rule.seeds} seeds cannot pass", "lessons", i, "training", "passes")
