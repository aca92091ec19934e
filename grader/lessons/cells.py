"""Cut a lesson's solution into the parts that become cells: given code, and code that a student writes."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator

from grader.errors import CourseError
from grader.lessons.stubs import MARKER, Function


@dataclasses.dataclass(frozen=True, eq=False)
class Piece:
    """One statement at the top of a module.

    Attributes:
        source: its text, with the comments above it.
        blank: blank lines above it.
        names: what it defines.
        uses: every name that occurs in it.
        answer: whether a student writes a part of it.
        methods: of a class, its methods.
    """

    source: str
    blank: int
    names: tuple[str, ...]
    uses: frozenset[str]
    answer: bool = False
    methods: frozenset[str] = frozenset()

    @property
    def is_definition(self) -> bool:
        """Whether it is a function or a class."""
        return re.search(r"^(async )?(def|class) ", self.source, flags=re.MULTILINE) is not None

    def is_about(self, name: str) -> bool:
        """Whether the piece defines ``name``: a function, a class, ``Class.method``, or a method alone."""
        return name.partition(".")[0] in self.names or name in self.methods


def pieces(solution_text: str) -> list[Piece]:
    """The top-level statements of a module in their order, without its docstring.

    Raises:
        CourseError: it is not Python.
    """
    try:
        tree = ast.parse(solution_text)
    except SyntaxError as error:
        raise CourseError(f"line {error.lineno}: {error.msg}") from None
    lines = solution_text.splitlines()
    nodes: list[ast.stmt] = []
    starts: list[int] = []
    for node in tree.body:
        # The first string is the docstring, which is left out; a later one stays with the name that it explains.
        if not _is_text(node):
            nodes.append(node)
            starts.append(_start(node, lines))
    found = []
    for node, start, following in zip(nodes, starts, [*starts[1:], len(lines)]):
        # Up to the next one: a comment that ends a body is not in the syntax tree.
        text = "\n".join([*lines[start : node.end_lineno], *_as_comments(lines[node.end_lineno : following])]).rstrip()
        found.append(
            Piece(
                source=text,
                blank=start - len("\n".join(lines[:start]).rstrip().splitlines()),
                names=tuple(_defines(node)),
                uses=frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name)),
                answer=any(MARKER.fullmatch(line.rstrip()) for line in text.splitlines()),
                methods=frozenset(n.name for n in getattr(node, "body", []) if isinstance(n, Function))
                if isinstance(node, ast.ClassDef)
                else frozenset(),
            )
        )
    return found


def _as_comments(lines: list[str]) -> list[str]:
    """Turn strings below a statement, which explain it, into comments: a cell shows its last value."""
    try:
        body = ast.parse("\n".join(lines)).body
    except SyntaxError:
        return lines  # comments of a body, indented
    words = [node.value.value for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    return [f"# {line.strip()}" for text in words for line in str(text).strip().splitlines()] if words else lines


def _start(node: ast.stmt, lines: list[str]) -> int:
    """The index of a statement's first line, its decorators and the comments right above it included."""
    first: int = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))]) - 1
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return first


def in_order_of_use(found: list[Piece]) -> list[Piece]:
    """Order the pieces so that they run from top to bottom, and each answer can be checked as soon as it is written.

    What is given and stands below an answer that needs it moves up to just before it; all else keeps its order.
    """
    ordered: list[Piece] = []
    for i, answer in enumerate(found):
        if not answer.answer:
            continue
        needed = _closure(answer, found)
        ordered += [p for j, p in enumerate(found) if not p.answer and p not in ordered and (j < i or p in needed)]
        ordered.append(answer)
    return ordered + [piece for piece in found if piece not in ordered]


def joined(group: list[Piece]) -> str:
    """Join several pieces into the text of one cell, with the blank lines above each of them."""
    text = ""
    for piece in group:
        text += "\n" * (1 + piece.blank if text else 0) + piece.source
    return text


def _closure(answer: Piece, found: list[Piece]) -> list[Piece]:
    """The given pieces that an answer uses, directly or through other given pieces."""
    needed: list[Piece] = []
    waiting = [answer]
    while waiting:
        uses = waiting.pop().uses
        for piece in found:
            if not piece.answer and piece not in needed and uses & set(piece.names):
                needed.append(piece)
                waiting.append(piece)
    return needed


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _defines(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Import() | ast.ImportFrom():
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        case _:
            yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
