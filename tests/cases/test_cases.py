"""Logs as people have them, one small file a kind: what is read of each, or what is said."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from songrec import cli
from songrec.data import Asked, check, find_source
from songrec.data.guess import guess, source_of
from songrec.data.ingest import ingest
from songrec.data.triplet_file import to_interactions
from songrec.errors import DataError

LOGS = Path(__file__).parent / "logs"
SAME = [
    "double_colons.dat",
    "spaces.csv",
    "utf16_no_bom.csv",
    "old_mac.csv",
    "windows.csv",
    "line_in_quotes.csv",
]
SAME += [
    "plain.tsv",
    "header.csv",
    "semicolons.csv",
    "bars.txt",
    "bom.csv",
    "points.csv",
    "folder",
    "partitioned",
]
SAME += ["log.csv.gz", "log.csv.bz2", "log.csv.xz", "log.csv.zst", "one.zip", "with_readme.zip", "log.tar"]
SAME += ["log.tar.gz", "packed_twice.zip", "log.parquet", "log.feather"]


def read(folder, *names, **said):
    """The log that is guessed from the files, and how."""
    reading = guess([LOGS / name for name in names], **said)
    out = folder / "triplets.parquet"
    report = ingest(source_of(reading), out, folder / "rejects.parquet")
    return to_interactions(out), reading, report


@pytest.mark.parametrize("name", SAME)
def test_the_same_log_in_every_form(tmp_path, name):
    log, reading, _ = read(tmp_path, name)
    assert log.user_ids.tolist() == ["ann", "bob", "cy"]
    assert log.song_ids.tolist() == ["s1", "s2", "s3"]
    assert log.plays.toarray().tolist() == [[3, 1, 0], [7, 0, 0], [0, 0, 2]]
    assert reading.sample[0] in [("ann", "s1", plays, "") for plays in ("3", "3.0")]
    assert reading.item == ("item" if reading.song.isdigit() else "song")


@pytest.mark.parametrize(
    ("name", "user", "note"),
    [
        ("utf16.csv", "ännchen", ""),
        ("cp1252.csv", "änn", "no UTF-8: it is read as cp1252"),
        ("quotes.tsv", '"ann"', ""),
    ],
)
def test_ids_are_kept_as_they_are_written(tmp_path, name, user, note):
    log, reading, report = read(tmp_path, name)
    assert user in log.user_ids
    assert note in " ".join(reading.notes)
    assert report.in_quotes == (name == "quotes.tsv")
    assert ("stands in quotes" in str(report)) == report.in_quotes


@pytest.mark.parametrize("name", ["events.csv", "events_milliseconds.tsv", "listens.jsonl"])
def test_events_are_counted_and_keep_their_times(tmp_path, name):
    log, reading, report = read(tmp_path, name)
    assert log.plays.toarray().tolist() == [[2, 1], [1, 0]]
    assert (report.lines, report.duplicates, report.triplets) == (4, 1, 3)
    assert reading.plays == ""
    assert reading.time
    assert (log.first <= log.last).all()
    assert log.last[0] > log.first[0]
    assert (log.last[1:] == log.first[1:]).all()
    assert report.since == log.first.min()


@pytest.mark.parametrize("name", ["log.csv", "log.tsv.gz", "log.zip", "log.parquet", "log.json"])
def test_a_zip_that_is_none_is_damaged_whatever_it_is_called(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04" + bytes(range(256)) * 9)
    with pytest.raises(DataError, match="truncated archive, with nothing before the break"):
        guess([tmp_path / name])


def test_rows_without_a_value_are_told_with_what_to_do(tmp_path, capsys):
    table = pd.DataFrame({"user": ["a", "b"] * 20, "song": ["s"] * 40, "plays": [1.0] * 39 + [None]})
    table.to_parquet(tmp_path / "log.parquet")
    with pytest.raises(DataError, match="or do rows lack a value"):
        ingest(source_of(guess([tmp_path / "log.parquet"])), tmp_path / "kept", tmp_path / "rejects")
    assert cli.main(["data", "check", str(tmp_path / "log.parquet")]) == 1
    assert "`--max-reject-share` says how many may" in capsys.readouterr().err
    assert cli.main(["data", "check", str(tmp_path / "log.parquet"), "--max-reject-share", "0.05"]) == 0


def test_ratings_are_no_counts(tmp_path):
    for name in ("ratings.csv", "ratings.dat"):
        log, reading, _ = read(tmp_path, name)
        assert set(log.plays.data) == {1}
        assert "counts once" in reading.notes[-1]
        assert log.first.min() > 9e8
    assert [guess([LOGS / name]).item for name in ("ratings.csv", "ratings.dat")] == ["movie", "item"]
    assert guess([LOGS / "ratings.dat"], plays="2").plays == "2"  # whoever means them may say so
    assert guess([LOGS / "header.csv"], plays="none").columns == ["user", "song"]


def test_ids_of_the_million_song_dataset_are_songs(tmp_path):
    path = tmp_path / "train_triplets.txt"
    path.write_text("b80344d063b5ccb3\tSOAKIMP12A8C130995\t1\nb80344d063b5ccb3\tSOAPDEY12A81C210A9\t2\n")
    assert guess([path]).item == "song"


def test_a_listening_history_of_a_service(tmp_path):
    log, reading, _ = read(tmp_path, "ann", "bob")
    assert log.user_ids.tolist() == ["ann", "bob"]
    assert log.song_ids.tolist() == ["Rain", "Sun"]
    assert log.plays.toarray().tolist() == [[2, 1], [1, 0]]
    assert "each folder of files is taken for one" in reading.notes[0]


def test_layouts_of_public_data_sets(tmp_path):
    log, _, _ = read(tmp_path, "lastfm_1k.tsv", user="0", item="artist", song="2")
    assert log.user_ids.tolist() == ["user_000001", "user_000002"]
    assert log.song_ids.tolist() == ["a7f7df4a", "f1b1cf71"]
    assert log.first.tolist() == [1241445250, 1241478537, 1241445124]


PUBLISHED = {
    "movielens-100k": ("ml-100k/u.data", "1\t7\t3\t881250949\n2\t9\t3\t891717742\n"),
    "movielens-1m": ("ml-1m/ratings.dat", "1::7::5::978300760\n2::9::3::978302109\n"),
    "lastfm-360k": ("lastfm-dataset-360K/usersha1-artmbid-artname-plays.tsv", "1\tm\t7\t1\n2\tn\t9\t1\n"),
    "lastfm-1k": (
        "lastfm-dataset-1K/userid-timestamp-artid-artname-traid-traname.tsv",
        "1\t2009-05-04T23:08:57Z\ta\tA\t\t7\n2\t2009-05-04T13:54:10Z\tb\tB\tt\t9\n",
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_data_set_is_read_by_its_name(tmp_path, name):
    member, text = PUBLISHED[name]
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("README", "Read me.")
        packed.writestr(member, text)
        packed.writestr("ml-100k/u.item", "7|Café (1995)||x\n".encode("latin-1"))
        packed.writestr("ml-1m/movies.dat", "7::Café (1995)::Drama\n".encode("latin-1"))
    source = find_source(name)
    log = source.open(Asked(archive))
    ingest(log, tmp_path / "t.parquet", tmp_path / "r.parquet")
    made = to_interactions(tmp_path / "t.parquet")
    assert made.plays.toarray().tolist() == [[1, 0], [0, 1]]
    assert made.song_ids.tolist() == ["7", "9"]
    assert (made.first is not None) == (name != "lastfm-360k")
    titles = ["Café (1995)"] if log.item == "movie" else ["7"]
    assert source.titles(Asked(archive)).label(["7"]) == titles


def test_an_export_is_read_by_the_names_of_its_files():
    report = check(find_source("spotify").open(Asked([LOGS / "ann", LOGS / "bob"])))
    assert (report.users, report.songs, report.plays) == (2, 2, 4)
    assert check(find_source("listenbrainz").open(Asked(LOGS / "listens.jsonl"))).users == 2
    with pytest.raises(DataError, match="no file here is called StreamingHistory"):
        find_source("spotify").open(Asked(LOGS / "partitioned"))


def test_columns_of_other_types_are_read_where_their_meaning_is_clear(tmp_path):
    log, _, _ = read(tmp_path, "odd_types.parquet")
    assert log.user_ids.tolist() == ["ann", "bob", "cy"]
    assert log.song_ids.tolist() == ["1", "2", "3"]
    assert log.plays.toarray().tolist() == [[3, 1, 0], [7, 0, 0], [0, 0, 2]]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("sheet.xlsx", "is an Excel or Word file: export it as CSV"),
        ("page.html", "is a web page, which cannot be read here"),
        ("database.sqlite", "is an SQLite database, which cannot be read here: export it as CSV or Parquet"),
        ("document.pdf", "is a PDF document"),
        ("array.npy", "is a NumPy array"),
        ("noise.bin", "holds binary data"),
        ("empty.csv", "is empty"),
        ("two_tables.zip", r"holds a\.csv, b\.csv: say which of them is the log"),
        ("twice.csv", "the column song stands 2 times"),
        ("no_numbers.csv", "plays not a number"),
    ],
)
def test_what_cannot_be_read_says_what_it_is(name, says):
    said = {"plays": "plays"} if name == "no_numbers.csv" else {}
    with pytest.raises(DataError, match=says):
        _accepted(source_of(guess([LOGS / name], **said)))


def _accepted(source):
    if problem := check(source).problem():
        raise DataError(problem)


def test_no_control_character_of_a_file_reaches_the_terminal():
    with pytest.raises(DataError) as caught:
        guess([LOGS / "escape.csv"])
    assert "\x1b" not in str(caught.value)
    assert "\\x1b[31m" in str(caught.value)
