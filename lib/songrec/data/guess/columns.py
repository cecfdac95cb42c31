"""Which columns of a log are user, item, count and time: by their names, else by their places and values."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from songrec.data.guess.reading import Reading
from songrec.data.records import FOLDER
from songrec.data.validation import plays_of, printable, seconds_of
from songrec.errors import DataError

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

_MSD = re.compile("(SO|TR)[A-Z]{5}[0-9A-F]{11}")
KNOWN = {*USERS, *PLAYS, *RATINGS, *TIMES, *(name for names in ITEMS.values() for name in names)}


def with_columns(reading: Reading, file: Path, rows: list[list[str]], said: dict[str, Any]) -> Reading:
    """Which columns are user, item, count and time: by their names, else by their places and values."""
    plain = {plain_name(name): name for name in reversed(reading.names)}
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
        reading = reading.noted(
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
    return next((kind for kind, names in ITEMS.items() if plain_name(name) in names), "item")


def _dated(reading: Reading, rows: Sequence[Sequence[str]]) -> str:
    """A column of dates, whatever it is called; numbers may be anything."""
    values = {name: [row[place] for row in rows[:1000]] for place, name in enumerate(reading.names)}
    return next(
        (name for name, of in values.items() if not any(map(is_number, of)) and all(map(_is_time, of))), ""
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
            reading = reading.noted(f"{printable(plays)} holds no whole counts: each row counts once")
            plays = ""
        elif _look_like_ratings(reading, values):
            reading = reading.noted(f"column {plays} looks like ratings, not counts: each row counts once")
            plays = ""
    elif not plays:
        rated = next((name for name in reading.names if plain_name(name) in RATINGS), "")
        why = f"{printable(rated)} is an opinion, not a count" if rated else "there is no column of counts"
        reading = reading.noted(f"{why}: each row counts once")
    if time and "time" not in said:
        values = [row[place[time]] for row in rows[:1000]]
        if sum(not isinstance(seconds_of(value), str) for value in values) < 0.99 * len(values):
            shown = printable(values[0])[:40]
            reading = reading.noted(
                f"{printable(time)} holds times in a form that is not known ({shown}): not read"
            )
            time = ""
    return replace(reading, plays=plays, time=time)


def plain_name(name: str) -> str:
    return "".join(c for c in name.rpartition(".")[2].lower() if c.isalnum())


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() != "" and text.lower() not in ("nan", "inf", "-inf", "infinity")
