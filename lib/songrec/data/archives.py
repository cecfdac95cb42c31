"""The text within a file, in chunks: unpacked and decoded, whatever it is packed in.

Kinds are known by their first bytes, never by the file's name, and may be packed in one another.
"""

import codecs
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from songrec.data.unpacking import Damaged, chunks_of, is_tar, packing, tar_members, zip_members
from songrec.data.validation import printable
from songrec.errors import ConfigError, DataError

HEAD = 512
"""Bytes that tell all kinds apart: a tar archive says so at byte 257."""

_DEEPEST = 4  # a tar archive in gzip within a zip archive is text at the third look

PARQUET, ARROW = "a Parquet file", "an Arrow file"
_TABLES = {b"PAR1": PARQUET, b"ARROW1": ARROW, b"FEA1": "a Feather file of version 1"}
_UNREADABLE = {
    b"%PDF": "a PDF document",
    b"SQLite format 3": "an SQLite database",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
    b"\x93NUMPY": "a NumPy array",
    b"\x80\x04\x95": "a Python pickle",
    b"\x80\x05\x95": "a Python pickle",
    b"\x89PNG": "a picture",
    b"\x7fELF": "a program",
    b"<!DOCTYPE html": "a web page",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
}
_BOMS = {  # the longer first: UTF-32's begins with UTF-16's
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def first_bytes(path: Path, n: int = HEAD) -> bytes:
    """The first bytes of a file; a `DataError` names a file that is missing, empty or not to be read."""
    try:
        if path.exists() and not path.is_file():  # a pipe or a device has no beginning to come back to
            raise DataError(f"cannot read {path}: it is no regular file")
        with open(path, "rb") as file:
            start = file.read(n)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    if not start:
        raise DataError(f"{path} is empty: it should hold one (user, song, plays) triplet a line")
    return start


def table_kind(start: bytes) -> str:
    """`PARQUET`, `ARROW` or another kind of table that is no text, by the first bytes; else empty."""
    return next((kind for magic, kind in _TABLES.items() if start.startswith(magic)), "")


def read_chunks(path: Path, member: str = "", encoding: str = "") -> Iterator[bytes]:
    """Yield the content of a file as UTF-8 with line ends of Unix or Windows, about 1 MiB at a time.

    Parameters
    ----------
    path : Path
        Text, or text in gzip, bz2, xz, zstd, zip or tar, and these in one another.
    member : str
        The file inside a zip or tar archive; without it the archive must hold one file only.
    encoding : str
        Python's name of it; by default UTF-8, or what a byte order mark says.

    Raises
    ------
    Damaged
        Where an archive breaks off.
    DataError
        For what is no text, saying what it is.
    """
    first_bytes(path)
    try:
        with open(path, "rb") as file:
            yield from _lines_ended(_decoded(_unpacked(file, path, member), encoding))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def members(path: Path) -> Iterator[str]:
    """Names of the files in a zip or tar archive (that may itself be packed); none for all else."""
    with open(path, "rb") as file:
        chunks = chunks_of(file)
        for _ in range(_DEEPEST):
            head, chunks = _peek(chunks)
            if head.startswith(b"PK") or is_tar(head):
                found = zip_members(file, path) if head.startswith(b"PK") else tar_members(chunks)
                with suppress(Damaged):  # to be told by who reads it to the end
                    yield from (name for name, _ in found if not _of_macos(name))
                return
            if (unpack := packing(head)) is None:
                return
            chunks = unpack(chunks)


def beginning(path: Path, member: str = "", encoding: str = "", n: int = HEAD) -> bytes:
    """The first bytes of what `read_chunks` yields; a damaged archive has what stands before the break."""
    taken = b""
    try:
        for chunk in read_chunks(path, member, encoding):
            taken += chunk
            if len(taken) >= n:
                break
    except Damaged:
        pass  # to be told by who reads it to the end
    return taken[:n]


def _unpacked(file: BinaryIO, path: Path, member: str) -> Iterator[bytes]:
    chunks, within = chunks_of(file), ""
    for _ in range(_DEEPEST):
        head, chunks = _peek(chunks)
        if kind := table_kind(head) or next((k for m, k in _UNREADABLE.items() if head.startswith(m)), ""):
            what = f"{path}{within} is {kind}"
            remedy = "unpack it" if kind in _TABLES.values() else "export it as CSV or Parquet"
            raise DataError(f"{what}, which cannot be read here: {remedy}.")
        if head.startswith(b"PK"):
            if within:
                raise DataError(f"{path}{within} is a zip archive within another: unpack it.")
            chunks = _one_of(zip_members(file, path), path, member)
        elif is_tar(head):
            chunks = _one_of(tar_members(chunks), path, member)
        elif unpack := packing(head):
            chunks = unpack(chunks)
        else:
            return chunks
        within = ", unpacked,"
    raise DataError(f"{path} is packed more than {_DEEPEST} times: unpack it.")


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and all chunks with them; a break is raised again where it stands."""
    taken, size, damage = [], 0, None
    try:
        for chunk in chunks:
            taken.append(chunk)
            size += len(chunk)
            if size >= HEAD:
                break
    except Damaged as found:
        damage = found
    start = b"".join(taken)
    return start[:HEAD], chain([start], _raise(damage) if damage else chunks)


def _raise(damage: Damaged) -> Iterator[bytes]:
    raise damage
    yield b""


def _one_of(found: Iterator[tuple[str, Iterator[bytes]]], path: Path, member: str) -> Iterator[bytes]:
    """The content of the member asked for, or of the only one.

    A tar archive can only be read on: that it holds a second file is known after the first one.
    """
    names = []
    for name, chunks in found:
        if _of_macos(name):
            continue
        names.append(name)
        if name == member or (not member and len(names) == 1):
            yield from chunks
            if member:
                return
    if member or len(names) != 1:
        wanted = f"{member!r} is not among them" if member else "which of them is meant is not said"
        listed = ", ".join(map(printable, names[:10])) or "no file"
        raise DataError(f"{path} holds {listed}: {wanted}. Name one as `member`.")


def _of_macos(name: str) -> bool:
    """Whether it is what macOS puts beside each file."""
    return Path(name).name.startswith("._") or name.startswith("__MACOSX/")


def _decoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """As UTF-8. What cannot be decoded comes out as no UTF-8 either: its line will be rejected."""
    head, chunks = _peek(chunks)
    encoding = encoding or next((name for bom, name in _BOMS.items() if head.startswith(bom)), "utf-8")
    try:
        codec = codecs.lookup(encoding)
    except LookupError as error:
        raise ConfigError(f"there is no encoding {encoding!r}: try utf-8, utf-16 or cp1252") from error
    if codec.name == "utf-8":
        yield from chunks
        return
    wide = codec.name.startswith(("utf-16", "utf-32"))
    errors = "surrogatepass" if wide else "surrogateescape"
    decoder = codec.incrementaldecoder(errors)
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8", errors)
        yield decoder.decode(b"", final=True).encode("utf-8", errors)
    except UnicodeError:
        yield b"\xff\n"  # no text can be found again after a break in UTF-16


def _lines_ended(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Line ends of old Macs, carriage returns alone, as those of Unix."""
    first = next(chunks, b"")
    old = b"\r" in first and b"\n" not in first
    for chunk in chain([first], chunks):
        yield chunk.replace(b"\r", b"\n") if old else chunk
