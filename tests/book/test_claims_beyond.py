"""What the chapters on lists, cold start, protocols and draws say in words, on the record."""

import pandas as pd
import pytest

from songrec.report.record import HEADLINE, Record, on_record
from songrec.report.record_beyond import chosen_lambda
from songrec.report.record_orders import MODELS

MAP = "average_precision@10"


@pytest.fixture
def three() -> list[Record]:
    found = on_record()
    if [record.profile for record in found][:1] != [HEADLINE] or len(found) < 3:
        pytest.skip("the three logs are not on record")
    return found[:3]


def rows(record: Record, table: str, *by: str) -> pd.DataFrame:
    return record.study("beyond", table).set_index(list(by)).sort_index()


def above(one: pd.Series, other: pd.Series) -> bool:
    """The intervals are apart."""
    return one["ci_low"] > other["ci_high"]


def test_reach_surprise_and_variety(three):
    widest, top = [], []
    for record in three:
        glance = rows(record, "glance", "metric", "model")
        coverage = glance.loc["coverage", "value"]
        widest.append(coverage.idxmax())
        top.append(glance.loc["average_precision", "value"].idxmax())
        assert glance.loc[("serendipity", top[-1]), "best"]
        varied = glance.loc["diversity", "value"].sort_values()
        assert varied.index[0] == "popularity"
        assert varied.index[1] == ("item_knn" if record.item == "artist" else "rp3beta")
        assert above(glance.loc["diversity", varied.index[1]], glance.loc["diversity", "popularity"])
        if record.item == "song":
            artists = glance.loc["artist_diversity", "value"].sort_values()
            assert artists.index[-1] == "popularity"
            assert artists.index[-2] == ("ncf" if record.profile == HEADLINE else "mult_vae")
    assert widest == ["bpr", "rp3beta", "ncf"]
    first = rows(three[0], "glance", "metric", "model")
    assert all(first.loc[m, "value"].idxmax() == "bpr" for m in ("coverage", "novelty", "diversity"))
    assert three[0].ranked().index("bpr") == 10
    assert above(first.loc["serendipity", "pure_svd"], first.loc["serendipity", "item_knn_plays"])
    assert above(first.loc["average_precision", "item_knn_plays"], first.loc["average_precision", "pure_svd"])


def test_most_models_lean_to_what_is_popular(three):
    below = []
    for record in three:
        lifts = rows(record, "lifts", "group", "model")
        everybody = lifts.loc["everybody"]
        models = everybody.drop(index="held out")
        below.append({model for model, value in models["value"].items() if value < 0.1})
        assert (models["ci_low"] > everybody.loc["held out", "ci_high"]).sum() >= 13
        assert (everybody.loc[["user_knn", "ease"], "ci_low"] > 1).all()
        assert lifts.loc[("niche", "held out"), "ci_low"] > 0
        assert lifts.loc[("mainstream", "held out"), "ci_high"] < 0
        assert len(models) == 15
        assert everybody["value"].idxmax() == "popularity"
    assert below == [{"als", "pure_svd", "bpr"}, {"bpr"}, set()]
    assert (
        rows(three[2], "lifts", "group", "model").loc["everybody", "value"].drop("held out").idxmin() == "bpr"
    )


def test_head_and_tail_history_and_taste(three):
    for record in three:
        of = rows(record, "segments", "by", "group", "model")
        assert above(of.loc["hidden song", "head", "ease"], of.loc["hidden song", "head", "rp3beta"])
        assert above(of.loc["hidden song", "tail", "rp3beta"], of.loc["hidden song", "tail", "ease"])
        assert of.loc[("hidden song", ["middle", "tail"], "popularity"), "value"].eq(0).all()
        assert above(of.loc["history", "long", "fs_slim"], of.loc["history", "short", "fs_slim"])
        assert above(of.loc["taste", "mainstream", "popularity"], of.loc["taste", "niche", "popularity"])
        taste = of.loc["taste", "mainstream", "fs_slim"], of.loc["taste", "niche", "fs_slim"]
        assert above(*taste) == (record.item == "artist")
        assert not above(*taste[::-1])
    first = rows(three[0], "segments", "by", "group", "model")
    assert above(first.loc["history", "short", "bpr"], first.loc["history", "long", "bpr"])
    assert (
        rows(three[2], "segments", "by", "group", "model").loc[("hidden song", "tail", "pure_svd"), "value"]
        < 5e-5
    )


def test_thinning(three):
    ahead = []
    for record in three:
        thinned = rows(record, "thinning", "share", "model")
        clear = thinned["ahead_low"] > 0
        ahead.append({share: set(clear[share][clear[share]].index) for share in (0.5, 0.25, 0.1)})
        for share in (0.25, 0.1):
            assert thinned.loc[(share, "ease"), "kept_low"] > thinned.loc[(share, "item_knn"), "kept_high"]
    five = {"user_knn", "item_knn", "rp3beta", "fs_slim", "ease"}
    assert [each[0.5] for each in ahead] == [five] * 3
    assert [each[0.25] for each in ahead] == [five - {"item_knn"}, five - {"item_knn", "rp3beta"}, five]
    assert [each[0.1] for each in ahead] == [set(), set(), {"fs_slim", "ease"}]
    for record in three[:2]:
        kept = rows(record, "thinning", "share", "model").loc[0.5, "kept"]
        assert kept.idxmin() == "item_knn"


