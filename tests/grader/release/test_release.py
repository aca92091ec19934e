"""`grader release`: what students get works, and holds nothing that they must not see."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
import tiny_course
import yaml
from packaging.requirements import Requirement

from grader.course import Exercise, TrainingRule, load
from grader.errors import CourseError
from grader.lessons import chaffs
from grader.lessons import stubs as build
from grader.release import contents as making
from grader.release import modules
from grader.release.contents import Files, canonical, contents, with_what_they_import
from grader.release.course_yml import for_students
from grader.release.folder import STATE, apply, plan, read_state
from grader.training import calibration
from grader.version import PROJECT

ROOT = Path(__file__).parents[3]
COURSE = load(ROOT)


def update(folder: Path, files: Files, *, with_tests: bool = False) -> None:
    """Write a release of all lessons."""
    state = read_state(folder)
    apply(folder, state, plan(folder, state, files), [lesson.name for lesson in COURSE.lessons], with_tests)


@pytest.fixture(scope="module")
def files() -> Files:
    return contents(COURSE, COURSE.lessons)


@pytest.fixture(scope="module")
def released(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release in a folder of its own, as a student unpacks it."""
    folder = tmp_path_factory.mktemp("release") / "course"
    update(folder, files)
    return folder


@dataclasses.dataclass
class Done:
    """How one command ended."""

    status: int
    out: str
    err: str


ONLY = """\
import importlib.metadata, re, sys

class Missing:
    there = set({there})
    of = importlib.metadata.packages_distributions()

    def find_spec(self, name, path=None, target=None):
        names = {{re.sub("[-_.]+", "-", each).lower() for each in self.of.get(name.partition(".")[0], [])}}
        if names and not names & {{*self.there, "deep-rl-for-beginners"}}:
            raise ModuleNotFoundError(f"No module named {{name!r}}: a learner has not got it", name=name)

sys.meta_path.insert(0, Missing())
"""
"""Before anything else: the packages that are not in the list can not be imported, although they are here."""

# One process for several commands, because importing torch costs more than all of them.
DRIVER = """\
import contextlib, io, json, pathlib, sys
import grader
from grader.cli import main

folder, steps = sys.argv[1], json.loads(sys.argv[2])
assert grader.__file__.startswith(folder), grader.__file__
done = []
for path, text, words in steps:
    if path:
        pathlib.Path(path).write_text(text, encoding="utf-8")
    out, err, sys.argv, status = io.StringIO(), io.StringIO(), ["grader", *words], 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
    done.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(done))
"""


def brought_by(*requirements: str) -> set[str]:
    """The packages that an installation of these brings along, these included."""
    # A release is for every Python that the course supports: what only another one than this needs is listed as well.
    pythons = [{"python_version": v, "python_full_version": f"{v}.0"} for v in ("3.11", "3.12", "3.13")]
    waiting, needed, elsewhere = list(requirements), set[str](), set[str]()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonical(requirement.name)
        needed.add(name)
        extras = ["", *requirement.extras]
        try:
            further = map(Requirement, importlib.metadata.requires(name) or ())
        except importlib.metadata.PackageNotFoundError:
            if name in elsewhere:
                continue
            pytest.skip(f"{name} is not installed here")
        for each in further:
            marked = each.marker
            if marked is None or any(marked.evaluate({"extra": e} | python) for e in extras for python in pythons):
                if marked is not None and not any(marked.evaluate({"extra": e}) for e in extras):
                    elsewhere.add(canonical(each.name))
                if canonical(each.name) not in needed:
                    waiting.append(f"{each.name}[{','.join(each.extras)}]")
    return needed


