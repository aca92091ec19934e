"""course.yml for students: the salt, the sample class and the lessons that are not released are taken out.

Lines are taken out of the text, so that its comments and its layout stay as the author wrote them.
"""

from __future__ import annotations

from collections.abc import Collection

import yaml

SECRET_KEYS = ("salt", "sample_class")
"""The salt is a secret; the sample class is made of solutions, which are not there."""


def for_students(text: str, lessons: Collection[str]) -> str:
    """The text of course.yml without its secrets.

    Args:
        text: a course.yml that ``grader.course.load`` accepts.
        lessons: names of the lessons that stay.
    """
    lines = text.splitlines(keepends=True)
    tree = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(tree, yaml.MappingNode)
    unwanted: set[int] = set()
    pairs = tree.value
    for i, (key, value) in enumerate(pairs):
        end = pairs[i + 1][0].start_mark.line if i + 1 < len(pairs) else len(lines)
        if key.value in SECRET_KEYS:
            unwanted |= _block(lines, key.start_mark.line, end)
        elif key.value == "lessons":
            items = [item.start_mark.line for item in value.value]
            for item, begin, after in zip(value.value, items, [*items[1:], end], strict=True):
                names = {name.value: part.value for name, part in item.value}
                if names["name"] not in lessons:
                    unwanted |= _block(lines, begin, after)
    return "".join(line for i, line in enumerate(lines) if i not in unwanted)


def _block(lines: list[str], begin: int, end: int) -> set[int]:
    """The lines of an entry with the comment directly above it, and without the one above the next entry."""
    while end > begin + 1 and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    while begin > 0 and lines[begin - 1].lstrip().startswith("#"):
        begin -= 1
    return set(range(begin, end))
