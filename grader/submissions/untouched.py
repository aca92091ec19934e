"""Tell work from the stub that it started as."""

from __future__ import annotations

import ast

from grader.submissions.statements import blanked, is_literal

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def is_untouched(stub_text: str, submitted_text: str) -> bool:
    """Whether a submission is still the stub, as a module or as a notebook's cells in their order.

    Comments, blank lines and docstrings do not count as work, and neither do further imports and constants, or leaving
    out something that is given.
    """
    if stub_text == submitted_text:
        return True
    try:
        stub = ast.parse(stub_text).body
        given = _definitions(stub)
        statements = {code_of(node) for node in stub if not isinstance(node, Definition)} - {""}
        shared, light = False, []
        for node in ast.parse(submitted_text).body:
            if isinstance(node, ast.Import | ast.ImportFrom) or is_literal(node):
                light.append(node)
            elif not isinstance(node, ast.Pass) and (code := code_of(node)):
                same = isinstance(node, Definition) and node.name in given and code_of(given[node.name]) == code
                if not same and code not in statements:
                    return False  # the first piece of work is enough: there may be thousands
                shared = True
        return shared or any(code_of(node) in statements for node in light)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # whatever that is, somebody wrote it


def without_late_stubs(source: str, stub_text: str) -> tuple[str, tuple[tuple[str, int], ...]]:
    """The source without the definitions that bring the stub back after the work: who pastes an answer above it.

    Returns:
        The source with its line numbers, and each name with the line of the stub that was left out.
    """
    try:
        given = _definitions(ast.parse(stub_text).body)
        late = list(_late(ast.parse(source).body, given, ""))
        return blanked(source, [node for _, node in late]), tuple((name, node.lineno) for name, node in late)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source, ()


def _late(body: list[ast.stmt], given: dict[str, Definition], owner: str) -> list[tuple[str, Definition]]:
    found: list[tuple[str, Definition]] = []
    same: dict[str, list[Definition]] = {}
    for node in body:
        if isinstance(node, Definition) and node.name in given:
            same.setdefault(node.name, []).append(node)
    for name, nodes in same.items():
        # What is there once cannot come back: which it is need not be known then.
        stub = code_of(given[name]) if len(nodes) > 1 else ""
        worked = [i for i, node in enumerate(nodes) if code_of(node) != stub] if len(nodes) > 1 else []
        if worked and stub_asks(given[name]):
            found += [(owner + name, node) for node in nodes[worked[-1] + 1 :]]
        for node in nodes[-1:] if not worked else [nodes[worked[-1]]]:
            ours = given[name]
            if isinstance(node, ast.ClassDef) and isinstance(ours, ast.ClassDef):
                found += _late(node.body, _definitions(ours.body), f"{owner}{name}.")
    return sorted(found, key=lambda each: (each[1].lineno, each[1].col_offset))


def _definitions(body: list[ast.stmt]) -> dict[str, Definition]:
    return {node.name: node for node in body if isinstance(node, Definition)}


def stub_asks(node: ast.AST) -> bool:
    """Whether something is to be written in a piece of the stub."""
    return any(_is_asking(part) for part in ast.walk(node))


def _is_asking(node: ast.AST) -> bool:
    match node:
        case ast.Raise(exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError"))):
            return True
    return False


class _WithoutWords(ast.NodeTransformer):
    """Remove strings that are statements, and the messages of a stub's exceptions: they explain and do nothing."""

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        return ast.Raise(exc=ast.Name(id="NotImplementedError")) if _is_asking(node) else node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node


def code_of(tree: ast.stmt) -> str:
    """The effect of a piece of code as text: equal for code that differs in layout, comments and docstrings only."""
    # A copy, made in the cheapest way that there is: the transformer changes what it is given.
    kept = _WithoutWords().visit(ast.parse(ast.unparse(tree)).body[0])
    return ast.dump(kept) if kept is not None else ""
