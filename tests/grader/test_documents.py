"""Documents name what exists: files, modules that one runs, targets of the Makefile, pages that they link to."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for folder in (".", "exercises", "grader", "tests") for path in (ROOT / folder).glob("*.md"))
TARGETS = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
# The changelog speaks of files as they were called then.
TODAY = [path for path in PAGES if path.name != "CHANGELOG.md"]

pages = pytest.mark.parametrize("page", TODAY, ids=lambda path: path.relative_to(ROOT).as_posix())


def test_there_are_pages() -> None:
    assert {"README.md", "CONTRIBUTING.md", "DESIGN.md", "CHANGELOG.md"} <= {path.name for path in PAGES}


@pages
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pages
def test_commands_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    modules = set(re.findall(r"python\s+-m\s+(grader[\w.]*\w)", text))
    assert {name for name in modules if importlib.util.find_spec(name) is None} == set()
    blocks = re.findall(r"(?ms)^```\w*\n(.*?)^```", text)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"(?ms)^```.*?^```", "", text))
    assert set(re.findall(r"(?m)^(?:\$ )?make ([a-z][a-z-]*)", "\n".join([*blocks, *spans]))) <= TARGETS


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "grader/DESIGN.md", "SECURITY.md"])
def test_files_exist(name: str) -> None:
    """A path that is named in full, or by the part below grader/."""
    text = (ROOT / name).read_text(encoding="utf-8")
    files = re.findall(r"`((?:[\w.]+/)+\w+\.(?:py|md|yml)|files\.py)`", text)
    missing = [file for file in files if not any((ROOT / folder / file).is_file() for folder in (".", "grader"))]
    assert missing == []
