"""Memory in large pages: an advice that changes no value, and that nobody needs."""

from __future__ import annotations

import sys

import pytest

from grader.student import pages


def test_what_lies_in_memory_stays_as_it_was() -> None:
    before = [bytearray(f"{number}", "ascii") * 1000 for number in range(2000)]
    pages.make_large()
    assert all(block == bytearray(f"{number}", "ascii") * 1000 for number, block in enumerate(before))


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc/self/maps")
def test_only_whole_large_pages_that_belong_to_no_file() -> None:
    found = list(pages._private())
    assert found, "a process with torch has some"
    assert all(start % pages._LARGE == end % pages._LARGE == 0 and start < end for start, end in found)


def test_another_system_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(pages, "_private", lambda: pytest.fail("it was looked at"))
    pages.make_large()
