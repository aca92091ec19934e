"""Remarks on a student's source that are worth a line, though the work is graded as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from grader.submissions.needed import answers_that_use
from grader.submissions.statements import is_plain_package

_MOST_LINES = 5
_MOST_PACKAGES, _MOST_PARTS = 12, 6
_DEBUGGERS = ("pdb", "ipdb", "pudb")


def remarks(source: str, path: Path | None = None, *, is_module: bool = True) -> tuple[str, ...]:
    """Lines about old libraries, breakpoints that were left, and loops in which `step` gives too few values.

    Args:
        source: what is graded.
        path: the file that it was read from; files beside it may be what it imports.
        is_module: whether line numbers are those that the student sees.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: dict[str, list[int]] = {}
    for words, line in _each(tree, path):
        found.setdefault(words, []).append(line)
    return tuple(words.format(lines=_lines(numbers, is_module)) for words, numbers in found.items())


def _lines(numbers: list[int], is_module: bool) -> str:
    if not is_module:
        return "the code"
    shown = sorted(set(numbers))
    more = ", …" if len(shown) > _MOST_LINES else ""
    return f"line{'s' if len(shown) > 1 else ''} {', '.join(map(str, shown[:_MOST_LINES]))}{more}"


def _each(tree: ast.Module, path: Path | None) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _about_import(node, path)
        elif isinstance(node, ast.Call) and _is_breakpoint(node):
            yield "a breakpoint was left in ({lines}); it does nothing when this is graded", node.lineno
        elif isinstance(node, ast.Assign) and _is_old_step(node):
            yield (
                "`step` gives five values, not four ({lines}): observation, reward, terminated, truncated, info",
                node.lineno,
            )
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for line in _old_resets(node):
                yield "`reset` gives two values ({lines}): observation, info", line


def _about_import(node: ast.Import | ast.ImportFrom, path: Path | None) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.ImportFrom):
        modules = [] if node.level else [node.module or ""]
        if node.level:
            yield (
                "the import from a package around the file ({lines}) finds nothing: only this one file is graded",
                node.lineno,
            )
    else:
        modules = [alias.name for alias in node.names]
    for module in modules:
        root = module.partition(".")[0]
        if root == "gym":
            yield "gym is no longer kept up ({lines}); write `import gymnasium as gym`", node.lineno
        elif path is not None and root.isidentifier() and not (root.startswith("lesson") or is_plain_package(root)):
            beside = path.with_name(f"{root}.py")
            if beside != path and beside.is_file():
                yield (
                    f"{root} is another file of yours ({{lines}}), and only this one file is graded: "
                    "put what it needs of that one here",
                    node.lineno,
                )


def _is_breakpoint(node: ast.Call) -> bool:
    match node.func:
        case ast.Name(id="breakpoint" | "set_trace"):
            return True
        case ast.Attribute(value=ast.Name(id=module), attr="set_trace"):
            return module in _DEBUGGERS
        case ast.Attribute(value=ast.Call(func=ast.Name(id="__import__")), attr="set_trace"):
            return True
    return False


def _is_old_step(node: ast.Assign) -> bool:
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=[_, _, _, _])], value=ast.Call(func=ast.Attribute(attr="step"))):
            return not any(isinstance(each, ast.Starred) for each in node.targets[0].elts)  # type: ignore[attr-defined]
    return False


def _old_resets(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[int]:
    """The lines in which all that `env.reset()` gives is taken for the observation."""
    taken: dict[str, int] = {}
    parts = list(ast.walk(function))
    for node in parts:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="reset")),
            ) if owner in ("env", "envs", "environment"):
                taken[name] = node.lineno
    if not taken:
        return
    apart = {name for node in parts for name in _taken_apart(node)}
    yield from (line for name, line in taken.items() if name not in apart and _is_passed(name, parts))


def _taken_apart(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Subscript(value=ast.Name(id=name)) | ast.Assign(targets=[ast.Tuple()], value=ast.Name(id=name)):
            yield name
        case ast.Call(func=ast.Name(id="isinstance" | "len" | "tuple"), args=[ast.Name(id=name), *_]):
            yield name
        case ast.Starred(value=ast.Name(id=name)) | ast.Return(value=ast.Name(id=name)):
            yield name


def _is_passed(name: str, parts: list[ast.AST]) -> bool:
    return any(
        isinstance(node, ast.Call) and any(isinstance(each, ast.Name) and each.id == name for each in node.args)
        for node in parts
    )


def not_here(source: str, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """A remark on each package that a module imports, should it turn out not to be installed.

    Said while the module is read, so that nobody has to parse it again. What is installed wherever the grader is does
    not count.

    Args:
        source: the module.
        names: the lesson's exercises.
    """
    try:
        imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    modules = [alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in imports if isinstance(node, ast.ImportFrom) and not node.level]
    packages: dict[str, None] = {}
    for module in modules:
        parts = module.split(".")[:_MOST_PARTS]
        packages |= dict.fromkeys(".".join(parts[: i + 1]) for i in range(len(parts)))
    packages.pop("", None)
    unsure = [each for each in packages if not is_plain_package(each)]
    told = ((package, missing_import(source, package, names)) for package in unsure[:_MOST_PACKAGES])
    return tuple((package, words) for package, words in told if words)


def missing_import(source: str, package: str, names: tuple[str, ...]) -> str:
    """A remark on a package that is not installed: the line that imports it, and the answers that need it.

    Args:
        source: the module.
        package: what was not found.
        names: the lesson's exercises.
    """
    try:
        lines = [
            node.lineno
            for node in ast.walk(ast.parse(source))
            if (isinstance(node, ast.Import) and any(_is_of(alias.name, package) for alias in node.names))
            or (isinstance(node, ast.ImportFrom) and not node.level and _is_of(node.module or "", package))
        ]
        users = answers_that_use(source, package, names)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    if not lines:
        return ""
    what = f"line {lines[0]} imports {package}, which is not installed where this is graded"
    if package == "gym":
        what = f"line {lines[0]} imports gym, which is no longer kept up; write `import gymnasium as gym`"
    need = f"{' and '.join(users[:3])}{' and others' if len(users) > 3 else ''} use{'s' if len(users) == 1 else ''} it"
    return f"{what}; {need}" if users else what


def _is_of(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
