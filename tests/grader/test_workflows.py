"""Workflows and containers, of this repository and as it makes them: GitHub understands them, and their actions run.

`check-jsonschema` carries the schemas of GitHub's files, as schemastore.org keeps them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from grader.course import load
from grader.export import github
from grader.release.contents import contents

ROOT = Path(__file__).parents[2]
COURSE = load(ROOT)
TARGETS = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
OWN = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def made() -> dict[str, str]:
    """Every kind of workflow that the grader writes."""
    released = contents(COURSE, COURSE.lessons[:1])
    return {
        "public": github.workflow(COURSE.lessons),
        "hidden": github.workflow(COURSE.lessons, "school/course"),
        "public, with the reporter": github.workflow(COURSE.lessons, reporter=True),
        "hidden, with the reporter": github.workflow(COURSE.lessons, "school/course", reporter=True),
        **{f"released: {path}": data.decode() for path, data in released.items() if path.startswith(".github/")},
    }


MADE = made()
EVERY = {**{path.name: path.read_text(encoding="utf-8") for path in OWN}, **MADE}


def are_valid(schema: str, texts: Iterable[str], folder: Path) -> None:
    paths = [folder / f"{i}.yml" for i, _ in enumerate(texts)]
    for path, text in zip(paths, texts):
        path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def used(text: str) -> set[str]:
    jobs: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return {step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step}


def test_there_is_a_workflow_in_a_release() -> None:
    assert [name for name in MADE if name.startswith("released")] == [f"released: {github.WORKFLOW}"]


def test_github_understands_them(tmp_path: Path) -> None:
    are_valid("vendor.github-workflows", EVERY.values(), tmp_path)
    are_valid("custom.github-workflows-require-timeout", EVERY.values(), tmp_path)


def test_the_schema_finds_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="run-on"):
        are_valid("vendor.github-workflows", [MADE["public"].replace("runs-on:", "run-on:")], tmp_path)


@pytest.mark.parametrize("name", EVERY)
def test_it_uses_these_actions_and_no_other(name: str) -> None:
    """After a pull request of Dependabot's: change ACTIONS in grader/export/github.py and the golden workflows too."""
    allowed = {f"{action}@{version}" for action, version in github.ACTIONS.items()}
    if "with the reporter" in name:
        allowed |= {github.REPORTER}
    if name == "site.yml":
        allowed |= {"actions/upload-pages-artifact@v5", "actions/deploy-pages@v5"}
    assert used(EVERY[name]) <= allowed


@pytest.mark.parametrize("name", EVERY)
def test_it_may_only_read(name: str) -> None:
    workflow = yaml.safe_load(EVERY[name])
    if name == "site.yml":
        # The job that publishes runs nothing of ours: neither our code nor a package that we install.
        publishes = workflow["jobs"].pop("publish")
        assert publishes.pop("permissions") == {"pages": "write", "id-token": "write"}
        assert all("run" not in step for step in publishes["steps"])
    assert all("permissions" not in job for job in workflow["jobs"].values())
    write = {scope for scope, may in workflow["permissions"].items() if may != "read"}
    assert write == ({"checks"} if "with the reporter" in name else set())


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_what_our_own_workflows_type_exists(path: Path) -> None:
    """Targets of the Makefile; a matrix with every Python that pyproject.toml and README speak of, or every lesson."""
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"\bmake ([a-z-]+)", text)) <= TARGETS
    matrices = [job["strategy"]["matrix"] for job in yaml.safe_load(text)["jobs"].values() if "strategy" in job]
    pythons = [matrix["python"] for matrix in matrices if "python" in matrix]
    assert pythons == ([] if path.name == "site.yml" else [["3.11", "3.12", "3.13"]])
    lessons = [lesson.number for lesson in COURSE.lessons]
    assert all(matrix["lesson"] == lessons for matrix in matrices if "lesson" in matrix)


def test_every_night_measures_what_a_change_does_not() -> None:
    """CI takes one known wrong program in eight and no mutant; a lesson's tests may still not get worse unseen."""
    steps = (ROOT / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8")
    assert {"make test-slow", "grader verify", "make mutants", "grader rehearse"} <= set(
        re.findall(r"make [a-z-]+|grader [a-z]+", steps)
    )


# Development containers: the repository's own, and the one that a release brings.


def test_both_containers_are_made_alike() -> None:
    """The same image, so that what works here works for students; here as `make` installs, there without it."""
    own = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    students = json.loads(contents(COURSE, COURSE.lessons[:1])[".devcontainer/devcontainer.json"])
    assert own["image"] == students["image"]
    assert students.keys() <= own.keys()
    assert students["customizations"].keys() == own["customizations"].keys()
    theirs = set(students["customizations"]["vscode"]["extensions"])
    assert theirs <= set(own["customizations"]["vscode"]["extensions"])


def test_the_container_is_set_up_by_make() -> None:
    own = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    command, target = own["postCreateCommand"].split()
    assert command == "make"
    assert target in TARGETS
    editor = own["customizations"]["vscode"]["settings"]
    assert editor["python.defaultInterpreterPath"] == "${containerWorkspaceFolder}/.venv/bin/python"
    opened = [*own["customizations"]["codespaces"]["openFiles"], *editor["python.testing.pytestArgs"]]
    assert [path for path in opened if not (ROOT / path).exists()] == []


# Dependabot.


def dependabot() -> dict[str, Any]:
    text = (ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8")
    return {update["package-ecosystem"]: update for update in yaml.safe_load(text)["updates"]}


def test_dependabot_understands_its_file(tmp_path: Path) -> None:
    are_valid("vendor.dependabot", [(ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8")], tmp_path)
    updates = dependabot()
    assert set(updates) == {"github-actions", "pip"}
    for update in updates.values():
        assert update["schedule"] == {"interval": "weekly"}
        assert [group["patterns"] for group in update["groups"].values()] == [["*"]], "one pull request for all"


def test_torch_is_left_where_it_is() -> None:
    assert [each["dependency-name"] for each in dependabot()["pip"]["ignore"]] == ["torch"]


def test_dependabot_reads_the_constraints() -> None:
    """It takes a .txt file at the top for a list of requirements if every line is one, or a comment."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert all([specifier.operator for specifier in pin.specifier] == ["=="] for pin in pins)
