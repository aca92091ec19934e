"""A YAML file that people edit by hand: its data, and the line numbers for error messages."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import yaml

from grader.errors import CourseError


# libyaml reads ten times as fast as Python does; where PyYAML was built without it, it is as right.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Load YAML with dates as text: PyYAML ends in a traceback on 31 February."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclasses.dataclass(frozen=True)
class Document:
    """One file.

    Attributes:
        name: what it is called in a message.
        data: what it holds; None if it is empty.
        tree: the same as YAML's nodes, which know their lines.
    """

    name: str
    data: Any
    tree: yaml.Node | None

    def error(self, message: str, *steps: str | int) -> CourseError:
        """The error for the value at these keys and positions, with its line number."""
        return CourseError(f"{self.name}, line {self.line(*steps)}: {message}")

    def line(self, *steps: str | int) -> int:
        """The line of the deepest node on the path that exists."""
        node: Any = self.tree
        line: int = node.start_mark.line + 1 if node else 1
        for step in steps:
            if isinstance(node, yaml.MappingNode):
                pairs = {key.value: (key, value) for key, value in node.value}
                if step not in pairs:
                    break
                key, node = pairs[step]
                line = key.start_mark.line + 1
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                node = node.value[step]
                line = node.start_mark.line + 1
        return line


def read(path: Path, name: str) -> Document:
    """Read a file.

    Args:
        path: where it is.
        name: what it is called in messages.

    Raises:
        CourseError: it is no YAML, it has a key twice, or it cannot be read; FileNotFoundError is left to the caller.
    """
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        tree = loader.get_single_node()
        data: Any = loader.construct_document(tree) if tree else None
    except FileNotFoundError:
        raise
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CourseError(f"{name}, line {line}: {error.problem or error.context}") from None
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        raise CourseError(f"{name} cannot be read: {' '.join(str(error).split())}") from None
    _refuse_a_key_twice(name, tree)
    return Document(name, data, tree)


def _refuse_a_key_twice(name: str, tree: yaml.Node | None) -> None:
    """Refuse duplicate keys: YAML would silently take the last one."""
    waiting, seen = [tree], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue  # an alias: YAML may even put a thing into itself
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if isinstance(key, yaml.ScalarNode):
                    if key.value in lines:
                        before = lines[key.value]
                        raise CourseError(f"{name}, line {line}: a second {key.value!r}; the first is in line {before}")
                    lines[key.value] = line
                waiting.append(value)
