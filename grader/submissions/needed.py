"""What the answers of a lesson depend on: the statements of a module that they need, and those that they do not."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator

_STATEMENTS_CAP = 5000


def what_counts(source: str, wanted: set[str]) -> tuple[str, int]:
    """The module without the statements that nothing wanted depends on, and how many of them do something.

    A statement counts when it binds or changes a name that is wanted, or that a statement that counts uses.
    """
    try:
        whole = ast.parse(source).body
        ours = [node for node in whole if _is_ours(node)]
        body = [node for node in whole if not _is_ours(node)]
        if len(body) > _STATEMENTS_CAP:
            return _blanked(source, ours), 0  # somebody wants to keep us busy
        bound = [set(_binds(node)) for node in body]
        if not any(names & wanted for names in bound):
            return _blanked(source, ours), 0
        uses = [set(_uses(node)) for node in body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source, 0
    imported = {name for node, names in zip(body, bound) if _is_import(node) for name in names}
    about: dict[str, set[int]] = {}
    for i, node in enumerate(body):
        for name in bound[i] | (set(_changes(node)) - imported):
            about.setdefault(name, set()).add(i)
    counted = {i for i, node in enumerate(body) if _is_blind(node)}
    waiting = [*wanted, *(name for i in counted for name in uses[i])]
    while waiting:
        for i in about.pop(waiting.pop(), set()) - counted:
            counted.add(i)
            waiting += uses[i]
    left_out = [node for i, node in enumerate(body) if i not in counted]
    in_order = sorted([*left_out, *ours], key=lambda node: (node.lineno, node.col_offset))
    return _blanked(source, in_order), sum(not _is_quiet(node) for node in left_out)


def _binds(node: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top of a module binds."""
    for symbol in _table(node).get_symbols():
        if symbol.is_assigned() or symbol.is_imported():
            yield symbol.get_name()


def _uses(node: ast.stmt) -> Iterator[str]:
    """The names of the module that a statement may read, now or when what it defines is called."""
    table = _table(node)
    yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced())
    waiting = table.get_children()
    while waiting:
        inner = waiting.pop()
        waiting += inner.get_children()
        yield from (symbol.get_name() for symbol in inner.get_symbols() if symbol.is_global())


def _changes(node: ast.stmt) -> Iterator[str]:
    """Whose objects a statement may change: ``x.y = 1``, ``x[0] = 1``, ``x.append(1)``, ``setattr(x, ...)``."""
    for part in ast.walk(node):
        match part:
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                yield _base(part)
            case ast.Expr(value=ast.Call(func=ast.Attribute() as method)):
                yield _base(method)
            case ast.Call(func=ast.Name(id="setattr"), args=[target, *_]):
                yield _base(target)


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _table(node: ast.stmt) -> symtable.SymbolTable:
    return symtable.symtable(ast.unparse(node), "cell", "exec")


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_blind(node: ast.stmt) -> bool:
    """Whether what an import gives cannot be seen in its names: compiler flags, or all that a module has."""
    return isinstance(node, ast.ImportFrom) and (node.module == "__future__" or node.names[0].name == "*")


def _is_quiet(node: ast.stmt) -> bool:
    """Whether it does nothing by itself: imports, definitions, strings."""
    definition = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return definition or text or isinstance(node, ast.Pass) or _is_import(node)


def _is_ours(node: ast.stmt) -> bool:
    """Whether it belongs to the checks of our own notebooks, which are nothing that one hands in."""
    match node:
        case ast.ImportFrom(module="grader.notebooks"):
            return True
        case ast.Assign(value=ast.Call(func=ast.Name(id="checks_for"))):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="check") | ast.Attribute(value=ast.Name(id="check")))):
            return True
    return False


def _blanked(source: str, statements: list[ast.stmt]) -> str:
    """The source with these statements taken out; all others keep their line numbers."""
    lines = source.encode().splitlines(keepends=True)
    for node in reversed(statements):
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))]) - 1
        last = (node.end_lineno or node.lineno) - 1
        before = lines[first][: node.col_offset] if first == node.lineno - 1 else b""
        after = lines[last][node.end_col_offset :]
        lines[first : last + 1] = [b"\n"] * (last - first) + [before + b"pass" + after]
    return b"".join(lines).decode()
