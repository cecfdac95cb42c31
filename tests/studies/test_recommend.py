"""Histories and lists by title, similar songs, a new listener."""

import numpy as np
import pytest
from any_split import random_log
from scipy.sparse import csr_array

from songrec.data import Catalogue
from songrec.errors import ConfigError
from songrec.lists import TopN
from songrec.models import ItemKNN, Popularity
from songrec.splits import weak
from songrec.studies import recommend

CATALOGUE = Catalogue.from_columns([f"s0{code}" for code in range(5)], list("ABCDE"), list("XYYZY"))


@pytest.fixture(scope="module")
def split():
    return weak(random_log(seed=0, users=20, songs=30, density=0.5), seed=1)


@pytest.fixture(scope="module")
def lists(split):
    model = ItemKNN(neighbours=10).fit(split.final_train())
    return TopN(split.test.users, *model.recommend(split.test.fold_in, 10, users=split.test.users))


def test_typical_users_go_from_few_to_many_known_songs(split):
    chosen = recommend.typical_users(split)
    known = dict(zip(split.user_ids[split.test.users], np.diff(split.test.fold_in.indptr), strict=True))
    counts = [known[user] for user in chosen]
    assert counts == sorted(counts)
    assert len(set(chosen)) == 3
    assert min(known.values()) <= counts[0] < counts[-1] <= max(known.values())


def test_rows_hold_history_by_plays_and_the_list_with_its_hits(split, lists):
    user = str(split.user_ids[split.test.users[3]])
    table = recommend.examples({"item_knn": lists}, split, CATALOGUE, [user], 5)
    assert list(table.columns) == recommend.EXAMPLES
    history, listed = (table[table["kind"] == kind] for kind in ("history", "recommended"))
    row = split.test.fold_in[[3]].toarray()[0]
    assert history["plays"].tolist() == sorted(row[row > 0], reverse=True)[:5]
    assert history["hit"].isna().all()
    assert listed["song_id"].tolist() == split.song_ids[lists.songs[3, :5]].tolist()
    held = set(split.song_ids[split.test.holdout[[3]].indices])
    assert listed["hit"].tolist() == [song in held for song in listed["song_id"]]
    assert listed["rank"].tolist() == [1, 2, 3, 4, 5]
    named = table[table["song_id"] == "s01"]
    assert named["label"].tolist() == ["B, by Y"] * len(named)
    assert all(float(score) > 0 for score in listed["score"])


def test_an_unknown_user_is_named(split, lists):
    with pytest.raises(ConfigError, match="'nobody'"):
        recommend.examples({"m": lists}, split, CATALOGUE, ["nobody"], 5)


def test_similar_songs_by_title_and_none_where_the_model_knows_none(split):
    model = ItemKNN(neighbours=10).fit(split.train)
    models = {"item_knn": model, "popularity": Popularity().fit(split.train)}
    table = recommend.similar(models, split.song_ids, ["s01", "s09"], CATALOGUE, 3)
    assert set(table["model"]) == {"item_knn"}
    assert list(dict.fromkeys(table["song"])) == ["B, by Y", "s09"]
    assert table.groupby("song")["similarity"].apply(lambda s: s.is_monotonic_decreasing).all()
    assert recommend.similar({}, split.song_ids, ["s01"], CATALOGUE, 3).empty


def test_first_songs_are_of_the_artist_whose_last_one_is_most_heard():
    train = csr_array(np.array([[1, 1, 1, 0, 1], [1, 1, 1, 0, 0], [1, 1, 0, 0, 1]]))
    song_ids = CATALOGUE.song_ids
    assert recommend.first_songs(train, song_ids, CATALOGUE) == ["s01", "s02", "s04"]  # all by Y
    nameless = Catalogue.from_columns([], [])
    assert recommend.first_songs(train, song_ids, nameless) == ["s00", "s01", "s02"]  # simply the most heard


def test_a_new_listener_gets_nothing_already_played(split):
    model = ItemKNN(neighbours=10).fit(split.train)
    table = recommend.for_new_listener({"m": model}, split.song_ids, ["s05", "s01", "s05"], CATALOGUE, 5)
    assert not {"s01", "s05"} & set(table["song_id"])
    assert table["rank"].tolist() == [1, 2, 3, 4, 5]
    with pytest.raises(ConfigError, match="'s99'"):
        recommend.for_new_listener({"m": model}, split.song_ids, ["s99"], CATALOGUE, 5)


def test_songs_to_ask_about_are_the_head_and_the_middle(split):
    listeners = np.bincount(split.train.indices, minlength=30)
    first, middle = (np.searchsorted(split.song_ids, song) for song in recommend.head_and_middle(split))
    assert listeners[first] == listeners.max()
    ahead, level = (
        np.count_nonzero(of) for of in (listeners > listeners[middle], listeners == listeners[middle])
    )
    assert abs(ahead - 15) <= level
