"""The version of this project, and of the packages that its verdicts depend on.

pyproject.toml is the only place that says which version this is; an installed package carries it as metadata, and so
does a student's copy, which has a pyproject.toml of its own.
"""

from __future__ import annotations

import importlib.metadata
import platform

PROJECT = "deep-rl-for-beginners"
_PACKAGES = ("torch", "gymnasium", "numpy", "hypothesis", "pytest")


def versions() -> dict[str, str]:
    """Versions by name, read from metadata: nothing is imported, so asking costs no time."""
    return {"grader": _of(PROJECT), "Python": platform.python_version()} | {name: _of(name) for name in _PACKAGES}


def _of(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
