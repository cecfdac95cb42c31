"""The bytes of a text, gzip or zip file, in chunks; the kind is known by its first bytes."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from songrec.data.validation import DAMAGED, TRUNCATED
from songrec.errors import DataError

CHUNK = 1 << 20


class Damaged(Exception):  # noqa: N818 - it reads as what it is
    """The archive ends too early or is broken; its message is the reason. What came before it is good."""


def first_bytes(path: Path, n: int = 4) -> bytes:
    """The first bytes of a file; a `DataError` names a file that is missing, empty or not to be read."""
    try:
        with open(path, "rb") as file:
            start = file.read(n)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    if not start:
        raise DataError(f"{path} is empty: it should hold one (user, song, plays) triplet a line")
    return start


def read_chunks(path: Path, member: str | None = None) -> Iterator[bytes]:
    """Yield the unpacked content of a file, about 1 MiB at a time.

    Parameters
    ----------
    path : Path
        Text, gzip or zip file.
    member : str, optional
        The file inside a zip archive; without it the archive must hold one file only.

    Raises
    ------
    Damaged
        Where an archive breaks off.
    """
    start = first_bytes(path)
    try:
        if start[:2] == b"PK":
            yield from _unzip(path, member)
            return
        with open(path, "rb") as file:
            if start[:2] == b"\x1f\x8b":
                yield from _gunzip(file)
            else:
                while chunk := file.read(CHUNK):
                    yield chunk
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def _gunzip(file: BinaryIO) -> Iterator[bytes]:
    """Like gzip, but what stands before the break is yielded before `Damaged` is raised."""
    unpack = zlib.decompressobj(wbits=31)
    packed = file.read(CHUNK)
    try:
        while packed:
            yield unpack.decompress(packed, CHUNK)
            packed = unpack.unconsumed_tail or file.read(CHUNK)
            if unpack.eof:  # members may follow one another; zeros may pad the end
                packed = (unpack.unused_data + packed).lstrip(b"\0")
                unpack = zlib.decompressobj(wbits=31) if packed else unpack
        yield unpack.flush()
    except zlib.error as error:
        raise Damaged(DAMAGED) from error
    if not unpack.eof:
        raise Damaged(TRUNCATED)


def _unzip(path: Path, member: str | None) -> Iterator[bytes]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:  # the table of contents stands at the end
        raise Damaged(TRUNCATED) from error
    with archive:
        try:
            with archive.open(_member(archive, path, member)) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except EOFError as error:
            raise Damaged(TRUNCATED) from error
        except (zipfile.BadZipFile, zlib.error) as error:
            raise Damaged(DAMAGED) from error
        except (RuntimeError, NotImplementedError) as error:  # a password, an unknown compression
            raise DataError(f"cannot unpack {path}: {error}. Unpack it by hand.") from error


def _member(archive: zipfile.ZipFile, path: Path, member: str | None) -> str:
    names = [n for n in archive.namelist() if not n.endswith("/") and not n.startswith("__MACOSX/")]
    if member is None and len(names) == 1:
        return names[0]
    if member in names:
        return member
    wanted = "which of them is meant is not said" if member is None else f"{member!r} is not among them"
    raise DataError(f"{path} holds {', '.join(names[:10]) or 'no file'}: {wanted}. Name one as `member`.")
