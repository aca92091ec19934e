"""What the answers of a lesson need of a module: what they use, what changes it, and what harms nobody.

A file is a place to try things out as well as one to hand in. A plot, a training run, a call of ``exit()`` or a package
that is not here, between the answers or below them, costs neither marks nor time: what no answer depends on is not run.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import functools
import re
import symtable
import sys
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

_STATEMENTS_CAP = 5000
_STEPS_CAP = 200_000
_ROUNDS = 20
_BUILTINS = frozenset(dir(builtins))

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
# Whoever uses one of these may depend on anything.
_DYNAMIC = frozenset({"globals", "eval", "exec"})


class Needed(NamedTuple):
    """A module with what the answers do not need taken out.

    Attributes:
        source: the module; every line is where it was.
        left_out: first and last line of each statement that was left out and would have done something.
    """

    source: str
    left_out: tuple[tuple[int, int], ...] = ()


@dataclasses.dataclass(frozen=True)
class _Statement:
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


def needed(source: str, names: Collection[str], given: Collection[str] = ()) -> Needed:
    """Take out of a module what no answer depends on.

    A statement stays when it binds or changes a name that is wanted, or that a statement that stays uses; and further
    definitions and constants stay, which do nothing by themselves and which a later lesson may import.

    Args:
        source: the module.
        names: the functions and classes that the lesson asks for. Where none of them is defined, everything stays.
        given: further names that the lesson's stub defines.
    """
    try:
        whole = ast.parse(source).body
        ours = [node for node in whole if _is_ours(node)]
        body = [node for node in whole if not _is_ours(node)]
        if len(body) > _STATEMENTS_CAP:
            return Needed(blanked(source, ours))  # somebody wants to keep us busy
        statements = [_statement(node) for node in body]
        if not any(each.binds & {*names} for each in statements):
            return Needed(blanked(source, ours))
        kept = _closure(statements, {*names, *given}, {*names})
        if any(statements[i].uses & _DYNAMIC for i in kept):
            return Needed(blanked(source, ours))
        kept |= _harmless(statements, kept)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Needed(source)
    left_out = [each.node for i, each in enumerate(statements) if i not in kept]
    in_order = sorted([*left_out, *ours], key=lambda node: (node.lineno, node.col_offset))
    told = [(first_line(node), node.end_lineno or node.lineno) for node in left_out if not _is_quiet(node)]
    return Needed(blanked(source, in_order), tuple(told))


def _closure(statements: list[_Statement], wanted: set[str], answers: set[str]) -> set[int]:
    """The statements that the wanted names depend on, by their places."""
    packages = _packages(statements)
    computed = {name for each in statements if not (each.is_import or is_literal(each.node)) for name in each.binds}
    functions = {name: each for each in statements if each.is_definition for name in each.binds}
    at_top = {name for each in statements for name in each.binds}
    steps = 0

    @functools.cache
    def reach(name: str) -> frozenset[str]:
        """The definitions that a call of ``name`` may run."""
        nonlocal steps
        found, waiting = {name}, [name]
        while waiting and steps < _STEPS_CAP:
            uses = functions[waiting.pop()].uses
            steps += 1 + len(uses)
            for used in uses:
                if used in functions and used not in found:
                    found.add(used)
                    waiting.append(used)
        return frozenset(found)

    @functools.cache
    def effects(name: str) -> set[str]:
        """What such a call may change or set, of the names of the module."""
        return {changed for each in reach(name) for changed in functions[each].changes | functions[each].assigns}

    about: dict[str, set[int]] = {}
    for i, each in enumerate(statements):
        if is_main_guard(each.node):
            continue  # never runs: the module has another name
        names = {*each.binds, *(each.changes - packages.keys())}
        if (root := _is_setting(each.node)) in packages and not (each.uses & computed):
            names.add(f"import {packages[root]}")
        for target in _attributes_set(each.node):
            if target in packages:
                names.add(f"import {packages[target]}")
        for decorator in getattr(each.node, "decorator_list", ()):
            # It may put what it decorates into a table that an answer looks things up in.
            base = _base(decorator.func if isinstance(decorator, ast.Call) else decorator)
            names |= {base} - packages.keys()
            names |= effects(base) if base in functions else set()
        called = _plain_call(each.node)
        if called in functions and not reach(called) & answers:
            names |= effects(called)
        for name in functions.keys() & each.now if not each.is_definition else ():
            names |= {assigned for other in reach(name) for assigned in functions[other].assigns} - at_top
        for name in names:
            about.setdefault(name, set()).add(i)
    counted = {i for i, each in enumerate(statements) if _is_blind(each)}
    waiting = [*wanted, *(name for i in counted for name in _needs(statements[i]))]
    while waiting:
        for i in about.pop(waiting.pop(), set()) - counted:
            counted.add(i)
            waiting += _needs(statements[i])
    return counted


def _needs(statement: _Statement) -> Iterator[str]:
    yield from statement.uses
    if statement.is_import:
        yield from (f"import {package}" for package in _imported(statement.node))


def _packages(statements: list[_Statement]) -> dict[str, str]:
    """By the name that an import binds, the package that it comes from."""
    return {
        name: package
        for each in statements
        if each.is_import
        for name in each.binds
        for package in _imported(each.node)
    }


def _imported(node: ast.stmt) -> list[str]:
    """The packages that an import takes from."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    return [(node.module or "").partition(".")[0]] if isinstance(node, ast.ImportFrom) else []


