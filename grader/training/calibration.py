"""The training runs of a reference solution, counted: a lesson's ``calibration.yml``, and what follows from it.

``grader calibrate`` writes it. The lesson's text quotes it, and a failing report says how often the reference does as
badly. It is out of date as soon as another program would have been trained, or another task given: comments,
docstrings and layout aside.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from grader.course import Course, Lesson, TrainingRule
from grader.course.document import read as read_document
from grader.errors import CourseError
from grader.files import write
from grader.report.band import Band
from grader.training import odds

_DECIDES = (
    "environment",
    "environments",
    "threshold",
    "episodes",
    "max_steps",
    "cpu_seconds",
    "episode_steps",
    "control",
    "control_steps",
)
"""What of a rule decides how one run ends. How many runs there are, and how many have to pass, only enters the sums."""

_TASKS = ("tasks", "disguise", "tabular", "meter", "signs", "corridor")
"""The modules of this room that make a task."""


class Middle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cost of a run: in the median, and in the worst case."""

    median: float
    worst: float


class Lowest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mean returns of the policies: the least of the runs, and the median."""

    lowest: float
    median: float


class Runs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The runs of one kind.

    Attributes:
        runs: how many there were.
        passes: how many of them passed.
        steps: environment steps.
        cpu_seconds: processor time of the process that trains.
        mean_return: over the evaluation's episodes; None where no run came to an evaluation.
    """

    runs: Annotated[int, msgspec.Meta(ge=1)]
    passes: Annotated[int, msgspec.Meta(ge=0)]
    steps: Middle
    cpu_seconds: Middle
    mean_return: Lowest | None = None

    @property
    def failures(self) -> tuple[int, int]:
        """The number of runs that failed, and of all."""
        return self.runs - self.passes, self.runs


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The content of a ``calibration.yml``.

    Attributes:
        long_runs: the training runs.
        small_tasks: the runs on the small task; None where the rule has none.
        rule: what they were given, and what they had to reach.
        digest: of the programs that ran (``digest``).
        made_with: the versions of Python and of the libraries, for readers.
        band: the learning curves of some of the long runs; None if they were not kept.
    """

    long_runs: Runs
    small_tasks: Runs | None = None
    rule: dict[str, Any]
    digest: str
    made_with: str
    band: Band | None = None

    @property
    def rates(self) -> odds.Rates:
        """Upper bounds of how often the reference fails."""
        return odds.rates(self.small_tasks.failures if self.small_tasks else None, self.long_runs.failures)


def deciding(rule: TrainingRule) -> dict[str, Any]:
    """The part of a rule that decides how one run ends."""
    names = _DECIDES if rule.control_steps else [name for name in _DECIDES if not name.startswith("control")]
    return {name: getattr(rule, name) for name in names}


def read(course: Course, lesson: Lesson) -> Calibration | None:
    """Read a lesson's figures, up to date or not; None if nothing was measured.

    Raises:
        CourseError: the file is no calibration.
    """
    for path in (course.calibration(lesson), course.released_calibration(lesson)):
        name = path.relative_to(course.root).as_posix()
        try:
            document = read_document(path, name)
        except FileNotFoundError:
            continue
        try:
            found = msgspec.convert(document.data, Calibration)
        except msgspec.ValidationError as error:
            message, _, where = str(error).partition(" - at `$.")
            steps = where.rstrip("`").split(".") if where else []
            raise document.error(f"{message}; make it anew: grader calibrate {lesson.number}", *steps) from None
        for key, runs in (("long_runs", found.long_runs), ("small_tasks", found.small_tasks)):
            if runs is not None and runs.passes > runs.runs:
                raise document.error(f"{runs.passes} of {runs.runs} runs cannot pass", key, "passes")
        return found
    return None


def outdated(course: Course, lesson: Lesson, found: Calibration) -> str:
    """The reason why the figures do not hold for the lesson as it is now, "" if they do.

    A copy for students has no solution: there the rule alone is compared.
    """
    rule = lesson.training
    assert rule is not None, f"{lesson.name} has no training check"
    now = deciding(rule)
    if changed := [name for name in {**now, **found.rule} if now.get(name) != found.rule.get(name)]:
        return f"the rule has changed since ({', '.join(changed)})"
    if (found.small_tasks is None) != (not rule.control_steps):
        return "the small task is missing" if rule.control_steps else "the rule has no small task any more"
    solutions = [course.solution(each) for each in (lesson, *course.needs(lesson))]
    if all(path.is_file() for path in solutions) and digest(course, lesson) != found.digest:
        return "the solution, one that it imports, or the tasks of grader/training have changed since"
    return ""


def of_lesson(course: Course, lesson: Lesson) -> Calibration | None:
    """Read the figures that hold for a lesson as it is now; None if there are none.

    Raises:
        CourseError: there is a file, and it is no calibration.
    """
    found = read(course, lesson)
    return None if found is None or outdated(course, lesson, found) else found


def keep(course: Course, lesson: Lesson, found: Calibration) -> Path:
    """Write a lesson's file, whole or not at all; its path."""
    head = (
        f"# Written by `grader calibrate {lesson.number}`: the reference solution's runs by the lesson's rule.\n"
        "# The lesson's text and failing reports quote them; grader/training/odds.py has what follows from them.\n"
    )
    data = {name: value for name, value in msgspec.to_builtins(found).items() if value is not None}
    for runs in (data["long_runs"], data.get("small_tasks", {})):
        # They are counted, and have a fraction only where two runs share the middle.
        steps = runs.get("steps", {})
        steps |= {name: int(value) for name, value in steps.items() if value == int(value)}
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
    path = course.calibration(lesson)
    write(path, f"{head}\n{text}".encode())
    return path


