"""Plain data between the grader and the process that reads submissions: what is asked, and what may come back.

What comes back is checked as if a student had written it: the process that sends it has parsed hostile text.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from grader.course import Lesson
from grader.printable import one_line
from grader.report.report import Status
from grader.student.errors import WireError
from grader.student.frames import Frame
from grader.submissions.normal import Normal
from grader.submissions.read import Submission

OUT_OF_MEMORY = 77
"""The exit status of a process that has found out by itself that its memory is used up."""

_MOST_TEXT = 4000
_Text = Annotated[str, msgspec.Meta(max_length=_MOST_TEXT)]


class ReadingLimits(NamedTuple):
    """The resources that reading one student's work on one lesson may use.

    Attributes:
        cpu_seconds: processor time. The reference solutions take hundredths of a second.
        memory_mb: memory beyond what the imports took; a notebook of 32 MB takes half of it.
        seconds: time by the clock, for a disk that does not answer.
    """

    cpu_seconds: float = 6.0
    memory_mb: int = 1000
    seconds: float = 120.0


class Find(msgspec.Struct, frozen=True, tag="find"):
    """Find and read the work on one lesson; the fields are those of ``grader.submissions.find.find_work``.

    Attributes:
        set_aside: files that cannot be read, by the way to them from the folder, and why.
    """

    folder: bytes
    lesson: str
    lessons: tuple[Lesson, ...]
    stub: str
    levels: int
    set_aside: tuple[tuple[bytes, str], ...] = ()


class Normalise(msgspec.Struct, frozen=True, tag="normalise"):
    """Make the normal form of each source; the fields are those of ``grader.submissions.normal.normal``."""

    sources: tuple[bytes, ...]
    given: str


Question = Find | Normalise


class At(msgspec.Struct, frozen=True, tag="at"):
    """The file that is being read from now on."""

    where: bytes


class Found(msgspec.Struct, frozen=True, tag="found", forbid_unknown_fields=True):
    """A ``Submission``, field by field; paths are relative to the folder."""

    source: bytes
    problem: _Text
    status: Status
    notes: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=200)]
    file: _Text
    empty: bool
    is_text: bool
    broken: bool
    passed_over: bool
    where: bytes
    not_here: Annotated[tuple[tuple[_Text, _Text], ...], msgspec.Meta(max_length=100)]


class Normalised(msgspec.Struct, frozen=True, tag="normalised", forbid_unknown_fields=True):
    """A ``Normal``, its numbers as the bytes of arrays."""

    code: bytes
    offsets: bytes
    left_out: bytes


class Done(msgspec.Struct, frozen=True, tag="done", forbid_unknown_fields=True):
    """All normal forms have been sent, one by one and in order."""


class Failed(msgspec.Struct, frozen=True, tag="failed", forbid_unknown_fields=True):
    """Our own code failed in there."""

    why: _Text


Answer = At | Found | Normalised | Done | Failed

_questions: msgspec.msgpack.Decoder[Question] = msgspec.msgpack.Decoder(Question)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
_pack = msgspec.msgpack.Encoder().encode


def frame(message: Question | Answer) -> Frame:
    """A message as it is sent."""
    return Frame(b"", _pack(message))


def question(received: Frame) -> Question:
    """Decode a question."""
    return _questions.decode(received.body)


def answer(received: Frame) -> Answer:
    """Decode an answer.

    Raises:
        WireError: it is none of the things that may come back.
    """
    try:
        return _answers.decode(received.body)
    except (
        ValueError,
        RecursionError,
    ) as error:
        raise WireError(f"the process that reads submissions sent something that is not an answer: {error}") from None


def packed(submission: Submission, folder: Path) -> Found:
    """A submission as it is sent from the reading process."""
    where = b"" if submission.path is None else os.fsencode(submission.path.relative_to(folder))
    return Found(
        text_to_bytes(submission.source),
        submission.problem[:_MOST_TEXT],
        submission.status,
        tuple(one_line(note, _MOST_TEXT // 2) for note in submission.notes[:200]),
        submission.file,
        submission.empty,
        submission.is_text,
        submission.broken,
        submission.passed_over,
        where,
        tuple((name[:_MOST_TEXT], words[:_MOST_TEXT]) for name, words in submission.not_here[:100]),
    )


def unpacked(found: Found, folder: Path) -> Submission:
    """The submission that came back.

    Raises:
        WireError: its parts contradict each other, or it leads out of the folder.
    """
    where = Path(os.fsdecode(found.where))
    if where.is_absolute() or ".." in where.parts or b"\0" in found.where:
        raise WireError("the process that reads submissions named a file outside of the folder")
    if bool(found.problem) == (found.status == "graded") or found.status == "error":
        raise WireError(f"the process that reads submissions said {found.status!r} with the problem {found.problem!r}")
    return Submission(
        text_of_bytes(found.source),
        one_line(found.problem, _MOST_TEXT),
        found.status,
        tuple(one_line(note, _MOST_TEXT) for note in found.notes),
        one_line(found.file),
        found.empty,
        found.is_text,
        found.broken,
        found.passed_over,
        tuple((name, one_line(words, _MOST_TEXT)) for name, words in found.not_here),
        folder / where if found.where else None,
    )


def packed_normal(normal: Normal) -> Normalised:
    """A normal form as it is sent from the reading process."""
    import numpy as np

    offsets = np.asarray(normal.offsets, "<i8").reshape(-1, 2)
    return Normalised(
        text_to_bytes(normal.code), offsets.tobytes(), np.asarray(sorted(normal.left_out), "<i8").tobytes()
    )


def unpacked_normal(made: Normalised, source: str) -> Normal:
    """The normal form that came back.

    Raises:
        WireError: it is not one of this source.
    """
    import numpy as np

    code = text_of_bytes(made.code)
    # A string's empty prefix gets a letter as well, so that the code may be a little longer than the source.
    if len(made.offsets) % 16 or len(made.left_out) % 8 or len(code) > 2 * len(source) + 1:
        raise WireError("the process that reads submissions sent a normal form of another source")
    offsets = np.frombuffer(made.offsets, "<i8").reshape(-1, 2)
    lines = np.frombuffer(made.left_out, "<i8")
    if len(lines) and not 0 <= lines.min() <= lines.max() <= source.count("\n"):
        raise WireError("the process that reads submissions named a line that is not there")
    far = 2 * len(source) + 1
    if len(offsets) and not -far <= offsets.min() <= offsets.max() <= far:
        raise WireError("the process that reads submissions named a place that is not there")
    return Normal(source, code, tuple((int(at), int(by)) for at, by in offsets), frozenset(map(int, lines)))


def unreadable(why: str) -> Submission:
    """Work that cannot be read, and why."""
    return Submission("", why, "unreadable", is_text=False)


def failed(why: str) -> Submission:
    """Work that was not read because our own code failed."""
    return dataclasses.replace(unreadable(f"the grader itself failed while reading: {one_line(why)}"), status="error")


def text_to_bytes(text: str) -> bytes:
    """A text, with what stands in it of half surrogate pairs, as bytes."""
    return text.encode("utf-8", "surrogatepass")


def text_of_bytes(data: bytes) -> str:
    """The same text again.

    Raises:
        WireError: the bytes are no text.
    """
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise WireError(f"the process that reads submissions sent something that is not text: {error}") from None
