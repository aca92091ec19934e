"""Style, spelling, Markdown: the same checks before a commit, in `make lint` and so in .ci/run; they find faults."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEV = {Requirement(each).name for each in PROJECT["optional-dependencies"]["dev"]}

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
needs_git = pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="needs git's files")


def _target(name: str) -> list[str]:
    """The commands of a target of the Makefile."""
    found = re.search(rf"(?m)^{name}:.*\n((?:\t.*\n)+)", MAKEFILE)
    assert found is not None
    return [line.strip() for line in found[1].splitlines()]


def _run(module: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_pre_commit_understands_its_file() -> None:
    done = _run("pre_commit", "validate-config")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_hooks_run_what_lint_runs() -> None:
    """The same tools, with the same subcommands; options say what to do with the files that are committed."""
    assert [repo["repo"] for repo in HOOKS] == ["local"], "a version that constraints.txt does not pin"
    hooks = [re.sub(r" --[\w-]+", "", hook["entry"]).removeprefix(".venv/bin/") for hook in HOOKS[0]["hooks"]]
    lint = [
        re.sub(r" (--check|\.|\$\(MARKDOWN\))(?= |$)", "", line).removeprefix("$(BIN)/") for line in _target("lint")
    ]
    assert hooks == lint
    assert {hook.split()[0] for hook in hooks} <= DEV
    assert "make lint" in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


@needs_make
@needs_git
def test_hooks_and_lint_take_the_same_pages() -> None:
    """All that git has, but for the lesson texts."""
    command = ["make", "-s", "--eval=print-markdown: ; @echo $(MARKDOWN)", "print-markdown"]
    lint = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout.split()
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    hook = next(hook for hook in HOOKS[0]["hooks"] if hook["id"] == "mdformat")
    assert sorted(lint) == sorted(path for path in listed if not re.search(hook["exclude"], path))
    assert "README.md" in lint


@pytest.mark.parametrize(
    ("name", "found"),
    [("a.py", True), ("a.md", True), ("a.ipynb", False)],
)
def test_a_misspelt_word_is_found(name: str, found: bool, tmp_path: Path) -> None:
    """With the project's own list of words; not in what is made from other files, as that is mended elsewhere."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / name).write_text("# np.arange by Ba: re" + "cieve\n", encoding="utf-8")
    command = [Path(sys.executable).parent / "typos", "--force-exclude", "--format", "brief", name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert re.findall(r"`(\w+)` should be", done.stdout) == (["re" + "cieve"] if found else []), done.stderr
    assert (done.returncode != 0) is found


def test_a_page_of_another_layout_is_found(tmp_path: Path) -> None:
    """Lines are wrapped at 120, and a table is still a table, without padding."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("word " * 40 + "\n\n|a|b|\n|---|---|\n|long|d|\n", encoding="utf-8")
    assert _run("mdformat", "--check", "page.md", cwd=tmp_path).returncode == 1
    assert _run("mdformat", "page.md", cwd=tmp_path).returncode == 0
    lines = page.read_text(encoding="utf-8").splitlines()
    assert max(map(len, lines)) <= 120
    assert lines[-3:] == ["| a | b |", "| -- | -- |", "| long | d |"]
