"""The process that grades a class for nbgrader: an order on standard input, one line of JSON per finished student.

It is a process of its own, and not a pool inside of nbgrader's, because a pool's workers would each import all of
nbgrader first: two seconds a worker, for nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec


class Order(msgspec.Struct, frozen=True):
    """The work to grade and the settings to grade it with.

    Attributes:
        hidden: folders that student code must not read, beside those of this class: nbgrader's exchange, for one.

    The other fields are the options of ``grader grade``.
    """

    course: str
    submissions: str
    out: str
    lesson: str
    students: tuple[str, ...]
    training: bool
    rehearsal: bool
    device: str
    isolation: str
    unsafe: bool
    jobs: int | None
    hidden: tuple[str, ...] = ()


def main() -> None:
    """Carry out the order; an output line that starts with ``!`` says why that is impossible."""
    from grader.course import load
    from grader.errors import UserError
    from grader.grading.classroom import Options, grade_class
    from grader.student.errors import GraderFault
    from grader.student.isolation import choose
    from grader.student.levels import IsolationError, Level

    order = msgspec.convert(json.load(sys.stdin), Order)
    options = Options((order.lesson,), order.students, order.training, rehearse=order.rehearsal, processes=order.jobs)

    def tell(student: str) -> None:
        print(json.dumps(student), flush=True)

    try:
        wanted: Level | None = order.isolation or None  # type: ignore[assignment]
        hidden = map(Path, (order.course, order.submissions, order.out, *order.hidden))
        chosen = choose(order.device, wanted=wanted, unsafe=order.unsafe, hidden=hidden)
        course = load(Path(order.course)).of_class()
        grade_class(course, Path(order.submissions), Path(order.out), chosen, options, finished=tell)
    except (UserError, IsolationError, GraderFault, OSError) as error:
        print(f"!{' '.join(str(error).split())}", flush=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