def student(folder: Path, *steps: tuple[str, str, tuple[str, ...]]) -> list[Done]:
    """Commands in a release, with the packages that its installation brings along and the release's own grader.

    Args:
        folder: the release.
        steps: each a file to write first ("" for none), what is in it, and the command's words.
    """
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "100"}
    environment.pop("GRADER_SALT", None)
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    there = sorted(brought_by(*project["dependencies"]))
    command = [sys.executable, "-c", ONLY.format(there=there) + DRIVER, str(folder), json.dumps(steps)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return [Done(*each) for each in json.loads(done.stdout)]


# Nothing leaks.


def plain(line: str) -> str:
    return " ".join(line.split())


def lines(paths: Iterable[Path], at_least: int) -> set[str]:
    found = {plain(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()}
    return {line for line in found if len(line) >= at_least}


def region_lines() -> set[str]:
    """The lines between the markers of all solutions."""
    found = set()
    for lesson in COURSE.lessons:
        text = COURSE.solution(lesson).read_text(encoding="utf-8")
        for region in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", text, flags=re.DOTALL):
            found |= {plain(line) for line in region.splitlines()}
    return {line for line in found if len(line) >= 16}


@functools.cache
def secrets() -> dict[str, set[str]]:
    """What no student may see, by kind."""
    known = [chaff for lesson in COURSE.lessons for chaff in chaffs.load(COURSE, lesson)]
    tests = ROOT / "tests"
    return {
        "hidden tests": lines(tests.glob("lesson*/test_*.py"), 25),
        "solutions": region_lines(),
        "wheats": lines(tests.glob("lesson*/wheats/*.py"), 25),
        "chaffs": lines(tests.glob("lesson*/chaffs.yml"), 25),
        "names of chaffs": {chaff.name for chaff in known},
        "sayings of chaffs": {plain(chaff.says) for chaff in known},
        "salt": {COURSE.salt},
    }


@functools.cache
def public() -> str:
    """What is public anyway, from where the author keeps it: lines that occur here give nothing away."""
    stubs = [build.pristine(COURSE, lesson) for lesson in COURSE.lessons]
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "exercises").glob("*.md"))]
    code = [(ROOT / path).read_text(encoding="utf-8") for path in modules.needed()]
    exercises: list[Exercise | TrainingRule] = [exercise for lesson in COURSE.lessons for exercise in lesson.exercises]
    exercises += [lesson.training for lesson in COURSE.lessons if lesson.training]
    hints = [hint for exercise in exercises for hint in exercise.hints]
    return "\n".join(plain(line) for text in [*stubs, *texts, *code, *hints] for line in text.splitlines())


def leaks(files: Files, wanted: set[str], known: str) -> set[str]:
    """Which of the secrets occur; notebooks are read with their JSON escapes taken out."""
    text = "\n".join(
        plain(line)
        for path, data in files.items()
        for line in (data.decode() if not path.endswith(".ipynb") else _cells(data)).splitlines()
    )
    own = {secret for secret in wanted if secret not in known}
    words = set(re.findall(r"\w+", text))
    return {secret for secret in own if (secret in words if re.fullmatch(r"\w+", secret) else secret in text)}


def _cells(notebook: bytes) -> str:
    return "\n".join("".join(cell["source"]) for cell in json.loads(notebook)["cells"])


@pytest.mark.parametrize("kind", sorted(secrets()))
def test_nothing_of_the_secrets_is_in_a_release(files: Files, kind: str) -> None:
    assert not leaks(files, secrets()[kind], public())


@pytest.mark.parametrize("kind", ["hidden tests", "solutions", "chaffs", "names of chaffs", "sayings of chaffs"])
def test_the_same_search_finds_them_where_they_are(kind: str) -> None:
    """In a copy with tests; and nearly all of them are told apart from what is public."""
    everything = contents(COURSE, COURSE.lessons, with_tests=True)
    assert len(leaks(everything, secrets()[kind], public())) > 0.6 * len(secrets()[kind])


@pytest.mark.parametrize("with_tests", [False, True])
def test_the_salt_of_a_class_stays_with_the_course(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_tests: bool
) -> None:
    monkeypatch.delenv("GRADER_SALT", raising=False)
    course = tiny_course.make(tmp_path).of_class(make=True)
    files = contents(course, course.lessons, with_tests=with_tests)
    assert ".grader-salt" not in files
    assert not [name for name, data in files.items() if course.class_salt.encode() in data]
    for ignored in (files[".gitignore"].decode(), (ROOT / ".gitignore").read_text()):
        assert {".grader-salt", ".grader-names.csv"} <= set(ignored.split())


def test_the_search_sees_a_salt_and_a_notebook(files: Files) -> None:
    cell = {"cell_type": "code", "source": [f"word = '{COURSE.salt}'\n"]}
    notebook = json.dumps({"cells": [cell]}).encode()
    assert leaks({**files, "exercises/x.ipynb": notebook}, {COURSE.salt}, public()) == {COURSE.salt}


