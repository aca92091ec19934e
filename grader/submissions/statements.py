"""Analyse one top-level statement of a module: the names it binds, uses and changes, as far as its text shows."""

from __future__ import annotations

import ast
import dataclasses
import re
import symtable
import sys
from collections.abc import Collection, Iterator

# What is set once for a whole program, and may well be what an answer relies on.
_SETTING = re.compile(
    r"set_\w+|seed|manual_seed(_all)?|seterr|use|filterwarnings|simplefilter|setrecursionlimit|enable_\w+"
    r"|use_deterministic_algorithms|register(_envs)?"
)


# Can be imported wherever the grader runs, and does nothing by itself.
_PLAIN_PACKAGES = frozenset(
    {"numpy", "torch", "torch.nn", "torch.nn.functional", "torch.optim", "torch.distributions", "gymnasium"}
)


_STANDARD = sys.stdlib_module_names - {"antigravity", "this", "tkinter", "turtle", "turtledemo", "idlelib", "curses"}


@dataclasses.dataclass(frozen=True)
class Statement:
    """One statement at the top of a module.

    Attributes:
        binds: the names that it binds.
        uses: the names of the module that it may read, now or when what it defines is called.
        now: those that it reads when the module is loaded.
        changes: whose objects it may change.
        assigns: names of the module that a function in it assigns, by ``global``.
    """

    node: ast.stmt
    binds: frozenset[str]
    uses: frozenset[str]
    now: frozenset[str]
    changes: frozenset[str]
    assigns: frozenset[str]

    @property
    def is_definition(self) -> bool:
        return isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)

    @property
    def is_import(self) -> bool:
        return isinstance(self.node, ast.Import | ast.ImportFrom)


def imported(node: ast.stmt) -> list[str]:
    """The packages that an import takes from."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    return [(node.module or "").partition(".")[0]] if isinstance(node, ast.ImportFrom) else []


def is_plain(node: ast.stmt) -> bool:
    """Whether an import works everywhere."""
    modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom):
        modules = [node.module or ""] if not node.level else [""]
    return all(is_plain_package(name) for name in modules)


def is_plain_package(name: str) -> bool:
    """Whether a module exists wherever the grader runs."""
    return name in _PLAIN_PACKAGES or name.partition(".")[0] in _STANDARD


def only_defines(node: ast.stmt) -> bool:
    """Whether a definition runs nothing when it is made, but for decorators with plain arguments."""
    if isinstance(node, ast.ClassDef):
        parts: list[ast.AST] = [*node.bases, *node.keywords]
        inner = all(only_defines(each) or is_literal(each) or is_text(each) for each in node.body)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        parts = [*node.args.defaults, *(each for each in node.args.kw_defaults if each)]
        inner = True
    else:
        match node:
            case ast.Pass() | ast.AnnAssign(value=None):
                return True
        return False
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            parts += [*decorator.args, *decorator.keywords]
    return inner and not any(isinstance(each, ast.Call | ast.Await) for part in parts for each in ast.walk(part))


def read_statement(node: ast.stmt) -> Statement:
    """The names that a statement binds, uses and changes, according to the symbol table of Python's own compiler."""
    table = symtable.symtable(ast.unparse(node), "cell", "exec")
    binds = {each.get_name() for each in table.get_symbols() if each.is_assigned() or each.is_imported()}
    now = {each.get_name() for each in table.get_symbols() if each.is_referenced()}
    uses, assigns = set(now), set()
    waiting = [(child, isinstance(node, ast.ClassDef)) for child in table.get_children()]
    while waiting:
        inner, at_once = waiting.pop()
        for symbol in inner.get_symbols():
            if symbol.is_global():
                uses.add(symbol.get_name())
                if at_once and inner.get_type() == "class":
                    now.add(symbol.get_name())
                if symbol.is_assigned():
                    assigns.add(symbol.get_name())
        waiting += [(child, at_once and child.get_type() == "class") for child in inner.get_children()]
    return Statement(
        node, frozenset(binds), frozenset(uses), frozenset(now), frozenset(changes(node)), frozenset(assigns)
    )


