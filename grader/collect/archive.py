"""Archives as lists of entries. Their content is hostile: it is read within budgets, and never extracted.

An archive's files are written to a workplace of ours under numbers. Their names stay data, so that no name can lead out
of it, meet another one, or be one that the file system does not take.
"""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import lzma
import mmap
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

from grader.collect.entries import (
    APPLE_DOUBLE,
    MB,
    ArchiveError,
    Budget,
    Entry,
    Workplace,
    closed,
    is_archive,
    is_tools,
    stem,
    too_large,
)

_MAGIC = {b"Rar!\x1a\x07": "RAR", b"7z\xbc\xaf\x27\x1c": "7-Zip", b"%PDF": "PDF"}

_DEEPEST = 20
_CHUNK = 1 << 18
# Everything that the standard library raises on archives that were made to break it. OSError is not among them where
# we write: a full disk is nobody's broken archive.
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    IndexError,
    KeyError,
    OverflowError,
    MemoryError,
    OSError,
)


def unpack(
    path: Path, work: Workplace, budget: Budget, tell: Callable[[int, int], None] = lambda done, total: None
) -> tuple[list[Entry], str]:
    """Unpack a zip or a tar.

    Args:
        path: the archive.
        work: where the content of its files goes.
        budget: what may be unpacked.
        tell: called with the bytes that are done, and the total.

    Returns:
        Its entries, and why it could not be read to its end, or "".

    Raises:
        ArchiveError: nothing can be had from it.
    """
    with path.open("rb") as file:
        head = file.read(8)
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise ArchiveError(f"is {kind} by its content, which is not opened here")
    entries: list[Entry] = []
    read = _from_zip if head.startswith(b"PK") else _from_tar
    try:
        for entry in read(path, work, budget, tell):
            entries.append(entry)
    except ArchiveError as error:
        if not entries:
            raise
        return _pruned(entries), str(error)
    return _pruned(entries), ""


def _pruned(entries: list[Entry]) -> list[Entry]:
    """Drop the folders that are listed only because something lies in them."""
    filled = {entry.parts[:depth] for entry in entries for depth in range(1, len(entry.parts))}
    return [entry for entry in entries if entry.path or entry.problem or entry.parts not in filled]


def expanded(entries: Iterable[Entry], work: Workplace, budget: Budget, depth: int = 0) -> list[Entry]:
    """Open the archives among entries: their content goes where they were, unless names collide.

    An archive that could not be opened, or not as a whole, stays among them with its problem.
    """
    listed = list(entries)
    taken = {entry.parts for entry in listed}
    result: list[Entry] = []
    for entry in listed:
        if entry.path is None or not is_archive(entry.parts[-1]):
            kind = closed(entry.parts[-1]) if entry.path else ""
            said = f"is a {kind} file, which is not opened here; unpack it by hand" if kind else entry.problem
            result.append(dataclasses.replace(entry, problem=said))
            continue
        if depth == budget.depth:
            result.append(dataclasses.replace(entry, problem="is nested in too many archives, so it was not opened"))
            continue
        try:
            inner, problem = unpack(entry.path, work, budget)
        except ArchiveError as error:
            result.append(dataclasses.replace(entry, problem=str(error)))
            continue
        base = entry.parts[:-1]
        if any((*base, *each.parts) in taken for each in inner):
            base = (*base, stem(entry.parts[-1]))
        moved = [Entry((*base, *each.parts), each.path, each.problem, entry.version) for each in inner]
        taken |= {each.parts for each in moved}
        if problem or any(each.problem for each in moved):
            result.append(dataclasses.replace(entry, problem=problem))  # kept, for what is only in it
        elif not any(each.path for each in moved):
            result.append(dataclasses.replace(entry, problem="is an archive with nothing in it"))
        result += expanded(moved, work, budget, depth + 1)
    return result


def _from_zip(path: Path, work: Workplace, budget: Budget, tell: Callable[[int, int], None]) -> Iterator[Entry]:
    _refuse_too_many(path, budget)
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise ArchiveError(f"is damaged: {_said(error)}") from None
    with archive:
        # The work first: where the budget ends, it has not ended before that.
        infos = sorted(archive.infolist(), key=lambda info: not info.filename.endswith((".py", ".ipynb")))
        total, done = sum(info.file_size for info in infos), 0
        for info in infos:
            parts = _parts(_name(info))
            if parts is None:
                yield Entry((_name(info),), None, "has a path that leads out of the archive")
                continue
            if not parts or is_tools(parts):
                budget.leave_out()
                continue
            budget.count()
            done += info.file_size
            mode = info.external_attr >> 16
            if info.is_dir() or _name(info).endswith(("/", "\\")):
                yield Entry(parts, None)
            elif info.flag_bits & 0x1:
                yield Entry(parts, None, "is encrypted")
            elif mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                yield Entry(parts, None, "is a link or a device")
            elif info.file_size > budget.largest:
                yield Entry(parts, None, too_large(info.file_size, budget))
            elif info.file_size > 10 * MB and info.file_size > budget.ratio * max(1, info.compress_size):
                yield Entry(parts, None, f"is compressed more than {budget.ratio} times, as only a zip bomb is")
            else:
                try:
                    source = archive.open(info)
                except _BROKEN as error:
                    yield Entry(parts, None, f"is damaged: {_said(error)}")
                    continue
                with source:
                    if (copied := _copied(parts, source, work, budget)) is not None:
                        yield copied
            tell(done, total)


