"""Tables, figures and sentences of what lists do besides hitting."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.data import Catalogue
from songrec.evaluation import evaluate, jaccard, paired_difference, result_rows, summarise
from songrec.evaluation.rerank import by_lambda, mmr
from songrec.lists import TopN
from songrec.models import create
from songrec.report import (
    figures_beyond,
    findings_beyond,
    tables_agreement,
    tables_beyond,
    tables_frontier,
    tables_segments,
)
from songrec.report.tables_models import HELD_OUT
from songrec.splits.contract import HeldOut, Split

K = 5
MODELS = {"popularity": "Popularity", "item_knn": "ItemKNN", "user_knn": "UserKNN"}


@pytest.fixture(scope="module")
def world():
    """Two tastes, 120 users, 40 songs; three models' lists and what is measured of them."""
    rng = np.random.default_rng(0)
    likes = np.where(np.arange(120)[:, None] % 3 == 0, np.arange(40) < 20, np.arange(40) >= 10)
    heard = (rng.random((120, 40)) < np.where(likes, 0.45, 0.05)).astype(np.int32)
    hidden = heard * (rng.random(heard.shape) < 0.3)
    hidden[np.arange(120), heard.argmax(axis=1)] = heard.max(axis=1)
    train = csr_array(heard - hidden)
    users = np.flatnonzero(hidden.any(axis=1)).astype(np.int32)
    held = HeldOut(users, train[users], csr_array(hidden[users]))
    ids = np.array([f"u{i:03}" for i in range(120)]), np.array([f"s{i:02}" for i in range(40)])
    split = Split("weak", 0, *ids, train, held, held)
    lists = {}
    for label, estimator in MODELS.items():
        fitted = create(estimator).fit(train)
        lists[label] = TopN(users, *fitted.recommend(held.fold_in, 20, users=users))
    judged = {label: evaluate(topn, held.holdout, train, [K]) for label, topn in lists.items()}
    metrics = pd.concat([result_rows(one, "weak", label) for label, one in judged.items()])
    per_user = {label: one.per_user for label, one in judged.items()}
    return split, lists, per_user, metrics, np.arange(40) % 7 - 1


@pytest.fixture(scope="module")
def tables(world):
    split, lists, per_user, metrics, artists = world
    train, held = split.train, split.test
    extra = tables_beyond.per_user(lists, held, train, artists, "popularity", K)
    groups = tables_segments.tastes(held, train)
    lift = tables_beyond.lifts(extra, held, train, groups, tables_segments.TASTES, K)
    thinned = {label: {0.5: topn.songs[::-1, :K], 0.1: topn.songs[::-1, :K]} for label, topn in lists.items()}
    orders = by_lambda(mmr(lists["item_knn"], train, [0.0, 0.5], K), held.users, held.holdout, train, K)
    return {
        "extra": extra,
        "lifts": lift,
        "glance": tables_beyond.glance(metrics, per_user, extra, lift, lists, artists, K),
        "segments": tables_segments.segments(per_user, lists, held, train, K),
        "thinning": tables_frontier.thinning(thinned, lists, held, "popularity", K),
        "frontier": tables_frontier.frontier({"validation": orders, "test": orders}, K),
        "exchange": tables_frontier.exchange(orders[0], 0.5),
        "overlap": tables_agreement.overlap(lists, K),
    }


def findings(tables, **other):
    chosen = other.pop("chosen", 0.5)
    return findings_beyond.beyond(
        "p", tables | other, chosen, "item_knn", "popularity", 0.05, K, synthetic=False
    )


def test_means_of_several_columns_are_those_of_each_alone():
    rng = np.random.default_rng(1)
    values = {"a": rng.random(50), "b": rng.random(50), "c": rng.random(50), "d": np.full(50, np.nan)}
    values["b"][:10] = np.nan
    found = tables_beyond.means_of(values)
    assert found.loc["a", "n_users"] == 50
    assert found.loc["b", "n_users"] == 40
    assert found.loc["d", "n_users"] == 0
    assert np.isnan(found.loc["d", "value"])
    for name in "abc":
        alone = values[name][~np.isnan(values[name])]
        row = summarise(pd.DataFrame({"x@1": alone})).iloc[0]
        for column in ("value", "ci_low", "ci_high"):
            assert found.loc[name, column] == pytest.approx(row[column], rel=1e-12)


