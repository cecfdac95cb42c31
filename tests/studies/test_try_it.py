"""The model that a page holds: the strongest weights as whole numbers."""

import json
from base64 import b64decode

import numpy as np
import pytest
from any_split import random_log

from songrec.data import Catalogue
from songrec.models import EASE, Blend, FsSLIM, ItemKNN, Popularity, UserKNN
from songrec.models.item_weights import weights_of
from songrec.splits import weak
from songrec.studies import try_it

ALL = 10_000


@pytest.fixture(scope="module")
def split():
    return weak(random_log(seed=0, users=40, songs=30, density=0.4), seed=1)


@pytest.fixture(scope="module")
def models(split):
    train = split.final_train()
    found = {"popularity": Popularity(), "user_knn": UserKNN(), "ease": EASE(l2=5.0), "fs_slim": FsSLIM(5)}
    return {label: model.fit(train) for label, model in found.items()}


def test_the_best_on_validation_that_is_a_plain_sum_is_taken(models):
    values = {"popularity": None, "user_knn": 0.9, "ease": 0.2, "fs_slim": 0.3}
    assert try_it.choose(models, values) == "fs_slim"
    assert try_it.choose(models, dict.fromkeys(models)) == "ease"
    assert try_it.choose({"user_knn": models["user_knn"]}, values) == ""


def test_a_model_that_weighs_plays_or_others_is_no_plain_sum(split):
    train = split.final_train()
    assert weights_of(ItemKNN(5, weighting="bm25").fit(train)) is None
    members = {"ease": {"estimator": "EASE", "hyperparameters": {}}}
    assert weights_of(Blend(members=members).fit(train)) is None
    assert weights_of(ItemKNN(5).fit(train)) is not None


@pytest.mark.parametrize("label", ["ease", "fs_slim"])
def test_with_all_weights_only_rounding_is_left(models, split, label):
    small = try_it.small_model(label, models[label], split.final_train(), ALL, ALL)
    exact = weights_of(models[label])
    exact = exact.toarray() if hasattr(exact, "toarray") else exact
    kept = small.weights.toarray() * small.unit
    assert np.abs(kept - exact[np.ix_(small.songs, small.songs)]).max() <= small.unit / 2 * 1.001
    assert np.abs(small.weights.data).max() == try_it.LARGEST
    table = try_it.agreement(small, split.test, 5, ALL).set_index("lists")["value"]
    assert table["both"] > 0.9
    assert abs(table["model"] - table["small"]) < 0.1


def test_the_most_heard_songs_and_the_strongest_weights_are_kept(models, split):
    train = split.final_train()
    small = try_it.small_model("ease", models["ease"], train, 10, 25)
    heard = np.bincount(train.indices, minlength=train.shape[1])
    assert heard[small.songs].tolist() == sorted(heard, reverse=True)[:10]
    among = np.abs(models["ease"].weights_[np.ix_(small.songs, small.songs)]).ravel()
    assert small.weights.nnz == 25
    assert np.abs(small.weights.data).min() * small.unit >= np.sort(among)[-26] - small.unit


def test_lists_hold_no_song_heard_and_no_song_that_nothing_speaks_for(models, split):
    small = try_it.small_model("ease", models["ease"], split.final_train(), 20, 100)
    songs, sums = small.recommend(split.test.fold_in, 8)
    for row, (listed, scores) in enumerate(zip(songs, sums, strict=True)):
        known = split.test.fold_in[[row]].indices
        listed = listed[listed >= 0]
        assert not set(listed) & set(known)
        assert set(listed) <= set(small.songs)
        assert (scores[: len(listed)] > 0).all()
        places = [np.flatnonzero(small.songs == song)[0] for song in listed]
        order = [(-score, place) for score, place in zip(scores, places, strict=False)]
        assert order == sorted(order)


def test_the_file_holds_what_the_model_is(models, split):
    small = try_it.small_model("ease", models["ease"], split.final_train(), 20, 100)
    first = str(split.song_ids[small.songs[0]])
    script = try_it.as_script(
        small, split.song_ids, Catalogue.from_columns([first], ["Łódź </script>"], ["X"])
    )
    call, _, body = script.partition("(")
    held = json.loads(body.rstrip(");\n"))
    assert call == try_it.CALLED
    assert held["titles"][0] == "Łódź </script>"
    assert held["titles"][1] == str(split.song_ids[small.songs[1]])
    assert (held["artists"], held["artist"][:2]) == (["X"], [0, -1])
    ends, columns, values = (
        np.frombuffer(b64decode(held[name]), kind)
        for name, kind in (("ends", "<u4"), ("columns", "<u2"), ("values", "i1"))
    )
    assert ends.tolist() == small.weights.indptr[1:].tolist()
    assert columns.tolist() == small.weights.indices.tolist()
    assert values.tolist() == small.weights.data.tolist()


def test_without_a_model_or_a_permission_the_file_holds_nothing(models, split):
    tuned = {label: {} for label in models}
    assert try_it.make({"user_knn": models["user_knn"]}, tuned, split, 5, 5) is None
    assert try_it.make(models, tuned, split, 5, 5).label == "ease"
    script = try_it.as_script(None, split.song_ids, Catalogue.from_columns([], []))
    assert try_it.CALLED not in script
    assert try_it.agreement(None, split.test, 5, 5).empty
    assert try_it.facts(None, True, script, 5) == {"absent": "model"}
    assert try_it.facts(None, False, script, 5) == {"absent": "licence"}
