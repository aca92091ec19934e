"""Thin reports: what tables and the page of a class need, and nothing that only a student's own page shows.

A class has thousands of reports, each of which holds examples, curves and films. A thin one is a ``Report`` like any
other, without these; and what many of them have in common, such as a law that holds, is one object for all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from typing import Any, TypeVar

import msgspec

from grader.printable import clip
from grader.report.report import Origin, PropertyResult, Report, TrainingResult

_LONGEST = 500
_DIGITS = 12

_Shared = TypeVar("_Shared", bound=Hashable)


class ThinProperty(PropertyResult, frozen=True, kw_only=True):
    """A property's verdict and points, without the case that shows it.

    Attributes:
        behaviour: stands for what was asked in the failing case, and what came back: equal where it was the same. It is
            "" where nothing failed.
    """

    behaviour: str = ""


class Thinner:
    """Makes reports thin; equal parts of all that it has made are the same object."""

    def __init__(self) -> None:
        """Nothing has been seen yet."""
        self._known: dict[Hashable, Any] = {}
        self._versions: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def thin(self, report: Report) -> Report:
        """The report without what only its own page shows; it has no seal any more."""
        failed = report.status == "error"
        return msgspec.structs.replace(
            report,
            student=self.shared(report.student),
            lesson=self.shared(report.lesson),
            title=self.shared(report.title),
            isolation=self.shared(report.isolation),
            device=self.shared(report.device),
            properties=tuple(self.shared(_property(each)) for each in report.properties),
            training=None if report.training is None else self.shared(_training(report.training)),
            message=clip(report.message, _LONGEST) if failed else "",
            held=clip(report.held, _LONGEST),
            notes=(),
            origin=None if report.origin is None else self._origin(report.origin),
            seal="",
        )

    def shared(self, value: _Shared) -> _Shared:
        """The first value seen that is equal to this one."""
        found: _Shared = self._known.setdefault((type(value), value), value)
        return found

    def versions(self, versions: dict[str, str]) -> dict[str, str]:
        """The same for a dict of versions, or of the parts that many reports depend on."""
        return self._versions.setdefault(tuple(versions.items()), versions)

    def _origin(self, origin: Origin) -> Origin:
        return Origin(
            made_at=origin.made_at,
            file="",
            file_sha256="",
            judged={self.shared(name): sha256 for name, sha256 in origin.judged.items()},
            tests=self.shared(origin.tests),
            grader=self.shared(origin.grader),
            versions=self.versions(origin.versions),
            machine=self.shared(origin.machine),
            stage_seconds={self.shared(stage): seconds for stage, seconds in origin.stage_seconds.items()},
            parts=self.versions(origin.parts),
        )


def _property(result: PropertyResult) -> ThinProperty:
    if isinstance(result, ThinProperty):
        return result
    return ThinProperty(
        name=result.name,
        exercise=result.exercise,
        says=result.says,
        verdict=result.verdict,
        points=result.points,
        max_points=result.max_points,
        written=result.written,
        got=clip(result.got, _LONGEST) if result.verdict == "error" else "",
        needed=clip(result.needed, _LONGEST) if result.verdict == "error" else "",
        misconception=result.misconception,
        behaviour=behaviour(result),
    )


def behaviour(result: PropertyResult) -> str:
    """A short name for the failing case and what came back, "" where nothing failed.

    All students are asked the same questions, and the smallest case is looked for in the same way: programs that do the
    same fail in the same case, with the same answer.
    """
    if result.verdict != "fail":
        return ""
    asked = result.counterexample.code if result.counterexample else ""
    text = repr((asked, result.got, result.written)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:_DIGITS]


def _training(result: TrainingResult) -> TrainingResult:
    return TrainingResult(
        exercise=result.exercise,
        rule=result.rule,
        threshold=result.threshold,
        max_steps=result.max_steps,
        verdict=result.verdict,
        points=result.points,
        max_points=result.max_points,
        device=result.device,
        message=clip(result.message, _LONGEST) if result.verdict == "error" else "",
    )