def test_at_a_glance(world, tables):
    table = tables["glance"]
    wide = table.pivot(index="model", columns="metric", values="value")  # noqa: PD010
    _, lists, per_user, _, artists = world
    for model in MODELS:
        assert wide.loc[model, "average_precision"] == pytest.approx(
            per_user[model][f"average_precision@{K}"].mean(), rel=1e-3
        )
        assert wide.loc[model, "serendipity"] <= per_user[model][f"precision@{K}"].mean()
    assert wide.loc["popularity", "serendipity"] == 0
    assert wide["lift"].idxmax() == "popularity"
    assert wide["coverage"].idxmin() == "popularity"
    marked = table[table["best"]]
    assert set(marked["metric"]) == {"average_precision", "serendipity"}
    cells, marks = tables_beyond.glance_cells(table, K)
    assert cells.columns[0] == "model"
    assert cells.shape == (3, 1 + len(tables_beyond.SHOWN))
    assert marks.to_numpy().sum() == len(marked)
    note = tables_beyond.known_artists(lists, artists, K)
    assert note.startswith("The artist is known in ")
    assert "left out" in note


def test_without_artists_their_columns_are_left_out(world, tables):
    split, lists, per_user, metrics, _ = world
    nobody = np.full(40, -1)
    extra = tables_beyond.per_user(lists, split.test, split.train, nobody, "popularity", K)
    table = tables_beyond.glance(metrics, per_user, extra, tables["lifts"], lists, nobody, K)
    assert not set(table["metric"]) & {"artist_coverage", "artist_diversity"}
    cells, _ = tables_beyond.glance_cells(table, K)
    assert not [name for name in cells.columns if "rtist" in name]
    assert tables_beyond.known_artists(lists, nobody, K) == "Nothing is known of artists here."
    assert "MAP@5" in findings(tables, glance=table)


def test_lifts_by_taste_and_of_what_was_really_played(tables):
    table = tables["lifts"].set_index(["model", "group"])
    assert set(table.index.get_level_values("model")) == {*MODELS, HELD_OUT}
    everybody = table.loc[("popularity", "everybody")]
    assert everybody["ci_low"] < everybody["value"] < everybody["ci_high"]
    assert table.loc[("popularity", "niche"), "value"] > table.loc[("popularity", "mainstream"), "value"]
    counts = table.loc["popularity", "n_users"]
    assert counts[["niche", "middle", "mainstream"]].sum() == counts["everybody"]


def test_segments_are_parts_of_the_whole(world, tables):
    _, _, per_user, _, _ = world
    table = tables["segments"]
    for by in (tables_segments.BY_ACTIVITY, tables_segments.BY_TASTE):
        rows = table[(table["by"] == by) & (table["model"] == "item_knn")]
        assert np.average(rows["value"], weights=rows["n_users"]) == pytest.approx(
            per_user["item_knn"][f"average_precision@{K}"].mean()
        )
    cells = tables_segments.segment_cells(table, tables_segments.BY_SONG, "recall")
    assert list(cells.columns) == ["recall", "head", "middle", "tail"]
    assert cells["recall"].tolist() == ["popularity", "item-KNN", "user-KNN"]


def test_what_the_classes_are(world):
    split = world[0]
    table = tables_segments.makeup(split.test, split.train)
    assert table["number"].sum() == 40
    assert table[["catalogue", "listening", "hidden"]].sum().tolist() == pytest.approx([1, 1, 1])
    assert tables_segments.makeup_note(table, "song").startswith("The head are ")


def test_thinning_compares_with_the_whole_log_and_with_the_baseline(world, tables):
    table = tables["thinning"].set_index(["model", "share"])
    assert list(table.loc["item_knn"].index) == [1.0, 0.5, 0.1]
    assert table.loc[("item_knn", 1.0), "kept"] == 1
    assert table.loc[("item_knn", 0.1), "kept"] < 1
    assert table.loc["popularity", "ahead_low"].isna().all()
    per_user = world[2]
    column = [f"average_precision@{K}"]
    expected = paired_difference(per_user["item_knn"][column], per_user["popularity"][column])
    assert table.loc[("item_knn", 1.0), "ahead_low"] == pytest.approx(expected["ci_low"].iloc[0])