def _harmless(statements: list[_Statement], kept: set[int]) -> set[int]:
    """Further definitions and constants that can be had without running anything else, and the imports these use."""
    plain = {i for i, each in enumerate(statements) if is_literal(each.node) or _is_text(each.node)}
    more = plain - kept
    imports = {i for i, each in enumerate(statements) if i not in kept and each.is_import and _is_plain(each.node)}
    importable = {name for i in imports for name in statements[i].binds}
    there = {name for i in kept | more for name in statements[i].binds} | importable | _BUILTINS
    for _ in range(_ROUNDS):
        new = {
            i
            for i, each in enumerate(statements)
            if i not in kept and i not in more and each.is_definition and each.now <= there and _only_defines(each.node)
        }
        more |= new
        there |= {name for i in new for name in statements[i].binds}
        if not new:
            break
    used = {name for i in more for name in statements[i].uses}
    return more | {i for i in imports if statements[i].binds & used}


def _is_plain(node: ast.stmt) -> bool:
    """Whether an import works everywhere."""
    modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom):
        modules = [node.module or ""] if not node.level else [""]
    return all(is_plain_package(name) for name in modules)


def is_plain_package(name: str) -> bool:
    """Whether a module is there wherever the grader runs."""
    return name in _PLAIN_PACKAGES or name.partition(".")[0] in _STANDARD


def _only_defines(node: ast.stmt) -> bool:
    """Whether a definition runs nothing when it is made, but for decorators with plain arguments."""
    if isinstance(node, ast.ClassDef):
        parts: list[ast.AST] = [*node.bases, *node.keywords]
        inner = all(_only_defines(each) or is_literal(each) or _is_text(each) for each in node.body)
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


def _statement(node: ast.stmt) -> _Statement:
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
    return _Statement(
        node, frozenset(binds), frozenset(uses), frozenset(now), frozenset(_changes(node)), frozenset(assigns)
    )


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


def _attributes_set(node: ast.stmt) -> Iterator[str]:
    """The names whose attributes or items an assignment sets."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    yield from (_base(target) for target in targets if isinstance(target, ast.Attribute | ast.Subscript))


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _plain_call(node: ast.stmt) -> str:
    """The name of the function that a statement calls, and does nothing else."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return str(name)
    return ""


def _is_setting(node: ast.stmt) -> str:
    """The imported name through which a statement sets something for the whole program; "" where it does not."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) as call):
            arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
            if _SETTING.fullmatch(name) and all(_is_plain_value(each) for each in arguments):
                return _base(call.func)
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


def _is_blind(statement: _Statement) -> bool:
    """Whether what a statement gives cannot be seen in its names: compiler flags, all that a module has, ``exec``."""
    node = statement.node
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__" or node.names[0].name == "*"
    writes = statement.now & {"globals", "exec"} and not statement.is_definition and not _runs_a_file(node)
    return bool(writes) or "__getattr__" in statement.binds


def _runs_a_file(node: ast.stmt) -> bool:
    """``exec(open("plots.py").read())``: other files are not here, and what is not here gives nothing."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="exec"), args=[what, *_])):
            named = {part.id for part in ast.walk(what) if isinstance(part, ast.Name)}
            attributes = {part.attr for part in ast.walk(what) if isinstance(part, ast.Attribute)}
            return "open" in named or bool(attributes & {"read_text", "read_bytes"})
    return False


def lacks(body: Sequence[ast.stmt], names: Collection[str]) -> set[str]:
    """The names that the answers are or use, and that no statement binds."""
    statements = [_statement(node) for node in body[:_STATEMENTS_CAP]]
    used = {name for i in _closure(statements, {*names}, {*names}) for name in statements[i].uses}
    return {*names, *used} - _BUILTINS - {name for each in statements for name in each.binds}


def bound(node: ast.stmt) -> frozenset[str]:
    """The names that a statement binds."""
    return _statement(node).binds


def is_main_guard(node: ast.stmt) -> bool:
    """Whether it is ``if __name__ == "__main__":``, without an ``else``."""
    match node:
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()]), orelse=[]):
            return True
        case ast.If(test=ast.Compare(comparators=[ast.Name(id="__name__")], ops=[ast.Eq()]), orelse=[]):
            return True
    return False


def _is_quiet(node: ast.stmt) -> bool:
    """Whether leaving it out is not worth a word: it would do nothing by itself, or only set up what is not used."""
    if isinstance(node, ast.Try):
        # Whoever tries an import can do without it.
        parts = (each for part in (node.body, *(h.body for h in node.handlers)) for each in part)
        return all(isinstance(each, ast.Import | ast.ImportFrom) or _is_quiet(each) for each in parts)
    if isinstance(node, ast.If) and not is_main_guard(node):
        return all(_is_quiet(each) for each in (*node.body, *node.orelse))
    definition = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Pass)
    # An import of what is everywhere is nobody's loss; one of another package may have been meant to do something.
    imports = isinstance(node, ast.Import | ast.ImportFrom) and _is_plain(node)
    simple = _is_text(node) or is_literal(node) or imports
    return definition or simple or is_main_guard(node) or _is_setting(node) != ""


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


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


def answers_that_use(source: str, package: str, names: Collection[str]) -> list[str]:
    """The exercises of a module that cannot do without an import; SyntaxError where it is no Python."""
    statements = [_statement(node) for node in ast.parse(source).body[:_STATEMENTS_CAP]]
    found = []
    for name in dict.fromkeys(each.partition(".")[0] for each in names):
        kept = _closure(statements, {name}, {name})
        if any(package.partition(".")[0] in _imported(statements[i].node) for i in kept if statements[i].is_import):
            found.append(name)
    return found
