"""Limits of the student's side: course.yml sets them, and the boundary passes them on as a whole."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The resources that the student's side may use while it answers the questions of one session.

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
