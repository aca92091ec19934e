"""Documents name what exists: files, modules that one runs, targets of the Makefile, pages that they link to."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest
import torch

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


@pytest.mark.parametrize(
    ("lesson", "block", "shown"),
    [
        ("lesson1_agent_loop", 1, "[7] [0, 0] 0"),
        ("lesson2_value_functions", 0, "[-4.7 -4.1 -3.4 -2.7]"),
        ("lesson4_dqn", 0, "\n1\n"),
        ("lesson5_replay_buffer", 0, "100\n["),
        ("lesson7_reinforce", 0, "120 tensor([0.0"),
        (
            "lesson8_actor_critic",
            0,
            "([7.8750, 7.5000, 6.0000])\ntensor([6.2500, 1.0000, 6.0000])\ntensor([7.5000, 6.0000, 6",
        ),
        ("lesson9_ppo", 0, "0.4 2.0 0.0\n0.4 -2.0 2.6"),
    ],
    ids=lambda part: part if str(part).startswith("lesson") else "",
)
def test_lines_to_try_show_what_the_text_says(
    lesson: str, block: int, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that neither train an agent nor take long, with the course's own solutions."""
    text = (ROOT / "exercises" / f"{lesson}.md").read_text(encoding="utf-8")
    lines = re.findall(r"(?ms)^```python\n(.*?)^```", text)[block]
    monkeypatch.syspath_prepend(str(ROOT / "solutions"))
    before, threads = set(sys.modules), torch.get_num_threads()
    torch.set_num_threads(1)  # with more of them, networks this small take several times as long on a busy machine
    try:
        exec(compile(lines, f"{lesson}.md", "exec"), {})
    finally:
        torch.set_num_threads(threads)
        for name in set(sys.modules) - before:
            if name.startswith("lesson"):
                del sys.modules[name]
    assert shown in capsys.readouterr().out