class _Dumper(yaml.SafeDumper):
    """Writes lists of numbers in lines, not one below the other."""

    def represent_flow(self, data: Any) -> yaml.Node:
        """A list between brackets."""
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


_Dumper.add_representer(list, _Dumper.represent_flow)
_Dumper.add_representer(tuple, _Dumper.represent_flow)


def digest(course: Course, lesson: Lesson) -> str:
    """A name for the programs that run when the reference is trained; the same with other comments and docstrings.

    Raises:
        CourseError: a solution cannot be read.
    """
    files = [course.solution(each) for each in (*course.needs(lesson), lesson)]
    files += [Path(__file__).with_name(f"{name}.py") for name in _TASKS]
    sha = hashlib.sha256()
    for path in files:
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError) as error:
            raise CourseError(f"{path} cannot be read: {error}") from None
        sha.update(f"{path.name}\0{' '.join(_code(tree))}\0".encode("utf-8", "surrogatepass"))
    return sha.hexdigest()[:16]


def _code(node: Any) -> Iterator[str]:
    """The words of a syntax tree, the same in every version of Python: fields that are empty are left out."""
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for name, value in ast.iter_fields(node):
            if name == "body" and isinstance(value, list):
                # Docstrings, and the strings below a name that say what it is for.
                value = [each for each in value if not _is_remark(each)]
            if value is not None and value != []:
                yield name
                yield from _code(value)
        yield ")"
    elif isinstance(node, list):
        for each in node:
            yield from _code(each)
    else:
        yield repr(node)


def _is_remark(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


# In words.


def rule_in_words(rule: TrainingRule, found: Calibration) -> str:
    """The rule's error: "less often than once in 1,000 checks"."""
    return f"less often than once in {min(odds.one_in(odds.fails(rule, found.rates)), odds.PROMISE):,} checks"


def as_badly_in_words(probability: float) -> str:
    """A sentence about a failed check, from the chance that the reference does as badly; "" if it says nothing."""
    often = odds.one_in(probability)
    return f"The reference solution does as badly in fewer than 1 of {often:,} such checks." if often > 1 else ""


def in_words(lesson: Lesson, found: Calibration) -> str:
    """The figures as the lesson's text has them: one paragraph, for learners."""
    rule, runs, small = lesson.training, found.long_runs, found.small_tasks
    assert rule is not None, f"{lesson.name} has no training check"
    learnt = f", and learns {small.passes} of {small.runs} small tasks" if small else ""
    spent = (
        f"It makes {runs.steps.median:,.0f} environment steps each time, in"
        if runs.steps.median == runs.steps.worst
        else f"It takes {runs.steps.median:,.0f} environment steps in the median and {runs.steps.worst:,.0f} in the "
        "worst case, and"
    )
    return (
        f"How sure is this rule? The reference solution passes {runs.passes} of {runs.runs} training runs{learnt}. "
        f"{spent} {runs.cpu_seconds.median:.1f} seconds of processor time in the median "
        f"({runs.cpu_seconds.worst:.1f} in the worst case). So we are {100 * odds.SURE:.0f} % sure of this: an answer "
        f"that learns as well as the reference fails by bad luck {rule_in_words(rule, found)}. If your "
        f"`{rule.exercise}` fails, look for a mistake."
    )


def is_quoted(course: Course, lesson: Lesson, found: Calibration) -> bool:
    """Whether the lesson's text has the figures, wherever its lines are broken."""
    path = course.stub(lesson).with_suffix(".md")
    return path.is_file() and in_words(lesson, found) in " ".join(path.read_text(encoding="utf-8").split())
