"""What a triplet may hold, and the reasons for which a line is rejected, for every reader."""

import csv
import re
from typing import NamedTuple

MAX_PLAYS = 2**31 - 1
MAX_ID = 256

MISSING = "missing field"
EXTRA = "too many fields"
NOT_A_NUMBER = "plays not a number"
NOT_AN_INTEGER = "plays not an integer"
BELOW_ONE = "plays below 1"
TOO_LARGE = "plays too large"
MALFORMED = "malformed id"
ENCODING = "bad encoding"
BINARY = "binary junk"
HEADER = "looks like a header"
TRUNCATED = "truncated archive"
DAMAGED = "damaged archive"

# Control characters, ends of lines and the byte order mark. A space within an id is fine: names are ids, too.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class Reject(NamedTuple):
    """A line that was not taken: where it stood (from 1), why, and its text, cut to 200 characters."""

    file: str
    line: int
    reason: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}: {self.text!r}"


class Layout(NamedTuple):
    """How a line of text is split.

    Attributes
    ----------
    separator : str
        Between fields.
    columns : tuple of int
        Places of user, song and plays.
    width : int
        Number of fields.
    """

    separator: str
    columns: tuple[int, int, int]
    width: int

    @property
    def quoted(self) -> bool:
        """Tab-separated text has no quoting; CSV has."""
        return self.separator != "\t"


def shown(line: bytes | str) -> str:
    """A rejected line as it is kept: readable text of at most 200 characters."""
    if isinstance(line, bytes):
        line = line[:800].decode("utf-8", errors="backslashreplace")
    return line[:200]


def valid_ids(ids: list[str]) -> bool:
    """Whether every id has 1 to 256 characters, no control character, and no space before or after it.

    >>> valid_ids(["SOAKIMP12A8C130995", "Café Tacvba"]), valid_ids([" a"]), valid_ids([""])
    (True, False, False)
    """
    lengths = [len(one) for one in ids]
    if lengths and not (min(lengths) >= 1 and max(lengths) <= MAX_ID):
        return False
    if any(one[0].isspace() or one[-1].isspace() for one in ids):
        return False
    return _FORBIDDEN.search("".join(ids)) is None


def plays_of(text: str) -> int | str:
    """The play count that a field holds, or the reason why it holds none.

    >>> plays_of("3"), plays_of("0"), plays_of("2.5"), plays_of("many")
    (3, 'plays below 1', 'plays not an integer', 'plays not a number')
    """
    if not text:
        return MISSING
    if not _INTEGER.fullmatch(text):
        return NOT_AN_INTEGER if _NUMBER.fullmatch(text) else NOT_A_NUMBER
    digits = text.lstrip("0")
    if not digits or digits[0] == "-":
        return BELOW_ONE
    if len(digits) > 10 or int(digits) > MAX_PLAYS:
        return TOO_LARGE
    return int(digits)


def split_fields(text: str, layout: Layout) -> list[str] | None:
    """The fields of a line without its line end; None where quoting is broken beyond reading."""
    if not layout.quoted:
        return text.split(layout.separator)
    try:
        return next(csv.reader([text], delimiter=layout.separator))
    except csv.Error:
        return None


def read_line(line: bytes, layout: Layout) -> tuple[str, str, int] | str:
    """(user, song, plays) of one line, or the reason for which it is rejected.

    >>> tab = Layout("\\t", (0, 1, 2), 3)
    >>> read_line(b"u1\\ts1\\t3\\n", tab), read_line(b"u1,s1,3\\n", tab)
    (('u1', 's1', 3), 'missing field')
    """
    line = line.removesuffix(b"\n").removesuffix(b"\r")
    if b"\0" in line:
        return BINARY
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return ENCODING
    fields = split_fields(text, layout)
    if fields is None or "\r" in text:
        return MALFORMED
    if len(fields) != layout.width:
        return MISSING if len(fields) < layout.width else EXTRA
    user, song, count = (fields[place] for place in layout.columns)
    plays = plays_of(count)
    if isinstance(plays, str):
        return plays
    return (user, song, plays) if valid_ids([user, song]) else MALFORMED