def test_nothing_of_the_secrets_is_in_what_is_remembered(tmp_path: Path) -> None:
    """Not even of a copy that had them: the state goes to students with the folder."""
    everything = {kind: wanted for kind, wanted in secrets().items() if kind not in ("wheats", "salt")}
    update(tmp_path, contents(COURSE, COURSE.lessons, with_tests=True), with_tests=True)
    state = {STATE: _texts(tmp_path)}
    assert not leaks(state, secrets()["hidden tests"], public())  # they are never merged, so there are no texts of them
    update(tmp_path, contents(COURSE, COURSE.lessons))
    for kind, wanted in everything.items():
        assert not leaks({STATE: _texts(tmp_path)}, wanted, public()), kind
    assert COURSE.salt.encode() not in (tmp_path / STATE).read_bytes()


def _texts(folder: Path) -> bytes:
    """Everything in a release's state: texts with their line ends, and names."""
    state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    files = state["memory"]["files"]
    return "\n".join([*state["lessons"], *files, *(each.get("text") or "" for each in files.values())]).encode()


def test_no_file_of_tests_or_solutions_or_of_other_commands(files: Files) -> None:
    assert not [path for path in files if path.startswith(("tests/", "solutions/"))]
    left_out = (
        "verify",
        "mutants",
        "classroom",
        "sample_class",
        "workers",
        "bench/",
        "figures/",
        "managed/",
        "release/",
        "export/",
    )
    assert not [path for path in files if path.startswith(tuple(f"grader/{name}" for name in left_out))]
    assert {path for path in files if path.startswith("grader/commands/")} == {
        "grader/commands/__init__.py",
        "grader/commands/options.py",
        "grader/commands/learn.py",
    }


def test_right_answers_in_other_styles_go_where_the_solutions_go() -> None:
    """Whoever is done compares with them; what measures the properties is of no use to a learner."""
    everything = contents(COURSE, COURSE.lessons, with_tests=True)
    assert {path for path in everything if "/wheats/" in path} == {
        path.relative_to(COURSE.root).as_posix()
        for lesson in COURSE.lessons
        for path in COURSE.tests(lesson).glob("wheats/*.py")
    }
    assert not [path for path in everything if "wheat_chaffs" in path or "equivalent" in path or "corners" in path]
    assert not [path for path in contents(COURSE, COURSE.lessons) if "wheats" in path]
    assert COURSE.salt.encode() not in everything["course.yml"]


# What is released is made, and is always the same.


def test_two_releases_are_equal(files: Files) -> None:
    assert contents(COURSE, COURSE.lessons) == files


def test_stubs_are_made_from_the_solutions_and_not_taken_from_somebodys_work(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path)
    course.stub(course.lesson("1")).write_text("my own work")
    made = contents(course, course.lessons)
    assert b"write me" in made["exercises/lesson1_numbers.py"]
    assert made["exercises/lesson1_numbers.py"] == made["grader/released/lesson1_numbers.py"]


@pytest.mark.parametrize("with_tests", [False, True])
def test_what_is_known_of_training_comes_along_and_is_understood_there(
    files: Files, tmp_path: Path, with_tests: bool
) -> None:
    known = [each for each in COURSE.lessons if each.training and calibration.of_lesson(COURSE, each)]
    assert known
    update(tmp_path / "copy", contents(COURSE, COURSE.lessons, with_tests=with_tests), with_tests=with_tests)
    copy = load(tmp_path / "copy")
    for lesson in COURSE.lessons:
        at_home = calibration.of_lesson(copy, copy.lesson(lesson.name)) if lesson.training else None
        assert at_home == (calibration.of_lesson(COURSE, lesson) if lesson in known else None)


def test_figures_of_another_program_stay_away(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path)
    lesson = course.lesson("2")
    assert lesson.training is not None
    runs = calibration.Runs(9, 9, calibration.Middle(1, 1), calibration.Middle(1, 1))
    found = calibration.Calibration(
        long_runs=runs,
        rule=calibration.deciding(lesson.training),
        digest=calibration.digest(course, lesson),
        made_with="",
    )
    path = "grader/released/lesson2_balance.calibration.yml"
    assert path not in contents(course, course.lessons)
    calibration.keep(course, lesson, found)
    assert contents(course, course.lessons)[path] == course.calibration(lesson).read_bytes()
    calibration.keep(course, lesson, msgspec.structs.replace(found, digest="another"))
    assert path not in contents(course, course.lessons)


