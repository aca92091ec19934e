"""The house is as its docstrings say: floors, rooms, a line a file."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import grader

PACKAGE = Path(grader.__file__).parent
README = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): path for path in PACKAGE.rglob("*.py") if "released" not in path.parts}
ROOMS = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
FLOORS = {
    room: int(floor)
    for floor, rooms in re.findall(r"(?m)^    (\d)  ([\w, ]+)$", grader.__doc__ or "")
    for room in rooms.split(", ")
}


def _imports(path: Path) -> Iterator[str]:
    """All modules of the grader that a file imports: inside of functions, and for types alone, as well."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module


IMPORTS = {name: {each for each in _imports(path) if each in MODULES} - {name} for name, path in MODULES.items()}


QUESTION = re.compile(r"(What|Where|How|Who|Whoever|Which|Whose|Why)\b")


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_tests_lie_in_folders_called_as_the_rooms() -> None:
    here = Path(__file__).parent
    folders = {path.parent.relative_to(here).parts for path in here.rglob("test_*.py")}
    assert {parts[0] for parts in folders if parts} <= ROOMS
    assert max(map(len, folders)) == 1


def test_every_room_stands_on_one_floor() -> None:
    assert set(FLOORS) == {_room(name) for name in MODULES} - {""}


def test_no_import_runs_upwards() -> None:
    upwards = [
        f"{name} imports {other}"
        for name, others in IMPORTS.items()
        for other in others
        if _room(name) and _room(other) and _room(name) != _room(other) and FLOORS[_room(other)] >= FLOORS[_room(name)]
    ]
    assert upwards == []


def test_no_two_files_import_each_other() -> None:
    assert [(a, b) for a, others in IMPORTS.items() for b in others if a in IMPORTS[b] and a < b] == []


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_says_what_each_of_its_files_is(room: str) -> None:
    text = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    said = re.findall(r"(?m)^- ``(\w+)``: ", text)
    assert sorted(said) == sorted({path.stem for path in (PACKAGE / room).glob("*.py")} - {"__init__", "__main__"})


@pytest.mark.parametrize("room", sorted(FLOORS))
def test_no_first_line_begins_with_a_question_word(room: str) -> None:
    described = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    files = [path for name, path in MODULES.items() if _room(name) == room]
    found = [
        f"{path.relative_to(PACKAGE)}: {text.splitlines()[0]}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, described) and (text := ast.get_docstring(node)) and QUESTION.match(text)
    ]
    assert files
    assert found == []


def test_a_wheel_holds_what_is_not_python_as_well() -> None:
    settings = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packed = {path for pattern in settings["package-data"]["grader"] for path in PACKAGE.glob(pattern)}
    kinds = {".css", ".html", ".j2", ".json", ".sh", ".svg", ".txt", ".yml", ""}
    others = {
        path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix in kinds and "released" not in path.parts
    }
    assert others == packed


def test_the_map_names_every_room_once() -> None:
    named = re.findall(r"(?m)^  (\w+)/ ", README)
    assert sorted(named) == sorted(ROOMS)
