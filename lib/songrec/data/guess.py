"""How a log is to be read, guessed from its beginning; `songrec init` shows and writes what was guessed."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from songrec.data.archives import Damaged, beginning, first_bytes, members, read_chunks, table_kind
from songrec.data.records import FOLDER, is_json, names_of, read_objects, value_of
from songrec.data.sources.contract import Source
from songrec.data.sources.triplet_files import FORMATS, files_of, triplets
from songrec.data.text import default_separator
from songrec.data.validation import plays_of, printable, seconds_of
from songrec.errors import DataError

NONE = "none"
"""Said of plays or time: the log has no such column, whatever it looks like."""

SAMPLE = 1 << 20
LINES = 5000
SHOWN = 5

SEPARATORS = ("\t", ",", ";", "|", "::", "<SEP>", " ")
TABLES = (".csv", ".tsv", ".txt", ".dat", ".data", ".tab", ".json", ".jsonl", ".log")

# Names of columns, lower case without anything but letters and digits; the better first.
USERS = (
    *("user", "userid", "username", "uid", "visitorid", "customerid", "customer", "listener", "listenerid"),
    *(
        "memberid",
        "member",
        "usersha1",
        "reviewerid",
        "profileid",
        "accountid",
        "msnoid",
        "msno",
        "sessionid",
    ),
)
ITEMS = {
    "song": (
        "song",
        "songid",
        "track",
        "trackid",
        "spotifytrackuri",
        "recordingmbid",
        "trackname",
        "traname",
    ),
    "artist": ("artist", "artistid", "artmbid", "artid", "artistname", "artname"),
    "movie": ("movie", "movieid", "film", "filmid"),
    "book": ("book", "bookid", "isbn"),
    "game": ("game", "gameid", "appid"),
    "product": ("product", "productid", "asin", "sku", "stockcode", "articleid"),
    "item": ("item", "itemid", "contentid", "content", "videoid", "iid", "station"),
}
PLAYS = (
    *("plays", "playcount", "listencount", "count", "counts", "weight", "listens", "quantity", "frequency"),
    *("freq", "times", "nplays", "views", "clicks"),
)
RATINGS = ("rating", "ratings", "stars", "score", "overall")
TIMES = (
    *(
        "timestamp",
        "time",
        "datetime",
        "when",
        "playedat",
        "listenedat",
        "endtime",
        "eventtime",
        "date",
        "ts",
    ),
    *("unixreviewtime", "invoicedate", "createdat", "tdat"),
)


@dataclass(frozen=True)
class Reading:
    """How a log is read.

    Attributes
    ----------
    files : tuple of Path
        The files and folders.
    kind : str
        "text", "JSON", or the kind of table.
    names : tuple of str
        Names of the fields, or their places as text where the file has no header.
    user : str
        Name (or place) of the users' column.
    song : str
        Of the items' column.
    plays : str
        Of the counts' column; empty where each row counts once.
    time : str
        Of the times' column; empty where there is none.
    item : str
        What is recommended; "item" where nothing tells.
    separator : str
        Between the fields of text.
    member : str
        Which file of an archive.
    encoding : str
        Of text; empty: UTF-8, or as a byte order mark says.
    header : bool
        Whether the first line names the columns.
    sample : tuple of tuple
        The first rows: user, song, plays, time.
    notes : tuple of str
        What was guessed for a reason that its owner should know, a sentence each.
    """

    files: tuple[Path, ...]
    kind: str = "text"
    names: tuple[str, ...] = ()
    user: str = ""
    song: str = ""
    plays: str = ""
    time: str = ""
    item: str = "song"
    separator: str = ""
    member: str = ""
    encoding: str = ""
    header: bool = False
    sample: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """User, song and, if there are any, plays."""
        return [self.user, self.song, *([self.plays] if self.plays else [])]

    def __str__(self) -> str:
        """What a person is shown: the form, why it was taken for that, and the first rows."""
        form = [self.kind]
        form += [f"separator {self.separator!r}"] if self.separator else []
        form += [f"encoding {self.encoding}"] if self.encoding else []
        form += [f"member {self.member}"] if self.member else []
        if self.kind == "text":
            form.append("the first line names the columns" if self.header else "no header")
        roles = {"user": self.user, self.item: self.song, "plays": self.plays, "time": self.time}
        used = [place for place, name in enumerate(roles.values()) if name]
        rows = [[f"{role} ({name})" for role, name in roles.items() if name]]
        rows += [[row[place] for place in used] for row in self.sample]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = [
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows
        ]
        files = printable(", ".join(path.name for path in self.files))
        lines = [f"{files}: {', '.join(form)}", *(f"  {note}" for note in self.notes), ""]
        return "\n".join([*lines, *(f"  {row}".rstrip() for row in table)])

    def parameters(self) -> dict[str, Any]:
        """What a profile says of it: parameters of ingest but for the path, where they are no defaults."""
        said = {name: getattr(self, name) for name in ("separator", "member", "encoding", "time")}
        if self.kind == "text" and self.header and self.user.isdigit():
            said["header"] = True
        return {"columns": self.columns, **{name: value for name, value in said.items() if value}}


def source_of(reading: Reading) -> Source:
    """The log, read so."""
    places = [int(one) if one.isdigit() else one for one in reading.columns]
    return triplets(
        reading.files,
        places,
        reading.separator,
        reading.header,
        reading.member,
        reading.item,
        reading.encoding,
        int(reading.time) if reading.time.isdigit() else reading.time,
    )


def guess(files: Sequence[Path], **said: Any) -> Reading:
    """Look at the beginning of a log's first file.

    Parameters
    ----------
    files : sequence of Path
        Files and folders of one log, all of one form.
    **said
        Fields of a `Reading` that are known, and need no guess.

    Raises
    ------
    DataError
        When it is not told which columns are user and item, or what the file holds is no table.
    """
    said = {name: value for name, value in said.items() if value not in (None, "")}
    none = {name for name in ("plays", "time") if said.get(name) == NONE}
    said |= dict.fromkeys(none, "")
    file = files_of(Path(files[0]))[0]
    reading = Reading(
        tuple(map(Path, files)), **{k: v for k, v in said.items() if k in Reading.__annotations__}
    )
    if kind := FORMATS.get(table_kind(first_bytes(file))):
        reading, rows = _table(reading, file, kind)
    else:
        reading = _member(reading, file)
        if is_json(beginning(file, reading.member)):
            reading, rows = _json(reading, file)
        else:
            reading, rows = _text(reading, file, said)
    if not rows:
        raise DataError(f"{file} holds no row")
    reading = _columns(reading, file, rows, said)
    wanted = [reading.user, reading.song, reading.plays, reading.time]
    places = [reading.names.index(name) if name else None for name in wanted]
    sample = tuple(
        tuple(printable(row[place])[:40] if place is not None else "" for place in places)
        for row in rows[:SHOWN]
    )
    return replace(reading, sample=sample)


def _noted(reading: Reading, note: str, **changes: Any) -> Reading:
    return replace(reading, **changes, notes=(*reading.notes, note))


def _table(reading: Reading, file: Path, kind: str) -> tuple[Reading, list[list[str]]]:
    root = reading.files[0]
    base = root if root.is_dir() else file.parent
    try:
        table = ds.dataset(
            file, format=kind, partitioning=ds.HivePartitioning.discover(), partition_base_dir=str(base)
        ).head(LINES)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file} is damaged: {printable(str(error))}") from error
    columns = [column.to_pylist() for column in table.columns]
    rows = [[_as_text(value) for value in row] for row in zip(*columns, strict=True)]
    return replace(reading, kind=kind.capitalize(), names=tuple(table.column_names), header=True), rows


def _json(reading: Reading, file: Path) -> tuple[Reading, list[list[str]]]:
    objects = list(islice(read_objects(file, reading.member), LINES))
    names = list(dict.fromkeys(name for one in objects[:100] for name in names_of(one)))
    rows = [[_as_text(value_of(one, name)) for name in names] for one in objects]
    return replace(reading, kind="JSON", names=tuple(names), header=True), rows


def _as_text(value: Any) -> str:
    return (
        "" if value is None else value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    )


def _member(reading: Reading, file: Path) -> Reading:
    """Which file of an archive that holds several is the table."""
    names = list(islice(members(file), 1000))
    if reading.member or len(names) < 2:
        return reading
    tables = [
        name
        for name in names
        if PurePosixPath(name).suffix.lower() in TABLES
        and not PurePosixPath(name).name.lower().startswith(("readme", "license", "changes"))
    ]
    if len(tables) != 1:
        listed = ", ".join(map(printable, names[:10]))
        raise DataError(f"{file} holds {listed}: say which of them is the log (`--member`)")
    return _noted(
        reading, f"of the archive's {len(names)} files, {printable(tables[0])} is read", member=tables[0]
    )


def _text(reading: Reading, file: Path, said: dict[str, Any]) -> tuple[Reading, list[list[str]]]:
    data = beginning(file, reading.member, reading.encoding, SAMPLE)
    if not reading.encoding:
        reading, data = _encoding(reading, file, data)
    if b"\0" in data:
        raise DataError(f"{file} holds binary data: it is neither text nor a table that is known here")
    text = data.decode("utf-8-sig", "replace")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if len(data) >= SAMPLE and len(lines) > 1:
        lines.pop()  # it was cut
    lines = [line for line in lines if line][:LINES]
    if not lines:
        try:
            b"".join(read_chunks(file, reading.member))
        except Damaged as damage:
            raise DataError(f"{file}: {damage}, with nothing before the break: fetch it again") from damage
        raise DataError(f"{file} holds no text")
    if "separator" not in said:
        inner = reading.member or next(members(file), file.name)
        reading = replace(reading, separator=_separator(lines, default_separator(inner)))
    rows = _rows(lines, reading.separator)
    if "header" not in said:
        reading = replace(reading, header=_is_header(rows))
    names = [name.strip() for name in rows[0]] if reading.header else list(map(str, range(len(rows[0]))))
    width = len(names)
    return replace(reading, names=tuple(names)), [row for row in rows[reading.header :] if len(row) == width]


def _encoding(reading: Reading, file: Path, data: bytes) -> tuple[Reading, bytes]:
    for ending in range(min(4, len(data))):  # the sample may cut a character
        try:
            data[: len(data) - ending].decode("utf-8")
            break
        except UnicodeDecodeError:
            continue
    else:
        note = "the text is no UTF-8: it is read as cp1252 (Western Europe)"
        return _noted(reading, note, encoding="cp1252"), beginning(file, reading.member, "cp1252", SAMPLE)
    if data[1::2].count(0) > len(data) / 4:
        note = "the text looks like UTF-16 without a byte order mark"
        return _noted(reading, note, encoding="utf-16-le"), beginning(
            file, reading.member, "utf-16-le", SAMPLE
        )
    return reading, data


def _rows(lines: Sequence[str], separator: str) -> list[list[str]]:
    if len(separator) == 1 and separator != "\t":
        try:
            return [row for row in csv.reader([f"{line}\n" for line in lines], delimiter=separator) if row]
        except csv.Error:
            pass
    return [line.split(separator) for line in lines]


def _separator(lines: Sequence[str], expected: str) -> str:
    """What cuts most lines into the same number of fields, two or more; on a tie what the name says."""
    best, found = (0.0, False, 0), expected
    for separator in SEPARATORS:
        widths = Counter(len(row) for row in _rows(lines, separator))
        width, n = widths.most_common(1)[0]
        if width < 2:
            continue
        score = (round(n / widths.total(), 1), separator == expected, width)
        if score > best:
            best, found = score, separator
    if len(found) == 1 and found not in " \t":
        rows = _rows(lines, found)
        if all(field[:1] == " " for row in rows for field in row[1:]):
            found += " "
    return found


def _plain(name: str) -> str:
    return "".join(c for c in name.rpartition(".")[2].lower() if c.isalnum())


_MSD = re.compile("(SO|TR)[A-Z]{5}[0-9A-F]{11}")
_KNOWN = {*USERS, *PLAYS, *RATINGS, *TIMES, *(name for names in ITEMS.values() for name in names)}


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: by names that are known, or by numbers that begin below it."""
    first = [field.strip() for field in rows[0]]
    if any(_is_number(field) for field in first):
        return False
    if sum(_plain(field) in _KNOWN for field in first) >= 2:
        return True
    below = rows[1:200]
    return bool(below) and any(
        all(_is_number(row[place]) for row in below if place < len(row)) for place in range(len(first))
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() != "" and text.lower() not in ("nan", "inf", "-inf", "infinity")


def _columns(reading: Reading, file: Path, rows: list[list[str]], said: dict[str, Any]) -> Reading:
    """Which columns are user, item, count and time: by their names, else by their places and values."""
    plain = {_plain(name): name for name in reversed(reading.names)}
    for what in ("user", "song", "plays", "time"):
        if (name := said.get(what)) and name not in reading.names:
            there = printable(", ".join(reading.names))
            raise DataError(
                f"{file}: no column {name!r} for `--{'item' if what == 'song' else what}`; it has {there}"
            )

    def named(known: Sequence[str]) -> str:
        return next((plain[name] for name in known if name in plain), "")

    user = reading.user or named(USERS)
    song = reading.song or next((name for names in ITEMS.values() if (name := named(names))), "")
    plays = reading.plays or ("" if "plays" in said else named(PLAYS))
    time = reading.time or ("" if "time" in said else named(TIMES))
    if not time and "time" not in said:
        time = _dated(reading, rows)
    if reading.kind == "JSON" and not user:
        user = FOLDER
        reading = _noted(
            reading,
            "no field names the user: each folder of files is taken for one",
            names=(*reading.names, FOLDER),
        )
        for row in rows:
            row.append(file.absolute().parent.name)
    if not reading.header:
        user, song, plays, time = _by_place(reading, rows, user, song, plays, time, said)
    if not user or not song:
        lacking = " and ".join(what for what, name in (("user", user), ("item", song)) if not name)
        there = printable(", ".join(reading.names))
        raise DataError(
            f"{file}: which column is the {lacking} cannot be told from the names {there}: say it "
            "(`--user NAME`, `--item NAME`)"
        )
    reading = replace(reading, user=user, song=song)
    if "item" not in said:
        values = [row[reading.names.index(song)] for row in rows[:1000]]
        reading = replace(reading, item=_kind(song, values))
    return _count_and_time(reading, rows, plays, time, said)


def _kind(name: str, ids: Sequence[str]) -> str:
    """What a column's items are, by its name or by ids of the Million Song Dataset."""
    if all(_MSD.fullmatch(one) for one in ids):
        return "song"
    return next((kind for kind, names in ITEMS.items() if _plain(name) in names), "item")


def _dated(reading: Reading, rows: Sequence[Sequence[str]]) -> str:
    """A column of dates, whatever it is called; numbers may be anything."""
    values = {name: [row[place] for row in rows[:1000]] for place, name in enumerate(reading.names)}
    return next(
        (name for name, of in values.items() if not any(map(_is_number, of)) and all(map(_is_time, of))), ""
    )


def _by_place(reading, rows, user, song, plays, time, said) -> tuple[str, str, str, str]:
    """Without a header the order is user, item, count, time; of numbers, the large ones are times."""
    free = [place for place in range(len(reading.names)) if str(place) not in (user, song, plays, time)]
    user = user or str(free.pop(0) if free else "")
    song = song or str(free.pop(0) if free else "")
    for place in free:
        values = [row[place] for row in rows[:1000]]
        if not time and "time" not in said and all(_is_time(value) for value in values):
            time = str(place)
        elif (
            not plays
            and "plays" not in said
            and place == 2
            and all(not isinstance(plays_of(value), str) for value in values)
        ):
            plays = str(place)
    return user, song, plays, time


def _is_time(text: str) -> bool:
    """A time since 1990, in whatever unit: small numbers are counts."""
    seconds = seconds_of(text)
    return not isinstance(seconds, str) and 6.3e8 < seconds < 1e11


def _look_like_ratings(reading: Reading, values: Sequence[str]) -> bool:
    """Whether small numbers without a name are ratings: of counts, the smallest is the commonest."""
    if reading.header or max(map(float, values)) > 10:
        return False
    commonest = Counter(values).most_common(1)[0][0]
    return "rating" in reading.files[0].name.lower() or (len(values) >= 50 and float(commonest) > 2)


def _count_and_time(reading: Reading, rows, plays: str, time: str, said) -> Reading:
    """Keep count and time if their values are such; say why each row counts once where there is no count."""
    place = {name: at for at, name in enumerate(reading.names)}
    if plays and "plays" not in said:
        values = [row[place[plays]] for row in rows[:1000]]
        good = sum(not isinstance(plays_of(value), str) for value in values)
        if good < 0.9 * len(values):
            reading = _noted(reading, f"{printable(plays)} holds no whole counts: each row counts once")
            plays = ""
        elif _look_like_ratings(reading, values):
            reading = _noted(reading, f"column {plays} looks like ratings, not counts: each row counts once")
            plays = ""
    elif not plays:
        rated = next((name for name in reading.names if _plain(name) in RATINGS), "")
        why = f"{printable(rated)} is an opinion, not a count" if rated else "there is no column of counts"
        reading = _noted(reading, f"{why}: each row counts once")
    if time and "time" not in said:
        values = [row[place[time]] for row in rows[:1000]]
        if sum(not isinstance(seconds_of(value), str) for value in values) < 0.99 * len(values):
            shown = printable(values[0])[:40]
            reading = _noted(
                reading, f"{printable(time)} holds times in a form that is not known ({shown}): not read"
            )
            time = ""
    return replace(reading, plays=plays, time=time)
