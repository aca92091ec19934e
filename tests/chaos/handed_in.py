"""The class that a chaotic run grades: right, wrong, unfinished and broken work, all from one seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from grader.course import Course, Lesson
from grader.lessons import chaffs as known
from grader.lessons.stubs import pristine

# Appended to an answer, each spoils one exercise. Every one is quick, and does the same at every run.
_SPOILT = (
    "\n\ndef {name}(*args, **kwargs):\n    raise ValueError(args)\n",
    "\n\ndef {name}(*args, **kwargs):\n    return [[]] * 100\n",
    "\n\ndef {name}(*args, **kwargs):\n    import os\n    os._exit(3)\n",
    "\n\ndef {name}(*args, **kwargs):\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n",
    "\n\ndef {name}(*args, **kwargs):\n    print('x' * 10_000)\n",
    "\n\ndef {name}(*args, **kwargs):\n    open('log.txt', 'a').write('seen')\n    return None\n",
)
_BROKEN = (
    b"",
    b"   \n",
    b"caf\xe9 = 1\n",
    b"def double(x:\n",
    b"import nothing_of_that_name\n",
    b"\0\0\0",
    b"raise SystemExit\n",
)


def hand_in(course: Course, folder: Path, lessons: list[Lesson], submissions: int, seed: int) -> int:
    """Write so many submissions to ``folder``, all lessons of one student after those of another; returns how many."""
    draw = random.Random(f"handed in {seed}")
    sources = {lesson.name: _sources(course, lesson, draw) for lesson in lessons}
    for number in range(submissions):
        student, lesson = number // len(lessons) + 1, lessons[number % len(lessons)]
        path = folder / f"student-{student:03d}" / lesson.name / f"{lesson.name}.py"
        path.parent.mkdir(parents=True)
        path.write_bytes(next(sources[lesson.name]))
    return submissions


def _sources(course: Course, lesson: Lesson, draw: random.Random) -> Iterator[bytes]:
    """Sources without end: half of them misconceptions, a fifth right, the rest unfinished, spoilt or broken."""
    solution = course.solution(lesson).read_text(encoding="utf-8")
    right = [solution, *known.wheats(course, lesson).values()]
    every = [chaff.source(solution) for chaff in known.load(course, lesson)]
    # A generator that is seeded with None is random indeed, and what its state is stands in the report.
    wrong = [source for source in every if "np.random.seed(" not in source]
    functions = [each.name for each in lesson.exercises if "." not in each.name]
    functions = functions or sorted({each.name.partition(".")[0] for each in lesson.exercises})

    def spoilt() -> bytes:
        return (solution + draw.choice(_SPOILT).format(name=draw.choice(functions))).encode()

    kinds: list[Callable[[], bytes]] = [
        *[lambda: draw.choice(wrong).encode()] * 10,
        *[lambda: draw.choice(right).encode()] * 4,
        lambda: pristine(course, lesson).encode(),
        *[spoilt] * 3,
        *[lambda: draw.choice(_BROKEN)] * 2,
    ]
    while True:
        draw.shuffle(kinds)
        yield from (kind() for kind in kinds)