def _from_tar(path: Path, work: Workplace, budget: Budget, tell: Callable[[int, int], None]) -> Iterator[Entry]:
    size = path.stat().st_size
    try:
        with path.open("rb") as packed, _unzipped(packed) as plain:
            limited = _Limited(plain, min(budget.size, max(10 * MB, budget.ratio * size)))
            # A stream is read once, from its beginning to its end, and is asked for nothing that it does not give.
            with tarfile.open(fileobj=cast(IO[bytes], limited), mode="r|") as archive:
                for member in archive:
                    parts = _parts(member.name)
                    if parts is None:
                        yield Entry((member.name,), None, "has a path that leads out of the archive")
                        continue
                    if not parts or is_tools(parts):
                        budget.leave_out()
                        continue
                    budget.count()
                    if member.isdir():
                        yield Entry(parts, None)
                    elif not member.isreg():
                        yield Entry(parts, None, "is a link or a device")
                    elif member.size > budget.largest:
                        yield Entry(parts, None, too_large(member.size, budget))
                    else:
                        source = archive.extractfile(member)
                        assert source is not None  # it is a file
                        if (copied := _copied(parts, source, work, budget)) is not None:
                            yield copied
                    tell(packed.tell(), size)
    except _BROKEN as error:
        raise ArchiveError(f"is damaged: {_said(error)}") from None


def _copied(parts: tuple[str, ...], source: IO[bytes], work: Workplace, budget: Budget) -> Entry | None:
    """Copy one file and count the bytes it really unpacks to: a header may lie. None for macOS metadata."""
    size = 0
    with work.new() as file:
        while True:
            try:
                chunk = source.read(_CHUNK)
            except _BROKEN as error:
                return Entry(parts, None, f"is damaged: {_said(error)}")
            if not chunk:
                break
            if size == 0 and parts[-1].startswith("._") and chunk.startswith(APPLE_DOUBLE):
                budget.leave_out()
                return None
            size += len(chunk)
            if size > budget.largest:
                return Entry(parts, None, too_large(size, budget))
            budget.spend(len(chunk))
            work.write(file, chunk)
    return Entry(parts, Path(file.name))


class _Limited:
    """A stream that raises an error once it gives more than its limit: headers are read into memory."""

    def __init__(self, source: BinaryIO, most: int) -> None:
        self._source, self._left = source, most

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError("unpacks to more than is allowed; the rest was left in it")
        return data


def _unzipped(packed: BinaryIO) -> BinaryIO:
    head = packed.read(6)
    packed.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=packed))
    if head.startswith(b"BZh"):
        return cast(BinaryIO, bz2.BZ2File(packed))
    if head.startswith(b"\xfd7zXZ\x00"):
        return cast(BinaryIO, lzma.LZMAFile(packed))
    return packed


def _refuse_too_many(path: Path, budget: Budget) -> None:
    """Count a zip's headers before any of them is parsed: zipfile reads them all into memory."""
    if path.stat().st_size == 0:
        raise ArchiveError("is empty")
    # Room for as many again: archives that lie in it unpacked have headers too.
    most = 10 * budget.entries + 10_000
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        place = data.find(b"PK\x01\x02")
        while place >= 0:
            most -= 1
            if most < 0:
                raise ArchiveError("has far too many files")
            place = data.find(b"PK\x01\x02", place + 4)


def _name(info: zipfile.ZipInfo) -> str:
    """An entry's name. macOS writes UTF-8 without setting the flag; what is not UTF-8 is cp437, zip's default."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _parts(name: str) -> tuple[str, ...] | None:
    """A path's parts; None if it is absolute or leads upwards, which no honest archive needs."""
    if "/" not in name:
        name = name.replace("\\", "/")  # as some programs on Windows write it
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:[/\\]", name):
        return None
    # Nobody's work lies this deep; what does keeps its place at the end.
    return parts if len(parts) <= _DEEPEST else (*parts[: _DEEPEST - 1], parts[-1])


def _said(error: BaseException) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0][:100]
