"""Tables of the comparison against plain Python."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.lists import TopN
from songrec.report import figures_models, numbers, pairs, tables_models


def per_user(means: dict[str, float], n: int = 400, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Per-user values whose users are easy or hard for all models alike."""
    random = np.random.default_rng(seed)
    user = random.normal(0, 0.05, n)
    frames = {}
    for model, mean in means.items():
        noise = random.normal(0, 0.01, n)
        values = mean + user + noise - noise.mean()
        hits = random.integers(0, 11, n) / 10
        columns = {"average_precision@10": values, "precision@10": hits, "hit_rate@10": hits > 0}
        frames[model] = pd.DataFrame(columns, index=pd.Index(range(n), name="user"), dtype=float)
    return frames


def result_table(frames: dict[str, pd.DataFrame], coverage: dict[str, float]) -> pd.DataFrame:
    from songrec.evaluation import summarise

    parts = []
    for model, frame in frames.items():
        rows = summarise(frame)
        catalogue = [
            {"metric": m, "k": 10, "value": coverage[model], "n_users": len(frame)}
            for m in ("coverage", "gini")
        ]
        parts.append(pd.concat([rows, pd.DataFrame(catalogue)]).assign(model=model, protocol="weak"))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def frames():
    return per_user({"popularity": 0.30, "item_knn": 0.400, "user_knn": 0.4001, "ease": 0.395})


@pytest.fixture
def metrics(frames):
    return result_table(frames, {"popularity": 0.01, "item_knn": 0.6, "user_knn": 0.4, "ease": 0.5})


def test_models_are_ordered_by_average_precision(metrics):
    order = tables_models.ranked_models(metrics, 10)
    assert order[-2:] == ["ease", "popularity"]
    assert set(order[:2]) == {"item_knn", "user_knn"}


def test_all_that_are_not_significantly_worse_are_marked(metrics, frames):
    """EASE's interval overlaps the best one's, yet user by user it is clearly worse."""
    table = tables_models.headline(metrics, pairs.gains(frames, 10), 10, ["average_precision", "coverage"])
    table = table.set_index("model")
    assert table["average_precision_high"]["ease"] > table["average_precision_low"]["item_knn"]
    assert table["average_precision_best"].to_dict() == {
        "item_knn": True,
        "user_knn": True,
        "ease": False,
        "popularity": False,
    }
    assert table.index[table["coverage_best"]].tolist() == ["item_knn"]
    assert table["coverage_low"].isna().all()


def test_gains_are_differences_and_ratios_of_means(frames):
    table = tables_models.gains(frames, "popularity", 10, ["average_precision"]).set_index("model")
    assert list(table.index) == ["item_knn", "user_knn", "ease"]
    for model, row in table.iterrows():
        ours, base = (frames[m]["average_precision@10"].mean() for m in (model, "popularity"))
        assert row["difference"] == pytest.approx(ours - base)
        assert row["ratio"] == pytest.approx(ours / base)
        assert row["difference_low"] < row["difference"] < row["difference_high"]
        assert row["ratio_low"] < row["ratio"] < row["ratio_high"]


def test_there_are_no_gains_without_another_model(frames):
    alone = {"popularity": frames["popularity"]}
    assert tables_models.gains(alone, "popularity", 10, ["precision"]).empty


def test_reach_counts_places_down_the_charts():
    train = csr_array([[1, 1, 0, 1], [1, 0, 0, 1], [1, 0, 0, 0]])  # listeners 3, 1, 0, 2
    lists = TopN(np.arange(2), np.array([[0, 3, 2], [1, -1, -1]]), np.zeros((2, 3), np.float32))
    holdout = csr_array([[0, 0, 1, 0], [0, 1, 0, 0]])
    curve = tables_models.reach({"m": lists}, train, holdout, 2)
    mine = curve[curve["model"] == "m"].set_index("song_share")["place_share"]
    np.testing.assert_allclose(mine.loc[[0.25, 0.5, 0.75, 1.0]], [1 / 3, 2 / 3, 1, 1])  # songs 0, 3, 1, 2
    real = curve[curve["model"] == tables_models.HELD_OUT].set_index("song_share")["place_share"]
    np.testing.assert_allclose(real.loc[[0.25, 0.5, 0.75, 1.0]], [0, 0, 0.5, 1])
    assert tables_models.top_share(curve, 0.5)["m"] == pytest.approx(2 / 3)


def test_hits_are_counted_and_their_intervals_stay_shares(frames):
    table = tables_models.hits(frames, 10, most=3)
    mine = table[table["model"] == "ease"].set_index("hits")
    counts = (frames["ease"]["precision@10"] * 10).round()
    assert mine.loc["1", "share"] == pytest.approx((counts == 1).mean())
    assert mine.loc["3+", "share"] == pytest.approx((counts >= 3).mean())
    assert mine["share"].sum() == pytest.approx(1)
    assert (table["ci_low"] >= 0).all()
    assert (table["ci_low"] <= table["share"]).all()
    assert (table["share"] <= table["ci_high"]).all()
    assert (table["ci_high"] <= 1).all()


