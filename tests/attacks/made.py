"""Hand-ins that no single program is: names, links, pipes, notebooks, and files too large to be written down."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

At = dict[str, str]
"""What the names of places stand for: see ``stage``."""

RIGHT = "def double(x): return 2 * x\n"

STUDENTS = {
    "grades.csv": "grades.csv",
    "index.html": "index.html",
    "counted.json": "counted.json",
    "bytes": os.fsdecode(b"jos\xe9"),
    "long": "n" * 250,
    "escape": "\x1b[2J\x1b]0;mine\x07student",
    "newline": "student\n999,lesson1_numbers,100,100,graded",
    "backwards": "student-\u202e100",
    "tilde": "student~grades.csv",
    "percent": "student %s {0} $HOME `id`",
    "formula": "=HYPERLINK(1)",
    "command": "@SUM(1+9)*cmd|' ",
    "plus": "+1+cmd|'!A0",
    "script": "<script id=alert('mark')>",
    "handler": "\"><img src=x onerror=alert('mark') x=\"",
}
"""Folders of students that are called in a way of their own, by the variant of the attack."""


def strange_name(folder: Path, at: At) -> None:
    """A student's folder is called in a way that no table, path or page expects: $EACH.

    gains: the class has no table of marks, or one in which lines are the student's own
    canary: name
    control: naive
    each: grades.csv index.html counted.json bytes long newline tilde percent
    sample: grades.csv
    goal: stop
    """
    (folder / "lesson1_numbers.py").write_text(RIGHT)


def named_pipe(folder: Path, at: At) -> None:
    """The work is a named pipe, which nobody ever writes to.

    gains: whoever opens it waits for ever
    canary: stopped
    control: naive
    goal: stop
    """
    os.mkfifo(folder / "lesson1_numbers.py")


def link_to_a_device(folder: Path, at: At) -> None:
    """The work is a link to a device that never ends.

    gains: whoever reads it runs out of memory
    canary: stopped
    control: says lesson1_numbers|link|folder|found|file
    goal: stop
    """
    (folder / "lesson1_numbers.py").symlink_to("/dev/zero")


def links_in_a_circle(folder: Path, at: At) -> None:
    """Folders that are links to one another, and to the root of the machine.

    gains: a search for the work never comes to its end, or takes the whole disk for a hand-in
    canary: stopped
    control: says lesson1_numbers|link|folder|found|file
    goal: stop
    """
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    (folder / "here").symlink_to(".")
    (folder / "all").symlink_to("/")


def folder_for_a_file(folder: Path, at: At) -> None:
    """A folder is called like the file.

    gains: the run stops at an exception
    canary: stopped
    control: says lesson1_numbers|link|folder|found|file
    goal: stop
    """
    (folder / "lesson1_numbers.py").mkdir()


def socket_for_a_file(folder: Path, at: At) -> None:
    """A socket is called like the file.

    gains: the run stops at an exception
    canary: stopped
    control: says lesson1_numbers|link|folder|found|file
    goal: stop
    """
    here = os.getcwd()
    os.chdir(folder)
    try:
        socket.socket(socket.AF_UNIX).bind("lesson1_numbers.py")
    finally:
        os.chdir(here)


def closed_file(folder: Path, at: At) -> None:
    """The file may be read by nobody, and neither may the folder beside it.

    gains: the run stops at an exception
    canary: stopped
    control: says not read|cannot be read|not be opened|0 of|False|permission|NotImplementedError|double|no work|nothing
    goal: stop
    """
    (folder / "lesson1_numbers.py").write_text(RIGHT)
    (folder / "lesson1_numbers.py").chmod(0)
    (folder / "more").mkdir(mode=0)


def sparse_file(folder: Path, at: At) -> None:
    """A file of a gigabyte that takes no room on the disk.

    gains: whoever reads it runs out of memory
    canary: stopped
    control: says large|MB
    goal: stop
    """
    with (folder / "lesson1_numbers.py").open("wb") as file:
        file.truncate(1 << 30)


def many_files(folder: Path, at: At) -> None:
    """Three thousand programs, each of which could be the work.

    gains: the time in which others are graded
    canary: stopped
    control: says files|more|several
    goal: stop
    """
    for i in range(3000):
        (folder / f"lesson1_{i}.py").write_text(RIGHT)


def deep_folders(folder: Path, at: At) -> None:
    """The work lies at the end of a hundred folders.

    gains: a search that calls itself runs out of stack
    canary: stopped
    control: says lesson1_numbers|link|folder|found|file
    goal: stop
    """
    (folder / "/".join("d" * 100)).mkdir(parents=True)


def source_bomb(folder: Path, at: At) -> None:
    """Source that takes a parser's memory, stack or time: $EACH.

    gains: the process that reads a class is gone before it has read anybody else's work
    canary: stopped
    control: says read|double|nested|syntax|null|codec|coding|Python|memory|longer
    each: finally comprehension brackets fields operators zeros latin
    sample: comprehension
    goal: stop
    """
    depth = 13
    nested = "".join(f"{' ' * i}try: return 0\n{' ' * i}finally:\n" for i in range(depth)) + " " * depth + "pass\n"
    text = {
        "finally": "def f():\n" + "".join(f"  {line}\n" for line in nested.splitlines()),
        "comprehension": f"[0 {'for x in y ' * 64_000}]\n",
        "brackets": "x = " + "(" * 100_000 + ")" * 100_000,
        "fields": "x = f'" + "{x}" * 300_000 + "'\n",
        "operators": "x = " + "-" * 200_000 + "1",
        "zeros": "x = 1\0\n",
        "latin": "# coding: undefined\nx = 1\n",
    }[at["EACH"]]
    (folder / "lesson1_numbers.py").write_text(text)


def notebook_bomb(folder: Path, at: At) -> None:
    """A notebook that takes a reader's memory, stack or time: $EACH.

    gains: the process that reads a class is gone before it has read anybody else's work
    canary: stopped
    control: says notebook|cell|read|no work|double
    each: deep shell cells outputs
    goal: stop
    """
    code: dict[str, Any] = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    kinds: dict[str, list[dict[str, Any]]] = {
        "deep": [],
        "shell": [{**code, "source": "x = 1\n" * 16_000 + "!ls\n" * 200}],
        "cells": [{**code, "source": f"x{i} = 1"} for i in range(10_000)],
        "outputs": [
            {
                **code,
                "source": "x = 1",
                "outputs": [{"output_type": "stream", "name": "stdout", "text": "x" * 8_000_000}],
            }
        ],
    }
    text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": kinds[at["EACH"]]})
    if at["EACH"] == "deep":
        text = text.replace('"cells": []', '"cells": ' + "[" * 100_000 + "]" * 100_000)
    (folder / "lesson1_numbers.ipynb").write_text(text)


def modules_of_others(folder: Path, at: At) -> None:
    """Beside the work lie modules that a test run imports by their names: conftest, numpy, grader.

    gains: code of the student's in the process that judges
    canary: file
    control: naive
    goal: write
    """
    mark = f"open({at['TRAP']!r}, 'w').close()\n"
    (folder / "lesson1_numbers.py").write_text("def double(x): return 0\n")
    for name in ("conftest", "sitecustomize", "usercustomize", "numpy", "grader", "torch", "pytest_plugin"):
        for place in (folder, folder.parent):
            (place / f"{name}.py").write_text(mark)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p pytest_plugin\n")


def report_of_ones_own(folder: Path, at: At) -> None:
    """Beside the work lies a report with full marks, and a table of marks.

    gains: full marks, if what lies in a hand-in is taken for what the grader has made
    canary: points
    control: right-answer
    goal: forge
    """
    report = {"student": folder.parent.name, "lesson": "lesson1_numbers", "title": "", "status": "graded", "score": 7.0,
              "max_score": 7.0, "isolation": None, "device": "cpu", "properties": [], "digest": "0" * 64}  # fmt: skip
    (folder / "lesson1_numbers.py").write_text("def double(x): return 0\n")
    for place in (folder, folder.parent):
        (place / "lesson1_numbers.json").write_text(json.dumps(report))
        (place / "grades.csv").write_text(f"student,lesson,score\n{folder.parent.name},lesson1_numbers,7\n")


def link_to_a_classmate(folder: Path, at: At) -> None:
    """The work is a link to a classmate's.

    gains: a classmate's marks
    canary: points
    control: naive
    sample: yes
    goal: read
    """
    (folder / "lesson1_numbers.py").symlink_to(
        Path(at["CLASS"]) / at["MATE"] / "lesson1_numbers" / "lesson1_numbers.py"
    )


def link_to_the_solution(folder: Path, at: At) -> None:
    """The work is a link to the course's solution.

    gains: full marks
    canary: points
    control: naive
    goal: read
    """
    (folder / "lesson1_numbers.py").symlink_to(Path(at["COURSE"]) / "solutions" / "lesson1_numbers.py")


def notebook_that_fetches(folder: Path, at: At) -> None:
    """A notebook whose cells load the solution with the commands of the shell: $EACH.

    gains: full marks, if a magic or a shell line is run while a notebook is read
    canary: points
    control: right-answer
    each: %load %run !cat
    goal: read
    """
    command = f"{at['EACH']} {at['COURSE']}/solutions/lesson1_numbers.py"
    cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    cell["source"] = command
    empty = {**cell, "source": "def double(x):\n    return 0\n"}
    text = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [empty, cell]})
    (folder / "lesson1_numbers.ipynb").write_text(text)


def name_in_a_page(folder: Path, at: At) -> None:
    """A student's folder is called like an element of a page: $EACH.

    gains: a script in the instructor's browser
    canary: page-name
    control: unescaped
    each: script handler
    goal: bend
    """
    (folder / "lesson1_numbers.py").write_text("def double(x): return 0\n")


def name_of_a_file_in_a_page(folder: Path, at: At) -> None:
    """A file, of which the report says that it was found or passed over, is called like an element of a page.

    gains: a script in the instructor's browser
    canary: page
    control: unescaped
    goal: bend
    """
    mark = at["TOKEN"]
    (folder / f"lesson1 <img src=x onerror=alert('{mark}')>.py").write_text("def double(x): return 0\n")
    (folder / f"lesson1 <script>{mark}<.py").write_text("def mean(x): return 0\n")


def name_in_a_terminal(folder: Path, at: At) -> None:
    """A student's folder is called like a command to the terminal: $EACH.

    gains: a line of the class's summary that says what the student wants
    canary: terminal-name
    control: unescaped
    each: escape backwards
    goal: bend
    """
    (folder / "lesson1_numbers.py").write_text("def double(x): return 0\n")


def name_in_a_table(folder: Path, at: At) -> None:
    """A student's folder is called like a formula of a spreadsheet: $EACH.

    gains: a command on the machine of whoever opens the table
    canary: cell
    control: unescaped
    each: formula command plus
    goal: bend
    """
    (folder / "lesson1_numbers.py").write_text("def double(x): return 0\n")
