"""Packed content, unpacked a chunk at a time: gzip, bz2, xz, zstd, and the files in zip and tar archives."""

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from songrec.data.validation import DAMAGED, TRUNCATED
from songrec.errors import DataError

CHUNK = 1 << 20


class Damaged(Exception):  # noqa: N818 - it reads as what it is
    """The archive ends too early or is broken; its message is the reason. What came before it is good."""


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


def packing(head: bytes) -> Callable[[Iterator[bytes]], Iterator[bytes]] | None:
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


def _zstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        with pa.CompressedInputStream(pa.PythonFile(_Stream(chunks), "r"), "zstd") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise Damaged(TRUNCATED if "runcated" in str(error) else DAMAGED) from error


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


def is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def zip_members(file: BinaryIO, path: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
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


def tar_members(chunks: Iterator[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
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