def test_wilson_interval_of_the_textbook():
    low, high = tables_models._wilson(np.array([0.5]), 100)  # 50 of 100: .404 to .596
    np.testing.assert_allclose([low[0], high[0]], [0.4038, 0.5962], atol=5e-5)


def test_groups_by_activity_hold_every_user_once(frames):
    known = np.random.default_rng(2).integers(1, 60, 400)
    table = tables_models.by_activity(frames, known, "average_precision@10")
    mine = table[table["model"] == "ease"]
    assert mine["n_users"].sum() == 400
    assert len(mine) == 4
    low, high = (int(text) for text in mine["group"].iloc[0].split(" to "))
    inside = (known >= low) & (known <= high)
    assert mine["value"].iloc[0] == pytest.approx(frames["ease"]["average_precision@10"][inside].mean())


def test_users_who_are_all_alike_are_one_group(frames):
    table = tables_models.by_activity(frames, np.full(400, 7), "precision@10")
    assert table.groupby("model")["group"].unique().map(list).to_dict() == {model: ["7"] for model in frames}


@pytest.mark.parametrize(
    ("half", "digits"),
    [(1.96 * 0.00123, 4), (1.96 * 0.0041, 3), (1.96 * 0.034, 3), (1.96 * 0.041, 2), (1.96 * 5, 0)],
)
def test_decimals_follow_the_standard_error(half, digits):
    assert numbers.decimals(half) == digits


def test_headline_cells_carry_the_interval_and_the_marks(metrics, frames):
    names = {"average_precision": "MAP@10", "coverage": "Coverage"}
    cells, marks = numbers.headline_cells(
        tables_models.headline(metrics, pairs.gains(frames, 10), 10, list(names)), names
    )
    assert cells.loc[cells["model"] == "item-KNN", "Coverage"].item() == "60.0 %"
    assert all("±" in text for text in cells["MAP@10"])
    assert marks["MAP@10"].sum() == 2


def test_every_metric_has_a_row_and_described_ones_no_mark(metrics, frames):
    cells, marks = numbers.all_metrics(metrics, frames, 10)
    assert cells["metric"].tolist() == ["Precision@10", "MAP@10", "Hit rate@10", "Coverage@10", "Gini@10"]
    assert list(cells.columns) == ["metric", "popularity", "item-KNN", "user-KNN", "EASE"]
    assert not marks.iloc[4].any()
    assert marks.iloc[3].sum() == 1


@pytest.mark.filterwarnings("error")
def test_figures_of_one_group_give_no_warning(frames, metrics):
    """The strict build of the book takes a warning for a failure."""
    activity = tables_models.by_activity(frames, np.full(400, 7), "precision@10")
    hits = tables_models.hits(frames, 10)
    hits = hits[hits["hits"] == hits["hits"].iloc[0]]
    cutoff = tables_models.by_cutoff(metrics, ["precision", "average_precision"])
    assert set(cutoff["k"]) == {10}
    for figure, table, bars in (
        (figures_models.by_activity(activity, "precision"), activity, True),
        (figures_models.hits(hits, 10), hits, True),
        (figures_models.by_cutoff(cutoff), cutoff, False),
    ):
        assert figure._repr_png_()
        drawn = [c for c in figure.axes[0].containers if type(c).__name__ == "ErrorbarContainer"]
        assert len(drawn) == (len(frames) if bars else 0)
        for bar, row in zip(drawn, table.itertuples(), strict=False):
            (ends,) = bar.lines[2][0].get_segments()
            assert ends[:, 1] == pytest.approx([row.ci_low, row.ci_high])


def test_figures_draw_uncertainty_and_keep_colours(metrics, frames):
    known = np.random.default_rng(2).integers(1, 60, 400)
    lists = {m: TopN(np.arange(2), np.array([[0, 3], [1, -1]]), np.zeros((2, 2), np.float32)) for m in frames}
    train = csr_array([[1, 1, 0, 1], [1, 0, 0, 1]])
    gains = tables_models.gains(frames, "popularity", 10, ["average_precision"])
    figures = {
        "cutoff": figures_models.by_cutoff(
            tables_models.by_cutoff(metrics, ["precision", "average_precision"])
        ),
        "trade_off": figures_models.trade_off(tables_models.trade_off(metrics, 10), 10, "artist"),
        "reach": figures_models.reach(tables_models.reach(lists, train, train, 2), 2, "artist"),
        "hits": figures_models.hits(tables_models.hits(frames, 10), 10),
        "activity": figures_models.by_activity(
            tables_models.by_activity(frames, known, "precision@10"), "precision", "artist"
        ),
        "differences": figures_models.differences(gains, "average_precision", "popularity", 10),
    }
    for name, figure in figures.items():
        axes = figure.axes[0]
        assert figure._repr_png_(), name
        assert axes.get_xlabel(), name
        drawn = [c for c in axes.containers if type(c).__name__ == "ErrorbarContainer"] + list(
            axes.collections
        )
        assert bool(drawn) == (name != "reach"), name  # counted over all lists: no interval there
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_label_text():
                assert (axis.get_scale() == "log") == ("log scale" in axis.get_label_text()), name
    assert "artist" in figures["trade_off"].axes[0].get_xlabel()
