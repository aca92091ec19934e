"""A class that hands in notebooks: right, wrong, mangled and forged ones, made from what nbgrader released."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import nbformat

LESSON = "lesson5_replay_buffer"

NOISE = """
import sys, warnings

print("something on stderr", file=sys.stderr)
warnings.warn("and a warning")
"""

LIAR = '''
class Anything:
    """Equal to everything, and whatever else one may ask of it."""

    def __eq__(self, other):
        return True

    def __lt__(self, other):
        return True

    def __iter__(self):
        return iter([Anything(), Anything()])

    def __getattr__(self, name):
        return Anything()


def len(thing):
    return Anything()


class ReplayBuffer:
    def __init__(self, capacity, seed=None):
        pass

    def push(self, *parts):
        pass

    def sample(self, batch_size):
        return tuple(Anything() for _ in range(5))

    def __len__(self):
        return Anything()
'''

_SHELL = """
class ReplayBuffer:
    pass


try:
    shell = get_ipython()
except NameError:
    shell = None
"""

FORGERIES = {
    "an object that is equal to everything": LIAR,
    "later cells are emptied before they run": f"""{_SHELL}
if shell:
    shell.input_transformers_post.append(lambda lines: [])
""",
    "assertions are taken out of later cells": f"""{_SHELL}
import ast


class NoTests(ast.NodeTransformer):
    def visit(self, tree):
        tree.body = []
        return tree


if shell:
    shell.ast_transformers.append(NoTests())
""",
    "the shell reports success without running anything": f"""{_SHELL}
async def fine(*_, **__):
    return False


if shell:
    shell.run_code = fine
""",
}


def notebook(released: Path, source: str) -> Any:
    """A released notebook in which the first answer cell holds a module, and the others nothing."""
    book = nbformat.read(released, as_version=4)
    answers = [cell for cell in book.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    for cell in answers:
        cell.source = source if cell is answers[0] else "# see above"
    return book


def tests_of(book: Any) -> list[Any]:
    """The test cells."""
    return [cell for cell in book.cells if cell.metadata.get("nbgrader", {}).get("grade")]


def deleted(book: Any) -> Any:
    """Without its first test cell."""
    book.cells.remove(tests_of(book)[0])
    return book


def edited_and_doubled(book: Any) -> Any:
    """One test cell gives full marks, another one is there twice."""
    first, second, *_ = tests_of(book)
    first.source = "3.0"
    book.cells.append(nbformat.from_dict({**copy.deepcopy(second), "id": "twice", "source": "5.0"}))
    return book


def cleared(book: Any) -> Any:
    """Without any metadata, as some editors save it."""
    for cell in book.cells:
        cell.metadata = nbformat.NotebookNode()
    book.metadata = nbformat.NotebookNode()
    return book


def with_scripts(book: Any) -> Any:
    """With scripts that would run in nbgrader's pages, as the instructor, and a picture that is not there."""
    v4 = nbformat.v4
    book.cells.append(v4.new_markdown_cell("<script>forge()</script> <b>bold</b> <img src=x onerror=forge()> 1 < 2"))
    book.cells.append(v4.new_raw_cell("<script>forge()</script>"))
    bad = {"a.png": {"image/svg+xml": "<svg onload=forge()>", "image/png": '"><script>forge()</script>'}}
    book.cells.append(v4.new_markdown_cell("![a](attachment:a.png)", attachments=bad))
    return book


def of_another_version(book: Any) -> Any:
    """With metadata that nbgrader takes for those of a later version, at which it stops the whole class."""
    for cell in book.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader["schema_version"] = 99
    return book


def as_text(book: Any) -> str:
    """The notebook's file."""
    return str(nbformat.writes(book))
