"""Titles, artists and years."""

import gzip
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from songrec.data import Catalogue
from songrec.errors import DataError

CSV = """song_id,title,artist_name,release,year,source
S3,"Echoes On ""A"" Street",The Dropkick Murphys,,,x
S1,"One, Two","A
B",R,1999.0,x
S2,,Nobody,R,0,x
S1,Another,C,R,2001,x
"""


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_from_csv(tmp_path, pack):
    path = tmp_path / "songs.csv"
    path.write_bytes(pack(CSV.encode()))
    songs = Catalogue.from_csv(path)
    assert songs.song_ids.tolist() == ["S1", "S2", "S3"]
    assert songs.title.tolist() == ["One, Two", None, 'Echoes On "A" Street']
    assert songs.artist.tolist() == ["A B", "Nobody", "The Dropkick Murphys"]
    assert songs.year.tolist() == [1999, None, None]


def test_csv_with_less_and_what_it_must_have(tmp_path):
    path = tmp_path / "songs.csv"
    path.write_text("title,song_id\nT,S\n")
    songs = Catalogue.from_csv(path)
    assert (songs.label(["S"]), songs.artist.tolist(), songs.year.tolist()) == (["T"], [None], [None])
    path.write_text("movie,name\nM,T\n")
    assert Catalogue.from_csv(path).label(["M"]) == ["T"]
    path.write_text("song_id,title,title,year\nS,T,U,99999\n")
    with pytest.raises(DataError, match=r"songs\.csv: the column title stands 2 times"):
        Catalogue.from_csv(path)
    path.write_text("song_id,title,year\nS,T,99999\n")
    assert Catalogue.from_csv(path).year.tolist() == [None]
    path.write_text("song,words\nS,T\n")
    with pytest.raises(DataError, match=r"need the columns song_id and title; it has song, words"):
        Catalogue.from_csv(path)
    path.write_text("song_id,title\nS,T\nS,T,U\n")
    with pytest.raises(DataError, match=r"songs\.csv"):
        Catalogue.from_csv(path)
    path.write_bytes(b"song_id,title\nS,\xff\n")
    with pytest.raises(DataError, match=r"songs\.csv is not UTF-8"):
        Catalogue.from_csv(path)
    path.write_bytes(gzip.compress(CSV.encode())[:-9])
    with pytest.raises(DataError, match=r"songs\.csv: truncated archive"):
        Catalogue.from_csv(path)


def test_from_unique_tracks(tmp_path):
    path = tmp_path / "unique_tracks.txt"
    path.write_text("TR1<SEP>S2<SEP>Artist<SEP>Ti\x85tle\nTR2<SEP>S1<SEP>B<SEP>T\n", encoding="utf-8")
    assert Catalogue.from_unique_tracks(path).label(["S2", "S1"]) == ["Ti tle, by Artist", "T, by B"]
    path.write_text("TR1<SEP>S2<SEP>Artist<SEP>Title\nTR2<SEP>S1\n")
    with pytest.raises(DataError, match=r"unique_tracks\.txt:2: 2 fields with <SEP> between, not 4"):
        Catalogue.from_unique_tracks(path)


def test_from_lastfm(tmp_path):
    path = tmp_path / "lastfm.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("artists.dat", 'id\tname\turl\tpictureURL\r\n7\tThe "Who\tu\tp\r\n10\tYes\tu\tp\r\n')
        archive.writestr("readme.txt", "x")
    artists = Catalogue.from_lastfm(path)
    assert artists.label(["10", "7", "8"]) == ["Yes", 'The "Who', "8"]


def test_from_a_data_frame_with_missing_values():
    year = pd.Series([1990, None, 2001], dtype="Int16")
    title = pd.Series(["A", None, float("nan")], dtype=object)
    songs = Catalogue.from_columns(pd.Series(["s1", "s2", "s3"]), title, np.array(["x", "y", "z"]), year)
    assert songs.title.tolist() == ["A", None, None]
    assert songs.artist.tolist() == ["x", "y", "z"]
    assert songs.year.tolist() == [1990, None, 2001]


def test_saved_and_loaded_it_is_the_same(tmp_path):
    path = tmp_path / "songs.parquet"
    songs = Catalogue.from_columns(["s2", "s1"], ["Two", None], [None, "A"], [1999, None])
    songs.save(path)
    for name, column in vars(Catalogue.load(path)).items():
        assert column.tolist() == getattr(songs, name).tolist()
    assert pq.read_schema(path).field("year").type == pa.int16()
    first = path.read_bytes()
    Catalogue.load(path).save(path)
    assert path.read_bytes() == first
    path.write_bytes(first[:-10])
    with pytest.raises(DataError, match=r"cannot read .*songs\.parquet"):
        Catalogue.load(path)


def test_an_empty_catalogue_knows_nothing(tmp_path):
    empty = Catalogue.from_columns([], [])
    empty.save(tmp_path / "songs.parquet")
    empty = Catalogue.load(tmp_path / "songs.parquet")
    assert empty.label(["s1"]) == ["s1"]
    assert empty.artists(["s1", "s2"]).tolist() == [None, None]
    assert empty.known_share(["s1"]) == empty.known_share([]) == 0.0


def test_only_the_songs_of_a_log():
    songs = Catalogue.from_columns(["a", "b", "c"], ["A", None, "C"], ["x", "y", "z"])
    part = songs.only(np.array(["c", "q", "b"]))
    assert part.song_ids.tolist() == ["b", "c"]
    assert part.artists(["c", "a", "b"]).tolist() == ["z", None, "y"]
    assert songs.known_share(["a", "b", "c", "d"]) == 0.5


def test_a_damaged_file_is_noticed_wherever_its_titles_are_hit(tmp_path):
    path = tmp_path / "songs.parquet"
    Catalogue.from_columns(["a", "b"], ["Title of a", "Title of b"]).save(path)
    good = path.read_bytes()
    for place in (good.index(b"Title of a"), good.index(b"Title of b") + 6):
        path.write_bytes(good[:place] + b"\xff" + good[place + 1 :])
        with pytest.raises(DataError, match=r"cannot read .*songs\.parquet"):
            Catalogue.load(path)


def test_another_table_in_its_place_is_noticed(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"user": ["u"], "song": ["s"]}), tmp_path / "songs.parquet")
    with pytest.raises(DataError, match="it holds user, song, not titles"):
        Catalogue.load(tmp_path / "songs.parquet")
