"""Limits on what one submission takes: course.yml sets them, and the boundary passes them on as a whole."""

from __future__ import annotations

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(gt=0, le=604_800)]
"""More than nothing, and a week at most: no timer takes just any number."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The resources that the student's side may use while it answers the questions of one session, and its judges.

    Attributes:
        cpu_seconds: processor time of one property, all its examples together. Processor time does not depend on what
            else the machine is doing, so a verdict does not either.
        call_seconds: wall-clock time of one call; it catches code that sleeps.
        memory_mb: memory that the student's code may take, beyond what importing libraries took before it.
        output_chars: how much printed text is kept.
        submission_seconds: wall-clock time of all that one submission is asked, training included
            (``grader.student.budget``).
        judging_seconds: processor time that the grader itself may take to judge the answers of one property, to write
            a counterexample, and to look for the misconceptions (``grader.student.own_time``).
    """

    cpu_seconds: Seconds = 6.0
    call_seconds: Seconds = 30.0
    memory_mb: Annotated[int, msgspec.Meta(gt=0)] = 3000
    output_chars: Annotated[int, msgspec.Meta(ge=0)] = 4000
    submission_seconds: Seconds = 900.0
    judging_seconds: Seconds = 20.0
