"""Query git about a folder, as far as a release needs it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def has_remote(folder: Path) -> bool:
    """Whether a folder is, or would be, in a repository with a remote: what is written there is soon published.

    A repository that git cannot be asked about counts as one with a remote.
    """
    there = _existing(folder)
    if not any((each / ".git").exists() for each in (there, *there.parents)):
        return False
    remotes = _git(there, "remote")
    return remotes is None or bool(remotes.strip())


def uncommitted(folder: Path) -> int:
    """The number of files with changes that are not committed; 0 outside of a repository."""
    status = _git(folder, "status", "--porcelain", "--untracked-files=all", "--", ".") if folder.is_dir() else None
    return len((status or "").splitlines())


def _existing(folder: Path) -> Path:
    """The folder itself, or the nearest one around it that exists."""
    folder = folder.resolve()
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def _git(folder: Path, *words: str) -> str | None:
    """The output of a git command; None without git, or if the folder is in no repository that git may read."""
    # Inside a hook, git's own variables point to another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