def test_the_exchange(tables):
    frontier, exchange = tables["frontier"], tables["exchange"].set_index("metric")
    rows = frontier[frontier["part"] == "test"].set_index("lambda")
    assert exchange.loc["diversity", "difference"] == pytest.approx(
        rows.loc[0.5, "diversity"] - rows.loc[0.0, "diversity"]
    )
    assert exchange.loc["diversity", "difference"] > 0
    assert exchange.loc["average_precision", "ratio"] == pytest.approx(
        rows.loc[0.5, "value"] / rows.loc[0.0, "value"]
    )
    cells = tables_frontier.exchange_cells(tables["exchange"])
    assert cells["metric"].tolist()[0] == f"MAP@{K}"


def test_overlap_and_titles(world, tables):
    split, lists, *_ = world
    table = tables["overlap"].set_index(["one", "other"])
    expected = jaccard(lists["item_knn"].songs, lists["user_knn"].songs, K).mean()
    assert table.loc[("item_knn", "user_knn"), "value"] == pytest.approx(expected)
    assert len(tables_agreement.overlap({"item_knn": lists["item_knn"]}, K)) == 0
    catalogue = Catalogue.from_columns(split.song_ids, [f"Title {song}" for song in split.song_ids])
    user = str(split.user_ids[split.test.users[3]])
    titles = tables_agreement.titles("p", list(MODELS), split, lists, catalogue, [user], 4)
    assert list(titles.columns) == ["rank", "played most", "popularity", "item-KNN", "user-KNN", "user"]
    hidden = set(split.song_ids[split.test.holdout[[3]].indices])
    for song, text in zip(lists["item_knn"].songs[3, :4], titles["item-KNN"], strict=True):
        name = split.song_ids[song]
        assert text == ("✓ " if name in hidden else "") + f"Title {name}"
    assert list(tables_agreement.by_user(titles, [user])) == [f"User {user}, on whom the models agree least"]


def test_what_is_said(tables):
    text = findings(tables)
    assert "hits that popularity would not have listed" in text
    assert "more popular than what the user had heard: popularity by" in text
    assert "What users really went on to play differs" in text
    assert "With 10 % of the training log, models keep of their MAP@5: popularity" in text
    assert "Re-ranked with the lambda that validation chose, 0.5" in text
    assert "alike are those of" in text
    assert "the order stays as it is" in findings(tables, chosen=0.0)
    exchange = tables["exchange"]
    for low, high, verdict in (
        (0.96, 1.0, "is kept"),
        (0.8, 0.9, "is broken"),
        (0.9, 1.0, "is neither clearly kept nor clearly broken"),
    ):
        changed = exchange.assign(ratio_low=low, ratio_high=high)
        assert f"{verdict} on test" in findings(tables, exchange=changed)
    one = tables["overlap"].head(1)
    assert "songs a list" in findings(tables, overlap=one)
    assert "alike" not in findings(tables, overlap=one)
    thin = tables["thinning"].assign(ahead_low=tables["thinning"]["share"] - 0.3)
    text = findings(tables, thinning=thin)
    assert "Not ahead of it by more than noise: item-KNN with 10 % and user-KNN with 10 %." in text
    thick = tables["thinning"].assign(ahead_low=0.01)
    assert "At every share, ahead of popularity by more than noise: item-KNN and user-KNN." in findings(
        tables, thinning=thick
    )


def test_figures_have_a_mark_for_every_model(world, tables):
    _, lists, *_ = world
    trade = figures_beyond.trade_offs(tables["glance"], K)
    assert [len(axes.containers) for axes in trade.axes] == [3, 3, 3, 3]
    curves = tables_beyond.lorenz_curves(lists, 40, K)
    assert len(figures_beyond.lorenz(curves, K).axes[0].lines) == 4
    assert curves.groupby("model")["place_share"].agg(["min", "max"]).to_numpy().tolist() == [[0, 1]] * 3
    lifts = figures_beyond.lifts(tables["lifts"])
    names = [text.get_text() for text in lifts.axes[0].get_yticklabels()]
    assert names == ["what they really played", "user-KNN", "item-KNN", "popularity"]
    assert [len(a.containers) for a in figures_beyond.segments(tables["segments"], K).axes] == [3, 3, 3]
    assert len(figures_beyond.thinning(tables["thinning"], K).axes[0].lines) == 3
    frontier = figures_beyond.frontier(tables["frontier"], 0.5, K)
    assert [text.get_text() for text in frontier.axes[0].texts] == ["0", "0.5"]
    heat = figures_beyond.overlap(tables["overlap"])
    assert len(heat.axes[0].texts) == 9
