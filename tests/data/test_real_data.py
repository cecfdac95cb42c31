"""The real data beside the checkout: every published or measured count, exactly."""

import gzip
import hashlib

import pyarrow.parquet as pq
import pytest

from songrec.data import (
    Asked,
    Catalogue,
    apply_filters,
    find_source,
    ingest,
    read_mismatches,
    to_interactions,
    triplets,
)
from songrec.data.sources.lastfm_2k import DATASET


@pytest.mark.parametrize(
    ("name", "counts", "core"),
    [
        ("taste-profile-10k-songs/train_triplets.txt.gz", (235_626, 9_328, 9_071), (8_552, 9_003)),
        ("taste-profile-10k-songs/raw_head_triplets.txt", (42_739, 1_630, 9_071), None),
        ("taste-profile-3k-users/train_triplets.txt.gz", (145_390, 3_000, 55_423), (2_674, 6_125)),
        ("msd-challenge-fragment/year1_test_triplets_visible.txt", (7_093, 526, 5_531), None),
        ("msd-challenge-fragment/year1_test_triplets_hidden.txt", (7_345, 526, 5_746), None),
    ],
)
def test_counts(shared_data, tmp_path, name, counts, core):
    report = ingest(triplets(shared_data / name), tmp_path / "triplets.parquet", tmp_path / "rejects.parquet")
    assert (report.lines, report.users, report.songs) == counts
    assert (report.triplets, report.n_rejected, report.duplicates) == (counts[0], 0, 0)
    log = to_interactions(tmp_path / "triplets.parquet")
    assert (log.plays.nnz, *log.plays.shape) == counts
    if core:  # the users and songs of the anchor split
        assert apply_filters(log, core=5)[0].plays.shape == core


def test_lastfm(shared_data, tmp_path):
    archive = shared_data / "lastfm-2k" / "hetrec2011-lastfm-2k.zip"
    report = ingest(
        find_source("lastfm-2k").open(Asked(archive)), tmp_path / "t.parquet", tmp_path / "r.parquet"
    )
    assert (report.triplets, report.users, report.songs, report.item) == (92_834, 1_892, 17_632, "artist")
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == DATASET.files[0].sha256
    log, artists = to_interactions(tmp_path / "t.parquet"), Catalogue.from_lastfm(archive)
    assert artists.known_share(log.song_ids) == 1.0
    assert artists.label(["707", "51"]) == ["Metallica", "Duran Duran"]
    assert log.plays[log.user_ids.tolist().index("2"), log.song_ids.tolist().index("51")] == 13_883


def test_the_raw_head_is_the_head_of_the_packed_file(shared_data, tmp_path):
    folder, rows = shared_data / "taste-profile-10k-songs", []
    for name in ("raw_head_triplets.txt", "train_triplets.txt.gz"):
        ingest(triplets(folder / name), tmp_path / "t.parquet", tmp_path / "r.parquet")
        rows.append(pq.read_table(tmp_path / "t.parquet").to_pandas().astype({"user": str, "song": str}))
    head, whole = rows
    assert head.equals(whole[: len(head)])
    with gzip.open(folder / "train_triplets.txt.gz", "rt") as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    assert whole.astype(str).to_numpy().tolist() == lines


def test_titles_and_mismatches(shared_data, tmp_path):
    songs = Catalogue.from_csv(shared_data / "songs" / "song_metadata.csv")
    assert len(songs.song_ids) == 23_558
    assert songs.label(["SOAAAGQ12A8C1420C8"]) == ["Orgelblut, by Bohren & Der Club Of Gore"]
    assert len({artist for artist in songs.artist if artist}) == 5_302
    log = triplets(shared_data / "taste-profile-10k-songs" / "train_triplets.txt.gz")
    ingest(log, tmp_path / "t.parquet", tmp_path / "r.parquet")
    log = to_interactions(tmp_path / "t.parquet")
    heard = log.song_ids[log.plays.indices]
    assert round(songs.known_share(heard), 2) == 0.94
    mismatches = read_mismatches(shared_data / "songs" / "sid_mismatches.txt")
    assert len(mismatches) == 18_913  # of 19,094 lines: some songs stand on several
    _, steps = apply_filters(log, remove=mismatches)
    assert (steps[1].users, steps[1].songs, steps[1].triplets) == (9_323, 8_510, 218_550)
