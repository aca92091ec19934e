"""A class of sample submissions, to try the grader on: right, wrong, unfinished and hostile ones.

They are made from the course's own solutions, wheats and chaffs, so they are as old as the course is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from grader.course import Course, Lesson
from grader.files import write
from grader.lessons import chaffs as known
from grader.lessons.stubs import pristine

Source = Callable[[Lesson], str | bytes | None]
"""What a student hands in for a lesson; None for nothing."""

_LIAR = '''

class Liar:
    """Claims to be equal to everything."""

    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __len__(self):
        return 0


'''

_CONTROLLER = '''

def train(env, *, max_steps, seed, device="cpu"):
    """No learning at all: the rule that balances CartPole, if one knows what the four numbers mean."""
    return lambda observations: (observations[:, 2] + observations[:, 3] > 0).astype(int)
'''


def make(course: Course, folder: Path, lessons: Sequence[Lesson]) -> list[str]:
    """Write the class to ``folder`` as ``<student>/<lesson>/<lesson>.py``; returns the students.

    Args:
        course: the course.
        folder: where to.
        lessons: what the class has handed in so far.

    Whatever an earlier sample class left there is replaced; nothing else is touched.
    """
    students = []
    for i, source in enumerate(_students(course, lessons), start=1):
        name = f"student-{i:03d}"
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
        for lesson in lessons:
            text = source(lesson)
            if text is not None:
                data = text if isinstance(text, bytes) else text.encode()
                suffix = "ipynb" if data.startswith(b"{") else "py"
                write(folder / name / lesson.name / f"{lesson.name}.{suffix}", data)
        students.append(name)
    return students


def _students(course: Course, lessons: Sequence[Lesson]) -> list[Source]:
    def solution(lesson: Lesson) -> str:
        return course.solution(lesson).read_text(encoding="utf-8")

    def stub(lesson: Lesson) -> str:
        return pristine(course, lesson)

    def wheat(i: int) -> Source:
        def source(lesson: Lesson) -> str:
            texts = list(known.wheats(course, lesson).values()) or [solution(lesson)]
            return texts[i % len(texts)]

        return source

    def chaff(i: int) -> Source:
        def source(lesson: Lesson) -> str:
            every = known.load(course, lesson)
            return every[i % len(every)].source(solution(lesson)) if every else solution(lesson)

        return source

    def begun(lesson: Lesson) -> str | None:
        """The first lesson done, the next one opened, the rest not handed in."""
        return {0: solution, 1: stub}.get(lessons.index(lesson), lambda _: None)(lesson)

    def typo(lesson: Lesson) -> str:
        return solution(lesson).replace("### BEGIN SOLUTION", "retrun 0", 1)

    def loops(lesson: Lesson) -> str:
        return solution(lesson) + "".join(
            f"\n\ndef {e.name}(*args, **kwargs):\n    while True:\n        pass\n" if "." not in e.name else ""
            for e in lesson.exercises[-1:]
        )

    def leaves(lesson: Lesson) -> str:
        return f"import os\n\nos._exit(0)\n{stub(lesson)}"

    def lies(lesson: Lesson) -> str:
        names = dict.fromkeys(e.name.partition(".")[0] for e in lesson.exercises)
        return _LIAR + "\n".join([*(f"{name} = Liar()" for name in names), "train = Liar()", ""])

    def controller(lesson: Lesson) -> str:
        return solution(lesson) + (_CONTROLLER if lesson.training else "")

    def unreadable(lesson: Lesson) -> bytes:
        return [b"", b"caf\xe9 = 1\n", b"   \n"][lessons.index(lesson) % 3]

    return [
        solution, wheat(0), wheat(1), wheat(2), chaff(0), chaff(1), chaff(2), chaff(3), chaff(5),
        stub, begun, typo, loops, leaves, lies, controller, lambda lesson: _notebook(solution(lesson)), unreadable,
    ]  # fmt: skip


def _notebook(source: str) -> str:
    """The module as a notebook: one cell for its text, one with a magic, one with the code."""
    import nbformat.v4 as v4

    cells = [
        v4.new_markdown_cell("# My work", id="text"),
        v4.new_code_cell("%matplotlib inline\n!pip install gymnasium", id="magic"),
        v4.new_code_cell(source, id="code"),
    ]
    return str(v4.writes(v4.new_notebook(cells=cells)))
