"""From a stage's parameters to a source, titles and a given split."""

import pytest

from songrec.data import Asked, SyntheticWorld, find_source, ingest
from songrec.data.predefined import read_predefined
from songrec.data.prepare import choose_removed, choose_titles, save_predefined
from songrec.errors import ConfigError

WORLD = SyntheticWorld(users=60, songs=80, seed=3)


@pytest.fixture
def raw(tmp_path, monkeypatch):
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    (tmp_path / "raw").mkdir()
    return tmp_path / "raw"


def test_the_synthetic_world_comes_in_like_any_other_log(tmp_path):
    asked = Asked(world=WORLD)
    source = find_source("synthetic").open(asked)
    report = ingest(source, tmp_path / "t.parquet", tmp_path / "r.parquet")
    assert "synthetic" in report.source
    triplets = sum(len(plays) for _, _, plays in WORLD.triplets())
    assert (report.users, report.triplets, report.n_rejected, report.duplicates) == (60, triplets, 0, 0)
    titles = choose_titles("synthetic", asked)
    assert titles.known_share(WORLD.song_ids) == 1.0


@pytest.mark.parametrize("columns", [("who", "what", "n"), ("2", "1", "0")])
def test_columns_by_name_or_by_place_as_text(raw, tmp_path, columns):
    (raw / "log.csv").write_text("n,what,who\n3,s,u\n")
    source = find_source("triplets").open(Asked("log.csv", columns, header=True, item="artist"))
    report = ingest(source, tmp_path / "t.parquet", tmp_path / "r.parquet")
    assert (report.triplets, report.plays, report.item) == (1, 3, "artist")


def test_titles_from_either_kind_of_file_or_none(raw):
    asked = Asked("log.csv")
    (raw / "songs.csv").write_text("song_id,title\ns,T\n")
    (raw / "unique_tracks.txt").write_text("TR<SEP>s<SEP>A<SEP>T\n")
    assert choose_titles("triplets", asked, "songs.csv").label(["s"]) == ["T"]
    assert choose_titles("triplets", asked, "unique_tracks.txt").label(["s"]) == ["T, by A"]
    assert choose_titles("triplets", asked).label(["s"]) == ["s"]


def test_songs_are_removed_only_where_a_list_is_named(raw):
    (raw / "sid_mismatches.txt").write_text("ERROR: <SOUMNSI12AB0182807 TRMMGKQ128F9325E10> A - B != C - D\n")
    assert choose_removed() is None
    assert choose_removed("sid_mismatches.txt").tolist() == ["SOUMNSI12AB0182807"]


def test_a_given_split_is_kept_whole_or_not_at_all(raw, tmp_path):
    (raw / "visible.txt").write_text("u\ta\t1\nv\ta\t2\n")
    (raw / "hidden.txt").write_text("u\tb\t1\n")
    folder = tmp_path / "given"
    assert save_predefined(folder, "", "") == {}
    assert read_predefined(folder) is None
    with pytest.raises(ConfigError, match="both files"):
        save_predefined(folder, "visible.txt", "")
    parts = save_predefined(folder, "visible.txt", "hidden.txt")
    again = read_predefined(folder)
    assert (
        [part.plays.nnz for part in again]
        == [parts["visible"].plays.nnz, parts["hidden"].plays.nnz]
        == [2, 1]
    )
