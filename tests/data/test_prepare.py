"""From a stage's parameters to a source, titles and a given split."""

import pandas as pd
import pytest

from songrec.data import Asked, SyntheticWorld, find_source, ingest, read_log
from songrec.data.predefined import read_predefined
from songrec.data.prepare import choose_removed, choose_titles, save_predefined
from songrec.errors import ConfigError, DataError

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
    with pytest.raises(ConfigError, match="visible without hidden: a given split needs both halves"):
        save_predefined(folder, "visible.txt", "")
    with pytest.raises(ConfigError, match="validation without hidden and visible"):
        save_predefined(folder, "", "", validation="hidden.txt")
    parts = save_predefined(folder, "visible.txt", "hidden.txt")
    again = read_predefined(folder)
    assert (
        [part.plays.nnz for part in again]
        == [parts["visible"].plays.nnz, parts["hidden"].plays.nnz]
        == [2, 1]
    )


def test_the_parts_of_a_given_split_have_the_form_of_the_log(raw, tmp_path):
    form = Asked("log.csv", ("who", "what"), separator=";", header=True, member="log.csv", time="at")
    for name, song in (("visible", "a"), ("hidden", "b"), ("validation", "c")):
        (raw / f"{name}.txt").write_text(f"what;who\n{song};u\n{song};v\n")
    parts = save_predefined(
        tmp_path / "given", "visible.txt", "hidden.txt", validation="validation.txt", form=form
    )
    assert [part.song_ids.tolist() for part in parts.values()] == [["a"], ["b"], ["c"]]
    assert parts["hidden"].user_ids.tolist() == ["u", "v"]
    again = read_predefined(tmp_path / "given")
    assert [part.song_ids.tolist() for part in again] == [["a"], ["b"], ["c"]]


def test_rejected_lines_of_a_part_are_in_a_file_that_is_there(raw, tmp_path):
    (raw / "visible.txt").write_text("u\ta\t1\n")
    (raw / "hidden.txt").write_text("u\tb\tnone\nu\tc\t1\n")
    rejects = tmp_path / "interim" / "rejects.parquet"
    with pytest.raises(DataError, match=r"The rejected lines are in (.*)\.") as caught:
        save_predefined(tmp_path / "given", "visible.txt", "hidden.txt", rejects=rejects)
    place = rejects.with_name("rejects.hidden.parquet")
    assert str(place) in str(caught.value)
    assert place.exists()
    assert "hidden.txt" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "plays", "more"),
    [
        ("u\ta\nu\ta\nv\tb\n", {("u", "a"): 2, ("v", "b"): 1}, {}),
        ("who\twhat\nu\ta\n", {("u", "a"): 1}, {"header": True}),
        ("u\t10\ta\nu\t20\ta\n", {("u", "a"): 2}, {"time": "1"}),
        ("u\ta\t3\nv\tb\t1\n", {("u", "a"): 3, ("v", "b"): 1}, {}),
    ],
)
def test_of_two_columns_each_row_is_a_play(raw, tmp_path, text, plays, more):
    (raw / "log.txt").write_text(text)
    log = find_source("triplets").open(Asked("log.txt", **more))
    _, found = read_log(log, tmp_path / "r.parquet")
    user, song = found.plays.nonzero()
    ids = zip(found.user_ids[user], found.song_ids[song], strict=True)
    assert dict(zip(ids, found.plays.data.tolist(), strict=True)) == plays


def test_a_first_line_that_lacks_its_plays_is_one_reject(raw, tmp_path):
    (raw / "log.txt").write_text("u\ta\n" + "u\tb\t2\n" * 200)
    report, _ = read_log(find_source("triplets").open(Asked("log.txt")), tmp_path / "r.parquet")
    assert (report.n_rejected, report.plays) == (1, 400)


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_a_table_of_two_columns(raw, tmp_path, kind):
    frame = pd.DataFrame({"who": ["u", "u", "v"], "what": ["a", "a", "b"]})
    getattr(frame, f"to_{kind}")(raw / f"log.{kind}")
    _, found = read_log(find_source("triplets").open(Asked(f"log.{kind}")), tmp_path / "r.parquet")
    assert found.plays.toarray().tolist() == [[2, 0], [0, 1]]