def test_another_order_is_fs_slims_and_its_bound(three):
    held = []
    for record in three:
        paid = record.study("beyond", "exchange").set_index("metric").loc["average_precision"]
        glance = rows(record, "glance", "metric", "model")
        assert glance.loc[("average_precision", "fs_slim"), "value"] == paid["baseline"]
        held.append((paid["ratio_low"] > 0.95, paid["ratio_high"] < 0.95))
    assert held == [(True, False), (False, False), (False, False)]
    curve = three[0].study("beyond", "frontier").query("part == 'test'")
    price = -curve["value"].diff() / curve["diversity"].diff()
    chosen = (curve["lambda"] == chosen_lambda(three[0])).argmax()
    assert price.iloc[chosen + 1 :].min() > price.iloc[1 : chosen + 1].max()


def test_who_agrees_and_what_a_blend_gains(three):
    pairs = []
    for record in three:
        overlap = record.study("beyond", "overlap").sort_values("value")
        others = overlap[(overlap[["one", "other"]] != "popularity").all(axis=1)]
        pairs.append(
            [tuple(each.iloc[place][["one", "other"]]) for each, place in ((overlap, -1), (others, 0))]
        )
        clear = record.compare("minus", "blend", record.single(), MAP).low > 0
        assert clear == (record.profile == "taste-profile-3k-users")
    assert pairs == [
        [("ease", "edlae"), ("pure_svd", "ncf")],
        [("ease", "edlae"), ("pure_svd", "ncf")],
        [("item_knn", "rp3beta"), ("bpr", "ncf")],
    ]
    first = three[0].study("beyond", "overlap")
    assert len(first) == 105
    assert set(first.loc[first["value"] > 0.5, ["one", "other"]].itertuples(index=False, name=None)) == {
        ("ease", "edlae"), ("fs_slim", "blend"), ("edlae", "blend"), ("ease", "blend"),
    }  # fmt: skip


def test_new_listeners(three):
    since = []
    for record in three:
        gains = record.study("cold_start", "gains").set_index(["shown", "model"])["ci_low"] > 0
        since.append({n: set(gains[n][gains[n]].index) for n in (1, 2, 5, 10, 20)})
    every = {"user_knn", "item_knn", "fs_slim", "ease", "als", "hybrid"}
    assert since[0][1] == every
    assert (since[1][1], since[1][2]) == (set(), every - {"item_knn"})
    assert (since[2][1], since[2][2]) == ({"user_knn", "hybrid"}, every)
    assert all(each[n] == every for each in since for n in (5, 10, 20))
    tops = [_tops(record) for record in three]
    assert tops[0][:4] == ["item_knn"] * 4
    assert tops[1] == ["als", "als", "hybrid", "fs_slim", "fs_slim"]
    assert tops[2] == ["user_knn", "user_knn", "user_knn", "als", "als"]
    for record in three:
        growth = record.study("cold_start", "gains").set_index(["shown", "model"])["difference"]
        assert (growth[20] > growth[1]).all()


def _tops(record: Record) -> list[str]:
    """Who has the highest mean with each number shown; its interval meets that of the next model."""
    growth = record.study("cold_start", "growth").query("metric == 'average_precision' and k == 10")
    found = []
    for _, shown in growth[growth["shown"] > 0].groupby("shown"):
        first, second = shown.sort_values("value", ascending=False).head(2).itertuples()
        assert second.ci_high > first.ci_low
        found.append(first.model)
    return found


def test_the_hybrid_and_new_songs(three):
    behind = [
        record.study("cold_start", "behind").set_index(["model", "shown"]).loc["fs_slim"] for record in three
    ]
    assert [set(each.index[each["ci_low"] > 0]) for each in behind] == [{1}, set(), set()]
    assert [set(each.index[each["ci_high"] < 0]) - {0} for each in behind] == [set(), {5}, {1, 2, 5}]
    for record, sharper in zip(three[:2], (True, False), strict=True):
        new = record.study("cold_start", "new_songs").set_index(["metric", "way"])
        assert above(new.loc["recall", "artist"], new.loc["recall", "chance"])
        assert (
            above(new.loc["average_precision", "artist and year"], new.loc["average_precision", "artist"])
            == sharper
        )


def test_protocols_that_were_tuned_alike_agree(three):
    """Weak and strong; and whom triplet_holdout puts elsewhere."""
    for record in three:
        weak, strong = (
            Record.load(f"{record.profile}-{name}", record.folder.parent) for name in ("weak", "strong")
        )
        assert weak.tuning["asked"].max() == strong.tuning["asked"].max() < record.tuning["asked"].max()
        turned = _turned(weak, strong)
        assert len(turned) == (0 if record.profile == HEADLINE else 1)
        for other in (weak, strong):
            for pair in _turned(record, other):
                if max(each.tested(*pair, MAP) for each in (record, other)) < 0.05:
                    assert "rp3beta" in pair
        assert not [pair for pair in turned if max(each.tested(*pair, MAP) for each in (weak, strong)) < 0.05]
        trials = pd.read_csv(record.folder / "trials.csv").query("model == 'rp3beta'")
        assert (
            trials["value"].idxmax()
            == trials.index[trials["trial"] >= 10][trials.loc[trials["trial"] >= 10, "value"].argmax()]
        )


def _turned(one: Record, other: Record) -> list[tuple[str, str]]:
    models = [model for model in one.ranked() if model in MODELS]
    return [
        (a, b)
        for place, a in enumerate(models)
        for b in models[place + 1 :]
        if other.compare("minus", a, b, MAP).value < 0
    ]


def test_another_draw(three):
    """The spread between draws is no small part of the doubt; who is ahead in every draw."""
    for record in three:
        order = record.study("repeats", "order").set_index(["model", "than"])
        assert order.loc[("item_knn", "popularity"), "clear"] == 5
    first = three[0].study("repeats", "order").set_index(["model", "than"])
    assert first.loc[("fs_slim", "ease"), "clear"] == 5
    spread = three[0].study("repeats", "spread").query("metric == 'average_precision'")
    assert (spread["sd_splits"] / spread["se_users"]).between(0.5, 1.3).all()
