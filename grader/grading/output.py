"""The folder of reports, and what becomes of a run if nothing can be written there any more: one line for the user."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from grader.errors import OutputError
from grader.printable import one_line

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def writing(out: Path) -> Iterator[None]:
    """Write to the folder of reports in the body of ``with``, and do nothing else there.

    Raises:
        OutputError: it cannot be written to.
    """
    try:
        yield
    except OSError as error:
        remedy = "make room there" if error.errno in _NO_ROOM else "make it writable"
        path = one_line(str(out), 2000)
        raise OutputError(f"{path} cannot be written to ({error.strerror or error}); {remedy}") from None
