"""The text within a file, in chunks: unpacked and decoded, whatever it is packed in.

Kinds are known by their first bytes, never by the file's name, and may be packed in one another.
"""

import bz2
import codecs
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from songrec.data.validation import DAMAGED, TRUNCATED, printable
from songrec.errors import ConfigError, DataError

CHUNK = 1 << 20
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


class Damaged(Exception):  # noqa: N818 - it reads as what it is
    """The archive ends too early or is broken; its message is the reason. What came before it is good."""


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
        chunks = _read(file)
        for _ in range(_DEEPEST):
            head, chunks = _peek(chunks)
            if head.startswith(b"PK") or _is_tar(head):
                found = _zip_members(file, path) if head.startswith(b"PK") else _tar_members(chunks)
                with suppress(Damaged):  # to be told by who reads it to the end
                    yield from (name for name, _ in found if not _of_macos(name))
                return
            if (unpack := _packing(head)) is None:
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
    chunks, within = _read(file), ""
    for _ in range(_DEEPEST):
        head, chunks = _peek(chunks)
        if kind := table_kind(head) or next((k for m, k in _UNREADABLE.items() if head.startswith(m)), ""):
            what = f"{path}{within} is {kind}"
            remedy = "unpack it" if kind in _TABLES.values() else "export it as CSV or Parquet"
            raise DataError(f"{what}, which cannot be read here: {remedy}.")
        if head.startswith(b"PK"):
            if within:
                raise DataError(f"{path}{within} is a zip archive within another: unpack it.")
            chunks = _one_of(_zip_members(file, path), path, member)
        elif _is_tar(head):
            chunks = _one_of(_tar_members(chunks), path, member)
        elif unpack := _packing(head):
            chunks = unpack(chunks)
        else:
            return chunks
        within = ", unpacked,"
    raise DataError(f"{path} is packed more than {_DEEPEST} times: unpack it.")


def _read(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


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


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _packing(head: bytes) -> Callable[[Iterator[bytes]], Iterator[bytes]] | None:
    """What unpacks a stream that begins like this; None for what is not packed."""
    kinds = {b"\x1f\x8b": _Gunzip, b"BZh": bz2.BZ2Decompressor, b"\xfd7zXZ\0": lzma.LZMADecompressor}
    for magic, unpacker in kinds.items():
        if head.startswith(magic):
            return lambda chunks: _unpack(chunks, unpacker)
    return _zstd if head.startswith(b"\x28\xb5\x2f\xfd") else None


class _Gunzip:
    """zlib with the methods of bz2 and lzma."""

    def __init__(self):
        self._zlib = zlib.decompressobj(wbits=31)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data


def _unpack(chunks: Iterator[bytes], new: Callable[[], Any]) -> Iterator[bytes]:
    """What stands before a break is yielded before `Damaged` is raised."""
    unpack = new()
    try:
        for chunk in chunks:
            while chunk or not (unpack.eof or unpack.needs_input):
                if unpack.eof:  # members may follow one another; zeros may pad the end
                    if not (chunk := chunk.lstrip(b"\0")):
                        break
                    unpack = new()
                yield unpack.decompress(chunk, CHUNK)
                chunk = unpack.unused_data
    except (zlib.error, lzma.LZMAError, OSError) as error:
        raise Damaged(DAMAGED) from error
    if not unpack.eof:
        raise Damaged(TRUNCATED)


class _Stream(io.RawIOBase):
    """Chunks as a file that can only be read on."""

    def __init__(self, chunks: Iterator[bytes]):
        self._chunks, self._rest = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while not self._rest:
            if (chunk := next(self._chunks, None)) is None:
                return 0
            self._rest = chunk
        taken = self._rest[: len(buffer)]
        self._rest = self._rest[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _zstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        with pa.CompressedInputStream(pa.PythonFile(_Stream(chunks), "r"), "zstd") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise Damaged(TRUNCATED if "runcated" in str(error) else DAMAGED) from error


def _zip_members(file: BinaryIO, path: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:  # the table of contents stands at the end
        raise Damaged(TRUNCATED) from error
    with archive:
        names = archive.namelist()
        if "[Content_Types].xml" in names:
            raise DataError(f"{path} is an Excel or Word file: export it as CSV.")
        for name in names:
            if not name.endswith("/"):
                yield name, _unzip(archive, name, path)


def _unzip(archive: zipfile.ZipFile, name: str, path: Path) -> Iterator[bytes]:
    try:
        with archive.open(name) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except EOFError as error:
        raise Damaged(TRUNCATED) from error
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError) as error:
        raise Damaged(DAMAGED) from error
    except (RuntimeError, NotImplementedError) as error:  # a password, an unknown compression
        raise DataError(f"cannot unpack {path}: {error}. Unpack it by hand.") from error


def _tar_members(chunks: Iterator[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    try:
        with tarfile.open(fileobj=io.BufferedReader(_Stream(chunks), CHUNK), mode="r|") as archive:
            for entry in archive:
                if entry.isfile():
                    yield entry.name, _untar(archive.extractfile(entry))
    except tarfile.ReadError as error:
        raise Damaged(TRUNCATED if "unexpected end" in str(error) else DAMAGED) from error


def _untar(file: BinaryIO) -> Iterator[bytes]:
    try:
        while chunk := file.read(CHUNK):
            yield chunk
    except tarfile.ReadError as error:
        raise Damaged(TRUNCATED) from error


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
