"""The part of a module that a lesson's answers need: what they use, what changes it, and harmless definitions.

A file is a place to try things out as well as one to hand in. A plot, a training run, a call of ``exit()`` or a package
that is not here, between the answers or below them, costs neither marks nor time: what no answer depends on is not run.
"""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from grader.submissions.statements import (
    Statement,
    attributes_set,
    blanked,
    first_line,
    imported,
    is_literal,
    is_main_guard,
    is_plain,
    is_setting,
    is_text,
    only_defines,
    plain_call,
    read_statement,
    root_name,
)

_STATEMENTS_CAP = 5000
_STEPS_CAP = 200_000
_ROUNDS = 20
_BUILTINS = frozenset(dir(builtins))

# Whoever uses one of these may depend on anything.
_DYNAMIC = frozenset({"globals", "eval", "exec"})


class Needed(NamedTuple):
    """A module with everything removed that the answers do not need.

    Attributes:
        source: the module; every line is where it was.
        left_out: first and last line of each statement that was left out and would have done something.
    """

    source: str
    left_out: tuple[tuple[int, int], ...] = ()


def needed(source: str, names: Collection[str], given: Collection[str] = ()) -> Needed:
    """Remove everything from a module that no answer depends on.

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
        statements = [read_statement(node) for node in body]
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


def _closure(statements: list[Statement], wanted: set[str], answers: set[str]) -> set[int]:
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
        """The names of the module that such a call may change or set."""
        return {changed for each in reach(name) for changed in functions[each].changes | functions[each].assigns}

    about: dict[str, set[int]] = {}
    for i, each in enumerate(statements):
        if is_main_guard(each.node):
            continue  # never runs: the module has another name
        names = {*each.binds, *(each.changes - packages.keys())}
        if (root := is_setting(each.node)) in packages and not (each.uses & computed):
            names.add(f"import {packages[root]}")
        for target in attributes_set(each.node):
            if target in packages:
                names.add(f"import {packages[target]}")
        for decorator in getattr(each.node, "decorator_list", ()):
            # It may put what it decorates into a table that an answer looks things up in.
            maker = root_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
            names |= {maker} - packages.keys()
            names |= effects(maker) if maker in functions else set()
        called = plain_call(each.node)
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


def _needs(statement: Statement) -> Iterator[str]:
    yield from statement.uses
    if statement.is_import:
        yield from (f"import {package}" for package in imported(statement.node))


def _packages(statements: list[Statement]) -> dict[str, str]:
    """By the name that an import binds, the package that it comes from."""
    return {
        name: package for each in statements if each.is_import for name in each.binds for package in imported(each.node)
    }


def _harmless(statements: list[Statement], kept: set[int]) -> set[int]:
    """Further definitions and constants that can be had without running anything else, and the imports these use."""
    plain = {i for i, each in enumerate(statements) if is_literal(each.node) or is_text(each.node)}
    more = plain - kept
    imports = {i for i, each in enumerate(statements) if i not in kept and each.is_import and is_plain(each.node)}
    importable = {name for i in imports for name in statements[i].binds}
    there = {name for i in kept | more for name in statements[i].binds} | importable | _BUILTINS
    for _ in range(_ROUNDS):
        new = {
            i
            for i, each in enumerate(statements)
            if i not in kept and i not in more and each.is_definition and each.now <= there and only_defines(each.node)
        }
        more |= new
        there |= {name for i in new for name in statements[i].binds}
        if not new:
            break
    used = {name for i in more for name in statements[i].uses}
    return more | {i for i in imports if statements[i].binds & used}


def _is_blind(statement: Statement) -> bool:
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
    statements = [read_statement(node) for node in body[:_STATEMENTS_CAP]]
    used = {name for i in _closure(statements, {*names}, {*names}) for name in statements[i].uses}
    return {*names, *used} - _BUILTINS - {name for each in statements for name in each.binds}


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
    imports = isinstance(node, ast.Import | ast.ImportFrom) and is_plain(node)
    simple = is_text(node) or is_literal(node) or imports
    return definition or simple or is_main_guard(node) or is_setting(node) != ""


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


def answers_that_use(source: str, package: str, names: Collection[str]) -> list[str]:
    """The exercises of a module that cannot do without an import; SyntaxError where it is no Python."""
    statements = [read_statement(node) for node in ast.parse(source).body[:_STATEMENTS_CAP]]
    found = []
    for name in dict.fromkeys(each.partition(".")[0] for each in names):
        kept = _closure(statements, {name}, {name})
        if any(package.partition(".")[0] in imported(statements[i].node) for i in kept if statements[i].is_import):
            found.append(name)
    return found
