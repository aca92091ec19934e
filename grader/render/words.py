"""Sentences about a diagnosis."""

from __future__ import annotations

import re

_LIKE = re.compile(r"^your code behaves exactly like (?:one|code) that\s+", re.IGNORECASE)


def diagnosis_sentence(diagnosis: str) -> str:
    """A diagnosis as a whole sentence, whether it came as one or as the words that finish it."""
    text = diagnosis.strip()
    if not text.lower().startswith("your code"):
        text = f"Your code behaves exactly like one that {text}"
    return text if text.endswith((".", "!", "?")) else f"{text}."


def misconception(diagnosis: str) -> str:
    """The same, said of nobody: for a list of what a class believes."""
    text = diagnosis.strip()
    what = _LIKE.sub("", text)
    if what != text or not text.lower().startswith("your code"):
        text = f"Code that {what}"
    return text if text.endswith((".", "!", "?")) else f"{text}."
