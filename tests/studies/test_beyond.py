"""What lists do besides hitting, and accuracy in segments: frames of a small world of two tastes."""

import numpy as np
import pytest
from two_tastes import lists_by, two_tastes

from songrec.evaluation import evaluate, jaccard
from songrec.studies import beyond, segments
from songrec.studies.evaluate import metrics

K = 5
MODELS = {"popularity": "Popularity", "item_knn": "ItemKNN", "user_knn": "UserKNN"}
ARTISTS = np.arange(40) % 7 - 1


@pytest.fixture(scope="module")
def world():
    """Training matrix, held-out part, three models' lists and their values."""
    train, held = two_tastes()
    lists = lists_by(MODELS, train, held, 20)
    evaluated = {name: evaluate(topn, held.holdout, train, [K]) for name, topn in lists.items()}
    return train, held, lists, evaluated


@pytest.fixture(scope="module")
def lift(world):
    train, held, lists, _ = world
    extra = beyond.per_user(lists, held, train, ARTISTS, "popularity", K)
    return beyond.lift(extra, held, train, segments.tastes(held, train), segments.TASTES, K)


def summary(world, lift, artists):
    train, held, lists, evaluated = world
    extra = beyond.per_user(lists, held, train, artists, "popularity", K)
    return beyond.summary(metrics(evaluated, "weak"), extra, lift, lists, artists, K)


def test_summary_holds_every_measure_of_every_model(world, lift):
    table = summary(world, lift, ARTISTS)
    wide = table.pivot(index="model", columns="metric", values="value")
    assert set(wide.columns) == set(beyond.MEASURES)
    for name, one in world[3].items():
        assert wide.loc[name, "average_precision"] == pytest.approx(
            one.per_user[f"average_precision@{K}"].mean(), rel=1e-3
        )
        assert wide.loc[name, "serendipity"] <= one.per_user[f"precision@{K}"].mean()
    assert wide.loc["popularity", "serendipity"] == 0
    assert wide["lift"].idxmax() == "popularity"
    assert wide["coverage"].idxmin() == "popularity"
    first = table[table["metric"] == "average_precision"]["value"]
    assert first.is_monotonic_decreasing


def test_the_mark_is_decided_for_serendipity_alone(world, lift):
    table = summary(world, lift, ARTISTS)
    marks = table.set_index(["metric", "model"])["best"].sort_index()
    assert marks["serendipity"].notna().all()
    assert marks.notna().sum() == len(MODELS)
    means = table[table["metric"] == "serendipity"].set_index("model")["value"]
    assert marks["serendipity", means.idxmax()]
    assert not marks["serendipity", "popularity"]


def test_without_artists_their_measures_are_left_out(world, lift):
    nobody = np.full(40, -1)
    assert not set(summary(world, lift, nobody)["metric"]) & {"artist_coverage", "artist_diversity"}
    assert beyond.known_artists(world[2], nobody, K) == 0
    assert 0 < beyond.known_artists(world[2], ARTISTS, K) < 1


def test_lift_by_taste_and_of_what_was_really_played(lift):
    table = lift.set_index(["model", "group"])
    assert set(table.index.get_level_values("model")) == {*MODELS, beyond.HELD_OUT}
    everybody = table.loc[("popularity", "everybody")]
    assert everybody["ci_low"] < everybody["value"] < everybody["ci_high"]
    assert table.loc[("popularity", "niche"), "value"] > table.loc[("popularity", "mainstream"), "value"]
    counts = table.loc["popularity", "n_users"]
    assert counts[["niche", "middle", "mainstream"]].sum() == counts["everybody"]


def test_segments_are_parts_of_the_whole(world):
    train, held, lists, evaluated = world
    per_user = {name: one.per_user for name, one in evaluated.items()}
    table = segments.segments(per_user, lists, held, train, K)
    for by in (segments.BY_ACTIVITY, segments.BY_TASTE):
        rows = table[(table["by"] == by) & (table["model"] == "item_knn")]
        assert np.average(rows["value"], weights=rows["n_users"]) == pytest.approx(
            per_user["item_knn"][f"average_precision@{K}"].mean()
        )
    assert set(table.loc[table["by"] == segments.BY_SONG, "group"]) == {"head", "middle", "tail"}


def test_how_large_the_classes_are(world):
    table = segments.class_sizes(world[1], world[0])
    assert table["number"].sum() == 40
    assert table[["catalogue", "listening", "hidden"]].sum().tolist() == pytest.approx([1, 1, 1])


def test_lorenz_curves_end_in_the_corners(world):
    curves = beyond.lorenz_curves(world[2], 40, K)
    assert curves.groupby("model")["place_share"].agg(["min", "max"]).to_numpy().tolist() == [[0, 1]] * 3


def test_overlap_of_every_two_models(world):
    lists = world[2]
    table = beyond.overlap(lists, K).set_index(["one", "other"])
    expected = jaccard(lists["item_knn"].songs, lists["user_knn"].songs, K).mean()
    assert len(table) == 3
    assert table.loc[("item_knn", "user_knn"), "value"] == pytest.approx(expected)
    assert not len(beyond.overlap({"item_knn": lists["item_knn"]}, K))
