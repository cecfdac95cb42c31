"""Downloading one file: resumed where it broke off, verified, and in place only when it is complete."""

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from songrec.errors import BusyError, DataError

if TYPE_CHECKING:
    import requests

ATTEMPTS = 4
PAUSE = 1  # seconds before a site that is out of order is asked again; twice as long each time
TIMEOUT = (10, 60)  # seconds to connect, and between two pieces
CHUNK = 1 << 16
_RANGE = re.compile(r"bytes (?:([0-9]+)-[0-9]+|\*)/([0-9]+)")


class _BrokenOff(Exception):  # noqa: N818
    """The transfer ended before the file did; another attempt may go on from there."""


def download(url: str, path: Path, begins: bytes = b"", sha256: str | None = None) -> Path:
    """Download a file unless it is there already.

    Parameters
    ----------
    url : str
        The address.
    path : Path
        Where it goes.
    begins : bytes
        How the whole must begin.
    sha256 : str, optional
        Its checksum.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    DataError
        When the site cannot be reached, or the whole has another length than announced, another beginning or
        another checksum.
    BusyError
        While another process downloads the same file.

    Notes
    -----
    What has come so far lies beside it as `NAME.part`; a later call asks the site for the rest only, if the
    site still has the same file (ETag or date) and can send parts.
    """
    path = Path(path)
    if path.is_file():
        _verify(path, path, url, begins, sha256)
        return path
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(part) as file:
            _transfer(url, file, part, path)
            _verify(part, path, url, begins, sha256)
            os.replace(part, path)
            _tag(part).unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from error
    return path


def _tag(part: Path) -> Path:
    """Beside the part, what the site calls the version that it belongs to, and its length."""
    return part.with_name(f"{part.name}.tag")


@contextmanager
def _alone(part: Path) -> Iterator[BinaryIO]:
    """The open part file, locked: a lock that goes with its process."""
    with open(part, "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f"another process is downloading {part.name.removesuffix('.part')}") from error
        yield file


def _transfer(url: str, file: BinaryIO, part: Path, path: Path) -> None:
    """Receive until the file is whole; give up after `ATTEMPTS` in a row that brought it no further."""
    import requests

    by_hand = f"Get it in another way and put it here:\n  {path}"
    attempts, best = 0, 0
    while attempts < ATTEMPTS:
        try:
            with requests.get(url, headers=_resume(file, part), stream=True, timeout=TIMEOUT) as answer:
                if answer.status_code != 416:  # what a site says that has nothing to add
                    answer.raise_for_status()
                _receive(answer, file, part)
                return
        except requests.HTTPError as error:
            problem = f"it answers {error.response.status_code} {error.response.reason}"
            if error.response.status_code < 500:  # the site will not change its mind
                break
            if attempts < ATTEMPTS - 1:
                time.sleep(PAUSE * 2**attempts)
        except (_BrokenOff, requests.RequestException) as error:
            problem = getattr(error.args[0], "reason", error) if error.args else error
        size = file.seek(0, os.SEEK_END)
        attempts = 1 if size > best else attempts + 1
        best = max(best, size)
    if not (size := file.seek(0, os.SEEK_END)):
        part.unlink()
        _tag(part).unlink(missing_ok=True)
    kept = f"{size:,} bytes have come and are kept: try again, it goes on from there. Or:\n" if size else ""
    raise DataError(f"cannot get {url} ({problem}).\n{kept}{by_hand}")


def _resume(file: BinaryIO, part: Path) -> dict[str, str]:
    """The request's headers: the rest only, provided that it is the rest of the same file."""
    headers = {"Accept-Encoding": "identity"}
    size, (tag, _) = file.seek(0, os.SEEK_END), _read_tag(part)
    return headers | {"Range": f"bytes={size}-", "If-Range": tag} if size and tag else headers


def _read_tag(part: Path) -> tuple[str, int]:
    """What names the version, and how long the site said that it is (0: it did not)."""
    tag, _, size = _tag(part).read_text("latin-1").partition("\n") if _tag(part).is_file() else ("", "", "")
    return tag, _whole(size)


def _whole(text: str) -> int:
    """A length as a site announces it; 0 for one that is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _version(answer: "requests.Response") -> str:
    """What names the version of the file for certain: a strong ETag, else the date."""
    etag = answer.headers.get("ETag", "")
    return etag if etag.startswith('"') else answer.headers.get("Last-Modified", "")


def _receive(answer: "requests.Response", file: BinaryIO, part: Path) -> None:
    """Write what comes; raise `_BrokenOff` when it is not all of it."""
    from tqdm import tqdm

    size = file.seek(0, os.SEEK_END)
    if answer.status_code == 200:  # the whole file: the first time, or the site cannot or will not go on
        file.truncate(0)
        size, total = 0, _whole(answer.headers.get("Content-Length", ""))
        _tag(part).write_text(f"{_version(answer)}\n{total}", "latin-1")
    else:
        place = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        start, total = (int(place[1] or size), int(place[2])) if place else (-1, 0)
        tag, announced = _read_tag(part)
        if start != size or size > total or announced not in (0, total) or _version(answer) not in ("", tag):
            file.truncate(0)
            raise _BrokenOff("the site sent another part than was asked for")
        if size == total:
            return
    name = part.name.removesuffix(".part")
    with tqdm(total=total or None, initial=size, desc=name, unit="B", unit_scale=True, disable=None) as bar:
        for chunk in answer.iter_content(CHUNK):
            file.write(chunk)
            bar.update(len(chunk))
    file.flush()
    size = file.seek(0, os.SEEK_END)
    if total and size != total:
        raise _BrokenOff(f"the transfer broke off at {size:,} of {total:,} bytes")


def _verify(file: Path, path: Path, url: str, begins: bytes, sha256: str | None) -> None:
    """Raise `DataError` when the file cannot be what was asked for; if it was just downloaded, remove it."""
    with open(file, "rb") as stream:
        start = stream.read(len(begins))
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").hexdigest() if sha256 else None
    problem = None
    if start != begins:
        problem = f"begins with {start!r} instead of {begins!r}: some other page was sent"
    elif digest != sha256:
        problem = f"has the SHA-256 {digest} instead of {sha256}"
    if problem and file != path:
        file.unlink()
        _tag(file).unlink(missing_ok=True)
        raise DataError(
            f"{url} {problem}. Nothing was kept. Get it in another way and put it here:\n  {path}"
        )
    if problem:
        raise DataError(f"{path} {problem}. Delete it and fetch it again from {url}")
