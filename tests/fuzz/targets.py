"""All that is fuzzed, as one list: each target is a hypothesis test that `make test` runs as well."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

TESTS = Path(__file__).parents[1] / "grader"


class Target(NamedTuple):
    """Something that reads what a student controls.

    Attributes:
        name: what `make fuzz TARGET=` takes.
        test: the file below ``tests/grader`` and the hypothesis test in it.
        raw: the test takes bytes, and is given the fuzzer's as they are; otherwise hypothesis makes its arguments of
            them.
    """

    name: str
    test: str
    raw: bool = False

    @property
    def file(self) -> Path:
        """The file that the test is in."""
        return TESTS / self.test.partition("::")[0]

    @property
    def function(self) -> str:
        """The test's own name."""
        return self.test.partition("::")[2]


_WIRE, _TEXTS = "student/test_wire.py", "test_arbitrary_texts.py"
_FILES, _ARCHIVES = "submissions/test_arbitrary_files.py", "collect/test_arbitrary_archives.py"

TARGETS = (
    # What a process that runs student code says.
    Target("frames", f"{_WIRE}::test_any_stream_is_messages_or_refused", raw=True),
    Target("mutated-frames", f"{_WIRE}::test_mutated_frames_are_a_message_or_a_wire_error"),
    Target("tags", f"{_WIRE}::test_every_tag_with_any_parts_is_a_message_or_a_wire_error"),
    Target("replies", "student/test_replies.py::test_whatever_is_said_is_an_answer_or_the_students_fault"),
    Target("session", "student/test_live_peer.py::test_whatever_a_live_peer_says_is_an_answer_or_the_students_fault"),
    Target("grading", "grading/test_live_peer_grading.py::test_whatever_a_process_says_there_is_a_report"),
    Target("answers", f"{_TEXTS}::test_any_answers_can_be_compared_and_printed"),
    Target("transcripts", f"{_TEXTS}::test_any_frames_can_be_compared"),
    # What lies in a student's folder, and what the process that reads it says.
    Target("module", f"{_FILES}::test_any_bytes_are_a_module_or_refused", raw=True),
    Target("notebook", f"{_FILES}::test_any_bytes_are_a_notebook_or_refused", raw=True),
    Target("cells", f"{_FILES}::test_any_notebook_is_read_or_refused"),
    Target("source", f"{_FILES}::test_any_source_is_a_submission"),
    Target("folder", f"{_FILES}::test_any_folder_holds_work_or_none"),
    Target("reading", f"{_FILES}::test_whatever_the_reading_process_says_is_taken_or_refused"),
    Target("reading-bytes", f"{_FILES}::test_any_bytes_are_an_answer_or_refused", raw=True),
    # What is shown: texts, names, and reports that are read back.
    Target("markdown", "nbgrader/test_page_text.py::test_any_text_is_harmless", raw=True),
    Target("html", "nbgrader/test_page_text.py::test_whatever_is_put_together"),
    Target("names", f"{_TEXTS}::test_any_name_has_a_folder_of_its_own"),
    Target("report", f"{_TEXTS}::test_any_bytes_are_a_report_or_refused", raw=True),
    Target("report-fields", f"{_TEXTS}::test_any_report_that_is_read_back_is_one_or_refused"),
    # What another system hands out.
    Target("archive", f"{_ARCHIVES}::test_any_bytes_are_an_archive_or_refused", raw=True),
    Target("archive-members", f"{_ARCHIVES}::test_any_archive_is_unpacked_or_refused"),
    Target("download", f"{_ARCHIVES}::test_any_download_is_collected_or_refused"),
    Target("download-names", f"{_ARCHIVES}::test_any_names_are_some_download"),
    Target("safe-names", f"{_ARCHIVES}::test_any_name_is_made_safe"),
)


def find(name: str) -> Target:
    """The target of that name.

    Raises:
        ValueError: there is none; the message names all.
    """
    for target in TARGETS:
        if target.name == name:
            return target
    raise ValueError(f"there is no target {name!r}; there are {', '.join(each.name for each in TARGETS)}")


def test_of(target: Target) -> Any:
    """The hypothesis test of a target."""
    return getattr(module_of(target.file), target.function)


def module_of(file: Path) -> Any:
    """A file of tests as a module of its own; no example is stored where one of them fails."""
    from hypothesis import settings

    before = settings.get_current_profile_name()
    settings.register_profile("fuzz", database=None, deadline=None)
    for folder in (TESTS, file.parent):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location(f"fuzzed_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    settings.load_profile("fuzz")
    try:
        spec.loader.exec_module(module)
    finally:
        settings.load_profile(before)
    return module


def load(target: Target, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Callable[[bytes], object]:
    """A function that runs a target on an input.

    Args:
        target: which one.
        around: wraps the body of the test, to measure it: making its arguments is not the grader's work.
    """
    handle = test_of(target).hypothesis
    handle.inner_test = around(handle.inner_test)
    return handle.inner_test if target.raw else handle.fuzz_one_input