def changes(node: ast.stmt) -> Iterator[str]:
    """Names whose objects a statement may change: ``x.y = 1``, ``x[0] = 1``, ``x.append(1)``, ``setattr(x, ...)``."""
    for part in ast.walk(node):
        match part:
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                yield root_name(part)
            case ast.Expr(value=ast.Call(func=ast.Attribute() as method)):
                yield root_name(method)
            case ast.Call(func=ast.Name(id="setattr"), args=[target, *_]):
                yield root_name(target)


def attributes_set(node: ast.stmt) -> Iterator[str]:
    """The names whose attributes or items an assignment sets."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    yield from (root_name(target) for target in targets if isinstance(target, ast.Attribute | ast.Subscript))


def root_name(node: ast.expr) -> str:
    """The name that a chain of attributes and items starts with; "" if it is not a name."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def plain_call(node: ast.stmt) -> str:
    """The name of the function that a statement calls, and does nothing else."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return str(name)
    return ""


def is_setting(node: ast.stmt) -> str:
    """The imported name through which a statement sets something for the whole program; "" if it does not."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) as call):
            arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
            if _SETTING.fullmatch(name) and all(_is_plain_value(each) for each in arguments):
                return root_name(call.func)
    return ""


def _is_plain_value(node: ast.expr) -> bool:
    """Whether it is made of constants and names alone."""
    kinds = ast.Constant | ast.Tuple | ast.List | ast.Dict | ast.Set | ast.UnaryOp | ast.BinOp
    marks = ast.Name | ast.Attribute | ast.expr_context | ast.operator | ast.unaryop
    return all(isinstance(part, kinds | marks) for part in ast.walk(node))


def is_literal(node: ast.stmt) -> bool:
    """Whether a statement gives a name to something that is written out in it, and does nothing else."""
    match node:
        case ast.Assign(targets=targets, value=value) if all(isinstance(target, ast.Name) for target in targets):
            return _is_constant(value)
        case ast.AnnAssign(target=ast.Name(), value=value):
            return value is None or _is_constant(value)
    return False


def _is_constant(node: ast.expr) -> bool:
    kinds = ast.Constant | ast.Tuple | ast.List | ast.Dict | ast.Set | ast.USub | ast.UAdd | ast.UnaryOp
    return all(isinstance(part, kinds | ast.expr_context) for part in ast.walk(node))


def bound(node: ast.stmt) -> frozenset[str]:
    """The names that a statement binds."""
    return read_statement(node).binds


def is_main_guard(node: ast.stmt) -> bool:
    """Whether it is ``if __name__ == "__main__":``, without an ``else``."""
    match node:
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()]), orelse=[]):
            return True
        case ast.If(test=ast.Compare(comparators=[ast.Name(id="__name__")], ops=[ast.Eq()]), orelse=[]):
            return True
    return False


def is_text(node: ast.stmt) -> bool:
    """Whether a statement is a constant by itself, such as a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def first_line(node: ast.stmt) -> int:
    """The first line of a statement, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def blanked(source: str, statements: Collection[ast.stmt]) -> str:
    """The source with these statements, which are in order, taken out; all others keep their line numbers."""
    if not statements:
        return source
    lines = source.encode("utf-8", "surrogatepass").splitlines(keepends=True)
    for node in reversed([*statements]):
        first = first_line(node) - 1
        last = (node.end_lineno or node.lineno) - 1
        before = lines[first][: node.col_offset]  # a decorator stands as far in as what it decorates
        after = lines[last][node.end_col_offset :]
        lines[first : last + 1] = [b"\n"] * (last - first) + [before + b"pass" + after]
    return b"".join(lines).decode("utf-8", "surrogatepass")
