"""Arbitrary texts, names and reports: what students chose is shown as text, and what is read back is one or refused."""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import json
import os
from typing import Any, get_args

import msgspec
import tiny_course
from arbitrary import anything, frame_of, values
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.console import Console
from sample_reports import mixed

from grader.printable import one_line, visible
from grader.properties.answers import last_answer, last_value, same
from grader.properties.code import code
from grader.properties.forms import Form, of_the_same_kind, telling_apart, written
from grader.properties.origin import answer_of, find
from grader.render import html, terminal
from grader.report import seal
from grader.report.folders import PREFIX, RESERVED, called, folder_name
from grader.report.report import Report
from grader.student.transcript import Exchange, Transcript

# Names of folders as a file system gives them: any bytes but a separator and zero.
any_name = st.one_of(
    st.text(min_size=1, max_size=80),
    st.binary(min_size=1, max_size=255).map(os.fsdecode),
    st.sampled_from(sorted(RESERVED)).map(str.upper),
    st.text(max_size=5).map(PREFIX.__add__),
    st.lists(st.sampled_from(["\x1b[2J", "\x1b]0;", "\x07", "\r", "\n", "\u202e", "\u2066", "\udced", "a", "%41"])).map(
        "".join
    ),
).filter(lambda name: name and "/" not in name and "\0" not in name)


@settings(max_examples=150, deadline=None)
@given(any_name, any_name)
def test_any_name_has_a_folder_of_its_own(one: str, other: str) -> None:
    for name in (one, other):
        made = folder_name(called(name))
        made.encode()
        assert made.casefold() not in RESERVED
        assert "/" not in made
        assert made not in ("", ".", "..") or name in (".", "..")
        shown = one_line(name)
        shown.encode()
        assert visible(shown) == shown
        assert not {*"\n\t\r\x1b\u202e\u2066"} & {*shown}
        assert len(shown) < 260
    assert (folder_name(called(one)) == folder_name(called(other))) == (one == other)


# Reports as they lie in a folder, changed by whoever can write there.

REPORT = json.loads(mixed().to_json())
plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
odd = plain | st.sampled_from([10**400, -1, 1e308, "\ud800", "\x1b[2J", "<script>", "x" * 10_000, [], {}, "NaN"])


def _paths(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(path for key, item in inner for path in _paths(item, (*way, key)))]


def _read_back(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        report, ours = seal.opened(tiny_course.shared(), data)
        assert not ours
        # `grader export` says of such a file that it counts nowhere; what was sealed by mistake is shown as text.
        page = html.student_page([report])
        assert "<script" not in page
        html.class_page([report], title=report.title)
        terminal.print_list(report, Console(file=io.StringIO()))
        with contextlib.suppress(msgspec.ValidationError):  # infinite numbers are written as null
            Report.from_json(report.to_json())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(_paths(REPORT)[1:]), odd), max_size=4))
@example([(("training", "seeds", 0, "curve", 1, 0), 10**400)])
@example([(("training", "seeds", 0, "steps"), 10**400)])
@example([(("training", "max_steps"), 10**400)])
def test_any_report_that_is_read_back_is_one_or_refused(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    changed = json.loads(json.dumps(REPORT))
    for (*way, last), new in changes:
        with contextlib.suppress(KeyError, IndexError, TypeError):
            # A copy: the strategy gives one and the same list twice, and no JSON stands in itself.
            functools.reduce(lambda value, key: value[key], way, changed)[last] = copy.deepcopy(new)
    _read_back(json.dumps(changed).encode())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_report_or_refused(data: bytes) -> None:
    _read_back(data)


FORMS: tuple[Form, ...] = get_args(Form)

# What a transcript holds is compared with what chaffs say, and printed.


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(values, values)
def test_any_answers_can_be_compared_and_printed(one: Any, other: Any) -> None:
    for value in (one, other):
        assert len(code(value)) < 200_000
    same(one, other)
    same(other, one)
    same([one, other], [other, one])
    same({"a": one}, {"a": other})
    # A counterexample is written of such values: where each came from, and how it is printed.
    known = [answer_of(0, one), answer_of(1, [(one, other)] * 2), answer_of(2, other)]
    for wanted in (one, other, [one, other]):
        find(wanted, known)
        assert all(isinstance(written(wanted, form), str) for form in FORMS)
    telling_apart(one, other)
    of_the_same_kind(one, other)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(anything, anything, st.lists(st.booleans(), max_size=3))
def test_any_frames_can_be_compared(one: Any, other: Any, flags: list[bool]) -> None:
    frames = [frame_of(["ok", value, "", 0], flags) for value in (one, other)]
    transcripts = [Transcript(0, [Exchange(frame, frame, ())]) for frame in frames]
    same(*map(last_value, transcripts))
    assert all(isinstance(last_answer(transcript), str) for transcript in transcripts)
