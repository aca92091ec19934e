"""The reports on a fixed class are what they were: what the grader's shape may not change (see ``golden_class.py``)."""

from __future__ import annotations

import golden_class
import pytest

from grader.student.isolation import choose
from grader.student.levels import IsolationError


def test_reports_and_marks_are_what_they_were() -> None:
    try:
        isolation = choose()
    except IsolationError as error:
        pytest.skip(str(error))
    made, kept = golden_class.made(isolation), golden_class.kept()
    assert made.keys() == kept.keys()
    changed = [name for name in kept if made[name] != kept[name]]
    for name in changed:
        assert made[name] == kept[name], f"{len(changed)} of {len(kept)} files differ: {', '.join(changed)}"
