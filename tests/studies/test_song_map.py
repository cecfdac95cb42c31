"""A map of the songs: what the same users choose is near, and the same run gives the same map."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.data import Catalogue
from songrec.models import EASE, Popularity, PureSVD
from songrec.studies import song_map as study

pytestmark = pytest.mark.slow

TASTES, EACH = 3, 60


@pytest.fixture(scope="module")
def log():
    """Three tastes of sixty songs, fifteen of an artist; each user has one taste."""
    random = np.random.default_rng(0)
    song_taste = np.repeat(np.arange(TASTES), EACH)
    user_taste = np.arange(240) % TASTES
    chance = np.where(user_taste[:, None] == song_taste, 0.35, 0.02)
    train = csr_array((random.random(chance.shape) < chance).astype(np.int32))
    ids = np.array([f"s{number:03d}" for number in range(TASTES * EACH)])
    artists = [f"Artist {number // 15}" for number in range(len(ids))]
    return SimpleNamespace(train=train, song_ids=ids), Catalogue.from_columns(ids, ids, artists)


@pytest.fixture(scope="module", params=[PureSVD(8), EASE(l2=20.0)], ids=["factors", "weights"])
def drawn(log, request):
    model = {"popularity": Popularity().fit(log[0].train), "m": request.param.fit(log[0].train)}
    return study.song_map(model, *log, 170, 6)


def test_songs_of_one_taste_are_near_each_other(drawn):
    label, tables = drawn
    rows = tables["map"]
    assert label == "m"
    assert len(rows) == 170
    assert list(rows.columns) == study.MAP
    assert rows["listeners"].is_monotonic_decreasing
    assert np.abs(rows[["x", "y"]].to_numpy()).max() == 1
    plane = rows[["x", "y"]].to_numpy()
    taste = rows["label"].str[1:4].astype(int).to_numpy() // EACH
    far = np.linalg.norm(plane[:, None] - plane[None], axis=2)
    np.fill_diagonal(far, np.inf)
    assert (taste[far.argmin(axis=1)] == taste).mean() > 0.9


def test_groups_are_named_by_artists_who_are_mostly_there(drawn):
    _, tables = drawn
    groups, rows = tables["map_clusters"], tables["map"]
    assert groups["songs"].sum() == len(rows)
    for cluster, first in zip(groups["cluster"], groups["name"].str.split(", ").str[0], strict=True):
        there = rows[rows["cluster"] == cluster]["artist"].value_counts()
        assert there[first] >= there.median()


def test_the_network_is_around_the_most_heard_artist_and_of_its_taste(drawn):
    network = drawn[1]["map_network"]
    heard = drawn[1]["map"].groupby("artist")["listeners"].sum()
    assert network["name"].iloc[0] == heard.idxmax()
    assert network["cosine"].iloc[1:].is_monotonic_decreasing
    same = int(network["name"].iloc[0].split()[1]) // 4
    assert {int(name.split()[1]) // 4 for name in network["name"].iloc[1:4]} == {same}
    assert set("; ".join(network["near"]).split("; ")) <= set(network["name"])


def test_the_same_run_gives_the_same_map(log):
    models = {"m": PureSVD(8).fit(log[0].train)}
    one, other = (study.song_map(models, *log, 100)[1]["map"] for _ in range(2))
    assert one.equals(other)


def test_without_vectors_or_songs_there_is_no_map(log):
    train = log[0].train
    for model, n in ((Popularity().fit(train), 170), (PureSVD(2).fit(train), 20)):
        models = {"m": model}
        label, tables = study.song_map(models, *log, n)
        assert label == ""
        assert all(table.empty for table in tables.values())
        assert list(tables["map"].columns) == study.MAP
