"""The programs that are trained on many seeds: the references, or impostors that must not pass.

One of the impostors, the rewards set to 0 in the buffer only, may well pass the long runs; it is the small task that
stops it, and that comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from grader.course import Course, Lesson
from grader.errors import CourseError

_RETURNED = """

def train(env, *, max_steps, seed, device="cpu"):
    rng = np.random.default_rng(seed)
    return lambda observations: {policy}
"""

_IDENTIFIES = """

class Identifies:
    # Tries actions, each copy its own; fits a linear system to what the rows did; balances it from then on.

    def __init__(self, n_actions):
        self.n_actions, self.rng = n_actions, np.random.default_rng(0)
        self.before, self.actions, self.inputs, self.outputs, self.gain = None, None, [], [], None

    def __call__(self, observations):
        now = np.asarray(observations, dtype=np.float64)
        if self.gain is None and self.before is not None:
            pushes = 2.0 * self.actions[:, None] - 1
            self.inputs.append(np.hstack([self.before, pushes]))
            self.outputs.append(now)
            if len(self.inputs) == 6:
                self.gain = self.fit()
        if self.gain is None:
            self.actions = self.rng.integers(self.n_actions, size=len(now))
        else:
            self.actions = (now @ self.gain > 0).astype(np.int64)
        self.before = now
        return self.actions

    def fit(self):
        size = self.outputs[0].shape[1]
        found = np.linalg.lstsq(np.vstack(self.inputs), np.vstack(self.outputs), rcond=None)[0].T
        a, b = found[:, :size], found[:, size:]
        value, gain = np.eye(size), np.zeros((1, size))
        for _ in range(300):
            gain = np.linalg.solve(np.eye(1) + b.T @ value @ b, b.T @ value @ a)
            value = np.nan_to_num(np.eye(size) + a.T @ value @ (a - b @ gain), posinf=1e9, neginf=-1e9)
        return -gain[0]


def train(env, *, max_steps, seed, device="cpu"):
    return Identifies(int(env.single_action_space.n))
"""

IMPOSTORS: Mapping[str, str | tuple[str, str]] = {
    "theta + theta_dot > 0": _RETURNED.format(policy="(observations[:, 2] + observations[:, 3] > 0).astype(np.int64)"),
    "random actions": _RETURNED.format(policy="rng.integers(2, size=len(observations))"),
    "identifies the system during the evaluation": _IDENTIFIES,
    "frozen weights": ("            optimizer.step()\n", ""),
    "rewards set to 0": (
        "truncated, _ = env.step(actions)\n",
        "truncated, _ = env.step(actions)\n        rewards *= 0\n",
    ),
    "rewards set to 0 in the buffer": ("actions[i], rewards[i],", "actions[i], 0.0,"),
}
"""What must not pass lesson 6, by name: text to append to its solution, or an edit (old, new) of it."""

IMPOSTORS_OF = "lesson6_deep_q_learning"
"""The lesson whose solution they are made from."""


def impostor(solution: str, name: str) -> str:
    """The solution of lesson 6 turned into the impostor of that name.

    Raises:
        CourseError: the solution has changed, and the edit no longer fits.
    """
    change = IMPOSTORS[name]
    if isinstance(change, str):
        return solution + change
    old, new = change
    if solution.count(old) != 1:
        raise CourseError(
            f"the impostor {name!r} no longer fits the solution, in which {old.strip()!r} does not occur exactly once; "
            "it is defined in grader/verify/series.py"
        )
    return solution.replace(old, new)


class Series(msgspec.Struct, frozen=True):
    """Runs of one program on one kind of task.

    Attributes:
        lesson: the lesson, with the budget that is wanted.
        source: the module.
        impostor: its name, "" for the reference.
        small: whether it is the small task that comes first.
    """

    lesson: Lesson
    source: str
    impostor: str
    small: bool

    @property
    def title(self) -> str:
        """A name that no other series has."""
        return " ".join(filter(None, [self.lesson.name, self.impostor, "small task" if self.small else ""]))


def series(
    course: Course, lessons: Sequence[Lesson], *, max_steps: int | None = None, impostors: bool = False
) -> list[Series]:
    """All that is to be run for these lessons.

    Args:
        course: the course.
        lessons: lessons that train.
        max_steps: another budget than course.yml's for the long runs.
        impostors: train what must not pass instead of the references.

    Raises:
        CourseError: there are no impostors of one of these lessons, or they no longer fit.
    """
    found = []
    for lesson in lessons:
        rule = lesson.training
        assert rule is not None, f"{lesson.name} has no training check"
        if max_steps is not None:
            lesson = msgspec.structs.replace(lesson, training=msgspec.structs.replace(rule, max_steps=max_steps))
        solution = course.solution(lesson).read_text(encoding="utf-8")
        if impostors and lesson.name != IMPOSTORS_OF:
            raise CourseError(f"there are no impostors of {lesson.name}; they are made from {IMPOSTORS_OF} alone")
        texts = {name: impostor(solution, name) for name in IMPOSTORS} if impostors else {"": solution}
        for name, text in texts.items():
            found += [Series(lesson, text, name, small) for small in ([True, False] if rule.control_steps else [False])]
    return found
