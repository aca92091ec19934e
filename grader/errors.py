"""Errors that a user can cause: each message is one line that says what is wrong and what to do, without traceback.

    UserError            the base; ``grader`` prints its message and ends with ``exit_status``
    ├── CourseError      course.yml, or the folder around it, is not a course
    ├── ClassError       the folder of submissions or of reports, or the wish to narrow it, makes no sense
    │   └── OutputError  the folder of reports cannot be written to any more
    ├── ClusterError     there is no cluster to grade on
    │   └── ClusterLostError  it was lost in the middle of a run
    └── NoVerdictError   nbgrader asks for a verdict that there is none of

Not among them: ``grader.student.isolation.IsolationError``, which is the same to a user, but belongs to a room that
imports nothing of the rest; and ``grader.student.errors.GraderFault``, which is our own mistake and ends in status 3.
"""

from __future__ import annotations


class UserError(Exception):
    """Base of all errors that a user can cause; the message is one line for the user."""

    exit_status = 2


class CourseError(UserError):
    """course.yml, or the folder around it, is not a course; the message is one line for the person who wrote it."""


class ClassError(UserError):
    """The folder of submissions, or a choice from it, is invalid; the message is one line for the instructor."""


class OutputError(ClassError):
    """The folder of reports cannot be written to; the message is one line that says why, and what to do first."""


class ClusterError(UserError):
    """There is no cluster to grade on; the message is one line that says why, and what to do."""


class ClusterLostError(ClusterError):
    """The cluster was lost while it graded; the message is one line that says how."""

    exit_status = 3


class NoVerdictError(UserError):
    """There is no verdict; the message is one line that says why."""
