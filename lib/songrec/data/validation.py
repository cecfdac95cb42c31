"""What a triplet may hold, and the reasons for which a line is rejected, for every reader."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime
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
SPACED = "space before or after an id"
NO_TIME = "time not known"
ENCODING = "bad encoding"
BINARY = "binary junk"
HEADER = "looks like a header"
TRUNCATED = "truncated archive"
DAMAGED = "damaged archive"

# Control characters, ends of lines and the byte order mark. A space within an id is fine: names are ids, too.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_STEERING = re.compile(f"{_FORBIDDEN.pattern}+")
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
        Between fields: one character, or several, and then nothing is quoted.
    user : int
        Place of the user.
    song : int
        Place of the song.
    plays : int, optional
        Its place; None: each line is one play.
    time : int, optional
        Its place; None: no time is read.
    width : int
        Number of fields.
    """

    separator: str
    user: int = 0
    song: int = 1
    plays: int | None = 2
    time: int | None = None
    width: int = 3

    @property
    def quoted(self) -> bool:
        """Tab-separated text has no quoting; CSV has."""
        return self.separator != "\t" and len(self.separator) == 1

    @property
    def places(self) -> list[int]:
        """Places of the fields that are read."""
        return [place for place in (self.user, self.song, self.plays, self.time) if place is not None]


def shown(line: bytes | str) -> str:
    """A rejected line as it is kept: readable text of at most 200 characters."""
    if isinstance(line, bytes):
        line = line[:800].decode("utf-8", errors="backslashreplace")
    return line[:200]


def printable(text: str) -> str:
    """The text without what would steer a terminal: control characters as their escapes.

    >>> print(printable("a\x1b[31m"))
    a\\x1b[31m
    """
    return _FORBIDDEN.sub(lambda found: ascii(found[0])[1:-1], text)


def unsteering(text: str) -> str:
    """The text with a space for every run of control characters.

    >>> unsteering("two\\nlines\\x1b[31m")
    'two lines [31m'
    """
    return _STEERING.sub(" ", text)


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


def reason_of(ids: Sequence[str]) -> str:
    """Why these are no ids, of which at least one is none."""
    spaced = all(
        one and one.strip() != one and valid_ids([one.strip()]) for one in ids if not valid_ids([one])
    )
    return SPACED if spaced else MALFORMED


def plays_of(text: str) -> int | str:
    """The play count that a field holds, or the reason why it holds none.

    >>> plays_of("3"), plays_of("3.0"), plays_of("0"), plays_of("2.5"), plays_of("many")
    (3, 3, 'plays below 1', 'plays not an integer', 'plays not a number')
    """
    if not text:
        return MISSING
    if not _INTEGER.fullmatch(text):
        if not _NUMBER.fullmatch(text):
            return NOT_A_NUMBER
        if not (value := float(text)).is_integer():
            return TOO_LARGE if value == float("inf") else NOT_AN_INTEGER
        text = str(int(value))
    digits = text.lstrip("0")
    if not digits or digits[0] == "-":
        return BELOW_ONE
    if len(digits) > 10 or int(digits) > MAX_PLAYS:
        return TOO_LARGE
    return int(digits)


def seconds_of(text: str) -> int | str:
    """Seconds since 1970 of a time, or the reason why it is none.

    A whole number counts seconds, or milli-, micro- or nanoseconds where seconds would lie past the year
    5000; all else is read as ISO 8601, by UTC where no zone is given.

    >>> seconds_of("1433221332117"), seconds_of("2015-06-02T05:02:12Z"), seconds_of("last week")
    (1433221332, 1433221332, 'time not known')
    """
    if _NUMBER.fullmatch(text):
        value = int(text) if _INTEGER.fullmatch(text) else int(min(float(text), 1e30))
        for _ in range(3):
            value = value // 1000 if abs(value) >= 10**11 else value
        return value if abs(value) < 10**11 else NO_TIME
    try:
        moment = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    except ValueError:
        return NO_TIME if text else MISSING
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() // 1)


LONGEST_RECORD = 100
"""Lines. A quote that is not closed by then is a stray one."""


def read_record(lines: Sequence[bytes], layout: Layout) -> tuple[tuple[str, str, int, int] | str, int]:
    """What `read_line` says of the first line, and how many lines it took: a quoted field may hold line ends.

    >>> comma = Layout(",", user=0, song=1, plays=3, width=4)
    >>> read_record([b'u1,s1,"two\\n', b'lines",3\\n', b'u1,s2,one,1\\n'], comma)
    (('u1', 's1', 3, 0), 2)
    """
    first = lines[0]
    if layout.quoted and first.count(b'"') % 2:
        together = first
        for more in range(1, len(lines)):
            together += lines[more]
            if lines[more].count(b'"') % 2:
                fields = _fields(together, layout)
                if isinstance(fields, list) and len(fields) == layout.width:
                    return _triplet(fields, layout), more + 1
    return read_line(first, layout), 1


def read_line(line: bytes, layout: Layout) -> tuple[str, str, int, int] | str:
    """(user, song, plays, seconds) of one line, or the reason for which it is rejected.

    Without a place for it, plays are 1 and seconds 0.

    >>> tab = Layout("\\t")
    >>> read_line(b"u1\\ts1\\t3\\n", tab), read_line(b"u1,s1,3\\n", tab)
    (('u1', 's1', 3, 0), 'missing field')
    """
    fields = _fields(line, layout)
    if isinstance(fields, str):
        return fields
    if any("\r" in field for field in fields):
        return MALFORMED
    if len(fields) != layout.width:
        return MISSING if len(fields) < layout.width else EXTRA
    return _triplet(fields, layout)


def _fields(line: bytes, layout: Layout) -> list[str] | str:
    """The fields of one record, or why it has none."""
    line = line.removesuffix(b"\n").removesuffix(b"\r")
    if b"\0" in line:
        return BINARY
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return ENCODING
    if not layout.quoted:
        return text.split(layout.separator)
    try:
        return next(csv.reader(io.StringIO(text, newline="\n"), delimiter=layout.separator), [""])
    except csv.Error:
        return MALFORMED


def _triplet(fields: list[str], layout: Layout) -> tuple[str, str, int, int] | str:
    user, song = fields[layout.user], fields[layout.song]
    plays = 1 if layout.plays is None else plays_of(fields[layout.plays])
    if isinstance(plays, str):
        return plays
    if not valid_ids([user, song]):
        return reason_of([user, song])
    seconds = 0 if layout.time is None else seconds_of(fields[layout.time])
    return seconds if isinstance(seconds, str) else (user, song, plays, seconds)
