"""Keep the password of a gradebook's database out of the course folder's config and state.

A course folder is shared with assistants, backed up and put into repositories; its config is a program that everybody
in it reads. So the URL there has no password. ``with_password``, which the config calls, takes it from the environment
variable ``GRADER_DB_PASSWORD``, or else from ``.db_password`` in the folder, which only its owner may read and which
no repository takes. Without either the URL stays as it is: some databases have a place of their own (``~/.pgpass``).
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from pathlib import Path

from grader.errors import CourseError

VARIABLE = "GRADER_DB_PASSWORD"
FILE = ".db_password"
HOW = (
    f"leave it out of the URL (postgresql://user@host/name), and give it in the environment variable {VARIABLE}, or as "
    f"the only line of {FILE} in the course folder, which nobody else may read"
)

_SECRETS = ("password", "passwd", "pwd")
_IN_TEXT = re.compile(r"""^(?!\s*\#).*\w://[^\s/:@"']*:[^\s@"']+@""", re.MULTILINE)


def split(url: str) -> tuple[str, str]:
    """Split a URL into itself without its password, and the password; "" if it has none or is not a URL."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return url, ""
    query = {key: value for key, value in parts.query.items() if key.lower() in _SECRETS}
    found = str(parts.password or next(iter(query.values()), "") or "")
    if not found:
        return url, ""
    bare = parts.difference_update_query(list(query)).set(password="")
    # An empty password is written as "user:@host".
    return bare.render_as_string(hide_password=False).replace(":@", "@", 1), found


def has_password(text: str) -> bool:
    """Whether a line of a program that is no comment has a URL with a password in it."""
    return _IN_TEXT.search(text) is not None


def with_password(url: str, config: str) -> str:
    """The URL with the password from the environment or from the file beside the config; unchanged without either.

    Args:
        url: the URL without a password.
        config: the path of nbgrader_config.py.

    Raises:
        SystemExit: others may read the file.
    """
    from sqlalchemy.engine import make_url

    password = os.environ.get(VARIABLE) or _read(Path(config).resolve().parent / FILE)
    return make_url(url).set(password=password).render_as_string(hide_password=False) if password else url


def keep(folder: Path, password: str) -> None:
    """Write the password to its file, which no other user can read from the first byte on.

    Raises:
        CourseError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=folder, prefix=f"{FILE}.")  # mode 0600
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{password}\n")
        os.replace(beside, folder / FILE)
    except OSError as error:
        raise CourseError(f"{folder / FILE} cannot be written: {error.strerror}") from None


def _read(path: Path) -> str:
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SystemExit(f"{path} may be read by others than you; run: chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip("\r\n")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