def test_a_notebook_and_figures_come_along_where_they_are(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path)
    folder = tmp_path / "exercises"
    (folder / "figures").mkdir()
    (folder / "figures/one.svg").write_text("<svg/>")
    (folder / "figures/of_nobody.svg").write_text("<svg/>")
    (folder / "lesson1_numbers.md").write_text("![One](figures/one.svg)")
    (folder / "lesson1_numbers.ipynb").write_text("{}")
    made = contents(course, [course.lesson("1")])
    assert {path for path in made if path.startswith("exercises/")} == {
        "exercises/figures/one.svg",
        "exercises/lesson1_numbers.ipynb",
        "exercises/lesson1_numbers.md",
        "exercises/lesson1_numbers.py",
        "exercises/lesson1_numbers.yml",
    }


def test_lessons_bring_along_what_they_import() -> None:
    assert [lesson.number for lesson in with_what_they_import(COURSE, ["6"])] == [4, 5, 6]
    with pytest.raises(CourseError, match="no single lesson"):
        with_what_they_import(COURSE, ["12"])


def test_course_yml_loses_its_secrets_and_keeps_its_comments() -> None:
    text = (ROOT / "course.yml").read_text(encoding="utf-8")
    names = [lesson.name for lesson in COURSE.lessons]
    shorter = for_students(text, names)
    kept, before = yaml.safe_load(shorter), yaml.safe_load(text)
    assert kept == {key: value for key, value in before.items() if key not in ("salt", "sample_class")}
    assert "# beyond what importing torch and its like takes" in shorter
    assert "GRADER_SALT" not in shorter
    one = yaml.safe_load(for_students(text, names[3:5]))
    assert one["lessons"] == before["lessons"][3:5]


@pytest.mark.parametrize("flow", [True, False])
def test_course_yml_in_any_order(flow: bool) -> None:
    lessons = "lessons: [{name: lesson1_a, title: A, exercises: []}]\n" if flow else "lessons:\n  - name: lesson1_a\n"
    text = (
        f"# Head.\n\n# Of the salt.\nsalt: x\n# Of the lessons.\n{lessons}# Of the class.\nsample_class: [lesson1_a]\n"
    )
    assert for_students(text, ["lesson1_a"]) == f"# Head.\n\n# Of the lessons.\n{lessons}"


