"""What a user can get wrong: one line that says what is wrong and what to do, and no traceback.

    UserError            the base; ``grader`` prints its message and ends with ``exit_status``
    ├── CourseError      course.yml, or the folder around it, is not a course
    ├── ClassError       the folder of submissions or of reports, or the wish to narrow it, makes no sense
    └── NoVerdictError   nbgrader asks for a verdict that there is none of

Not among them: ``grader.student.isolation.IsolationError``, which is the same to a user, but belongs to a room that
imports nothing of the rest; and ``grader.student.errors.GraderFault``, which is our own mistake and ends in status 3.
"""

from __future__ import annotations


class UserError(Exception):
    """Base of all errors that a user can cause; the message is one line for them."""

    exit_status = 2


class CourseError(UserError):
    """course.yml, or the folder around it, is not a course; the message is one line for the person who wrote it."""


class ClassError(UserError):
    """The folder of submissions, or the wish to narrow it, makes no sense; one line for the instructor."""


class NoVerdictError(UserError):
    """There is no verdict, and the message is the one line that says why."""
