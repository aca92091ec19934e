"""Three-way merges of texts: the changes of both sides since a common version."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import PurePosixPath

import yaml

from grader.errors import CourseError


def merge(path: str, base: str, theirs: str, ours: str) -> str | None:
    """Put the changes of both sides together.

    Args:
        path: the file's name; its ending says what the result has to be readable as.
        base: the version that both sides have started from.
        theirs: what people have made of it. Its line ends, LF or CRLF, are those of the result.
        ours: what the command would write today.

    Returns:
        The merged text; None if both sides have changed the same lines, or if what comes out cannot be read, such as
        a Python file with a syntax error.

    Raises:
        CourseError: merge3 is not installed.
    """
    try:
        from merge3 import Merge3
    except ModuleNotFoundError:
        raise CourseError("a release needs the extra 'class': pip install -e '.[class]'") from None
    groups = list(Merge3(_lines(base), _lines(theirs), _lines(ours)).merge_groups())
    if any(group[0] == "conflict" for group in groups):
        return None
    merged = "".join(line for group in groups for line in group[1])
    if not _is_readable(path, merged):
        return None
    windows = theirs.count("\r\n") > theirs.count("\n") / 2
    return merged.replace("\n", "\r\n") if windows else merged


def _lines(text: str) -> list[str]:
    """Split into lines with LF at each end; the last one gets it too, because many editors leave it out."""
    lines = text.replace("\r\n", "\n").split("\n")
    return [f"{line}\n" for line in (lines if lines[-1] else lines[:-1])]


def _is_readable(path: str, text: str) -> bool:
    """Whether a merged file is still valid in its format: edits that do not touch can break it together."""
    try:
        match PurePosixPath(path).suffix:
            case ".py":
                ast.parse(text)
            case ".yml":
                yaml.safe_load(text)
            case ".toml":
                tomllib.loads(text)
            case ".json":
                json.loads(text)
    except (SyntaxError, ValueError, RecursionError, yaml.YAMLError):
        return False
    return True
