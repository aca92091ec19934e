"""Training runs that are done, kept while others are still to come: what is interrupted goes on from there.

One line of JSON per run, in the user's cache, appended as it ends. The name of the file is a digest of all that decides
how a run ends, so a run is taken over only into the same measurement. The file goes when the measurement is complete: a
second one, to see whether the machine is as fast as it was, runs again.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import msgspec
import platformdirs

from grader.course import Course
from grader.grading.digest import machine
from grader.report.report import TrainingSeed
from grader.training import calibration
from grader.verify.series import Series


class _Line(msgspec.Struct, frozen=True):
    """One run: its number, and what came of it."""

    number: int
    result: TrainingSeed


class Journal:
    """The finished runs of one series.

    Args:
        course: the course.
        one: the series.

    Attributes:
        path: the file; none where no run is kept.
    """

    def __init__(self, course: Course, one: Series) -> None:
        rule = one.lesson.training
        assert rule is not None, f"{one.lesson.name} has no training check"
        parts = (
            one.title,
            one.source,
            calibration.digest(course, one.lesson),
            repr(calibration.deciding(rule)),
            str(course.secret("journal")),
            machine(),
        )
        name = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
        cache = platformdirs.user_cache_path("deep-rl-for-beginners", appauthor=False)
        self.path: Path = cache / "calibration" / f"{name}.jsonl"

    def read(self) -> dict[int, TrainingSeed]:
        """The runs that are done, by number. A line that is cut off, as by a full disk, is none."""
        done = {}
        with contextlib.suppress(OSError):
            for text in self.path.read_bytes().splitlines():
                with contextlib.suppress(msgspec.DecodeError):
                    line = msgspec.json.decode(text, type=_Line)
                    done[line.number] = line.result
        return done

    def add(self, number: int, result: TrainingSeed) -> None:
        """Keep a run; where nothing can be kept, an interruption costs what it costs."""
        short = msgspec.structs.replace(result, returns=(), curve=())
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(b"\n" + msgspec.json.encode(_Line(number, short)) + b"\n")  # the line before may be cut off

    def end(self, runs: int) -> None:
        """Forget all runs, as a measurement of so many is complete; those of a larger one stay, which may go on."""
        if all(number < runs for number in self.read()):
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
