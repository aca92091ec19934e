"""The inputs that each target starts from: of a format that nobody guesses, some whole examples."""

from __future__ import annotations

import io
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from targets import TESTS, module_of

COURSE = Path(__file__).parents[2]
_MANY = 24


def starts(name: str) -> list[bytes]:
    """The inputs that the target of that name starts from, always the same."""
    return _EXAMPLES[name]() if name in _EXAMPLES else _chance(name)


def _chance(name: str) -> list[bytes]:
    """Random bytes, of which hypothesis makes arguments: nothing at all makes none."""
    chance = random.Random(name)
    return [chance.randbytes(1 << chance.randrange(4, 13)) for _ in range(_MANY)]


def _files(pattern: str) -> Callable[[], list[bytes]]:
    return lambda: [path.read_bytes() for path in sorted(COURSE.glob(pattern))]


def _frames() -> list[bytes]:
    import numpy as np
    import torch

    from grader.student.wire import Encoder

    def stream(value: object) -> bytes:
        frame = Encoder(lambda _: ["r", 1, "Thing", "object"]).frame(["ok", value, "printed", 1])
        return struct.pack("<II", len(frame.head), len(frame.body)) + frame.head + frame.body

    values = [None, 1 << 100, "text", b"bytes", [0.5] * 70, [1, (2, "x")], {"a": {1, 2}}, object(), np.float32(1)]
    values += [np.zeros((2, 3)), torch.ones(4), np.random.default_rng(0), torch.Generator(), [np.zeros(1)] * 3]
    return [stream(value) for value in values]


def _answers() -> list[bytes]:
    from grader.submissions.messages import At, Done, Failed, Found, Normalised, frame

    found = Found(b"x = 1\n", "", "graded", ("a note",), "a.py", False, True, False, False, b"a.py", (("gym", "old"),))
    normal = Normalised(b"x=1", bytes(16), bytes(8))
    return [frame(message).body for message in (found, normal, At(b"a.py"), Failed("why"), Done())]


def _reports() -> list[bytes]:
    samples = module_of(TESTS / "sample_reports.py")
    return [samples.mixed().to_json(), samples.broken().to_json(), samples.report("student-001").to_json()]


def _archives() -> list[bytes]:
    found = []
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        into = io.BytesIO()
        with tarfile.open(fileobj=into, mode=mode) as tar:  # type: ignore[call-overload]
            tar.add(__file__, "lesson1/work.py")
        found.append(into.getvalue())
    for way in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        into = io.BytesIO()
        with zipfile.ZipFile(into, "w", way) as packed:
            packed.writestr("lesson1/work.py", "x = 1\n" * 20)
            packed.writestr("lesson1/", "")
        found.append(into.getvalue())
    return found


_EXAMPLES: dict[str, Callable[[], list[bytes]]] = {
    "frames": _frames,
    "module": _files("exercises/lesson*.py"),
    "notebook": _files("exercises/lesson[15]*.ipynb"),
    "reading-bytes": _answers,
    "markdown": _files("exercises/lesson[15]*.md"),
    "report": _reports,
    "archive": _archives,
}