def test_packages_are_those_that_a_student_installs() -> None:
    """`packages.txt` is what the metadata of the installed packages says."""
    project = tomllib.loads(contents(COURSE, COURSE.lessons)["pyproject.toml"].decode())["project"]
    assert project["dependencies"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    pinned = {canonical(line.partition("==")[0]) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    needed = brought_by(*project["dependencies"], *project["optional-dependencies"]["notebooks"])
    listed = (Path(making.__file__).parent / "packages.txt").read_text().splitlines()[1:]
    assert set(listed) == needed & pinned
    assert "torch" in listed
    assert "nbgrader" not in listed


# A student.


def test_every_module_of_a_release_can_be_imported(released: Path) -> None:
    names = [path.relative_to(released).with_suffix("") for path in released.glob("grader/**/*.py")]
    dotted = [".".join(name.parts) for name in names if "released" not in name.parts and name.name != "__init__"]
    code = f"import importlib; [importlib.import_module(name) for name in {dotted}]; print(len({dotted}))"
    environment = {**os.environ, "PYTHONPATH": str(released), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30


def test_help_offers_what_works_and_nothing_else(released: Path) -> None:
    done, versions = student(released, ("", "", ("--help",)), ("", "", ("--version",)))
    assert done.status == 0
    assert re.findall(r"^│ ([a-z]+) ", done.out, flags=re.MULTILINE) == ["check", "watch", "train", "hint", "status"]
    assert versions.status == 0
    assert re.match(r"grader \d+\.\d+\.\d+\nPython 3\.", versions.out)


def test_a_release_is_the_same_project_in_the_same_version(files: Files) -> None:
    """So `grader --version` of a student is that of the course."""
    ours, theirs = (ROOT / "pyproject.toml").read_text(encoding="utf-8"), files["pyproject.toml"].decode()
    for key in ("name", "version"):
        assert tomllib.loads(ours)["project"][key] == tomllib.loads(theirs)["project"][key]
    assert tomllib.loads(ours)["project"]["name"] == PROJECT


@contextlib.contextmanager
def worked_in(released: Path, number: str) -> Iterator[tuple[str, str]]:
    """A lesson's file in a release, which is as it was afterwards, and the lesson's solution."""
    lesson = COURSE.lesson(number)
    path = f"exercises/{lesson.name}.py"
    before = (released / path).read_text(encoding="utf-8")
    try:
        yield path, COURSE.solution(lesson).read_text(encoding="utf-8")
    finally:
        (released / path).write_text(before, encoding="utf-8")


def test_a_student_does_lesson_one(released: Path) -> None:
    check = ("check", "1")
    with worked_in(released, "1") as (path, solution):
        wrong = solution.replace("total = float(reward) + gamma * total", "total = reward + total")
        fresh, hint, failed, passed = student(
            released, ("", "", check), ("", "", ("hint", "1")), (path, wrong, check), (path, solution, check)
        )
        (released / ".hints.json").unlink()
    assert fresh.status == 1
    assert "Not started yet. Open exercises/lesson1_agent_loop.py" in fresh.out
    assert "lean_policy, hint 1 of 3" in hint.out
    assert failed.status == 1
    assert "3/4 examples" in failed.out
    assert "Your course's grader tries many more cases" in failed.out
    assert "print(discounted_return([1, 2, 3], 0.5))" in failed.out
    assert re.search(r"got +6", failed.out)
    assert re.search(r"needed +2\.75", failed.out)
    assert passed.status == 0
    assert "Every public example is right" in passed.out


def test_lessons_that_build_on_others_say_what_is_missing(released: Path) -> None:
    with worked_in(released, "6") as (path, solution):
        checked, trained = student(released, (path, solution, ("check", "6")), ("", "", ("train", "6")))
    assert "this lesson builds on your lesson4_dqn, which cannot be used yet: it has not been started" in plain(
        checked.out
    )
    assert checked.status == 0
    assert trained.status == 2
    assert trained.err.startswith(
        "grader: lesson6_deep_q_learning trains with your lesson4_dqn, which is not written yet"
    )


def test_train_asks_the_examples_first(released: Path) -> None:
    train = ("train", "3")
    with worked_in(released, "3") as (path, solution):
        wrong = solution.replace("Q[state, action] +=", "Q[state, action] -=")
        assert wrong != solution
        not_run, run = student(released, (path, wrong, train), (path, solution, train))
    assert not_run.status == 1
    assert "not run: q_learning_update has to be right first" in not_run.out
    assert run.status == 0, run.out
    assert "mean return" in run.out
    page = (released / "train" / "lesson3.html").read_text(encoding="utf-8")
    shutil.rmtree(released / "train")
    assert '<svg class="film"' in page
    assert "The shaded band holds" in page, "it travels with the copy, which has no tests"
    assert "/train/" in (released / ".gitignore").read_text().split()


def test_a_copy_with_tests_judges_by_properties_and_names_mistakes(tmp_path: Path) -> None:
    folder = tmp_path / "alone"
    update(folder, contents(COURSE, COURSE.lessons, with_tests=True), with_tests=True)
    with worked_in(folder, "1") as (path, solution):
        wrong = solution.replace("total = float(reward) + gamma * total", "total = reward + total")
        (done,) = student(folder, (path, wrong, ("check", "1")))
    assert "Your code behaves exactly like one that" in plain(done.out)
    assert "points" in done.out
    assert "public examples" not in done.out
    assert "the solutions (`solutions/`)" in plain((folder / "README.md").read_text(encoding="utf-8"))


def test_an_editor_has_tasks_for_a_check_and_a_watch(released: Path) -> None:
    tasks = json.loads((released / ".vscode/tasks.json").read_text())["tasks"]
    assert [[task["command"], *task["args"]] for task in tasks] == [
        ["grader", "check", "--lines", "--file", "${file}"],
        ["grader", "watch"],
    ]
    ours = json.loads((Path(__file__).parents[3] / ".vscode/tasks.json").read_text())["tasks"]
    assert [{**task, "command": "grader"} for task in ours] == tasks
