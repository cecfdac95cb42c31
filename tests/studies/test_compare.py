"""All comparisons of a run: who is compared, what is corrected together, who is marked as best."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.sparse import csr_array

from songrec.errors import DataError
from songrec.evaluation import holm, summarise
from songrec.lists import TopN
from songrec.studies import compare

KEYS = ["model", "than", "metric", "k"]
MEANS = {"popularity": 0.30, "item_knn": 0.400, "user_knn": 0.4001, "ease": 0.395}


def per_user(means, n=400, seed=0):
    """Values by user whose users are easy or hard for all models alike."""
    random = np.random.default_rng(seed)
    user = random.normal(0, 0.05, n)
    frames = {}
    for model, mean in means.items():
        noise = random.normal(0, 0.01, n)
        hits = random.integers(0, 11, n) / 10
        columns = {"average_precision@10": mean + user + noise - noise.mean(), "precision@10": hits}
        index = pd.Index(range(n), name="user")
        frames[model] = pd.DataFrame(columns | {"novelty@10": 10 * hits}, index=index)
    return frames


def means_of(frames):
    return pd.concat([summarise(frame).assign(model=model) for model, frame in frames.items()])


@pytest.fixture(scope="module")
def frames():
    return per_user(MEANS)


@pytest.fixture(scope="module")
def differences(frames):
    return compare.differences(frames, 10)


def row(table, metric, *models):
    rows = table[(table["metric"] == metric) & table["model"].isin(models) & table["than"].isin(models)]
    assert len(rows) == 1
    return rows.iloc[0]


def met(table, metric):
    pairs = table.loc[table["metric"] == metric, ["model", "than"]].to_numpy()
    return sorted(map(sorted, pairs))


def test_each_two_models_are_compared_once(frames, differences):
    """By the deciding metric all; by the others every model with the baseline and with the best."""
    assert met(differences, "average_precision") == sorted([a, b] for a in MEANS for b in MEANS if a < b)
    best = max(frames, key=lambda model: frames[model]["precision@10"].mean())
    pairs = {(a, b) for a in MEANS for b in MEANS if a < b and {a, b} & {best, "popularity"}}
    assert met(differences, "precision") == sorted(map(list, pairs))
    ratios = compare.ratios(frames, 10)
    assert (ratios[KEYS] == differences[KEYS]).all(axis=None)


def test_a_row_holds_what_the_users_say(frames, differences):
    found = row(differences, "average_precision", "item_knn", "ease")
    ours, theirs = (frames[found[side]]["average_precision@10"] for side in ("model", "than"))
    difference = ours - theirs
    assert found["value"] == pytest.approx(difference.mean())
    assert found["ci_low"] < found["value"] < found["ci_high"]
    assert found["effect"] == pytest.approx(difference.mean() / difference.std())
    assert found["win_rate_difference"] == pytest.approx(np.sign(difference).mean())
    assert found["minimum_detectable"] == pytest.approx(2.8016 * difference.sem(), rel=1e-4)
    ratio = row(compare.ratios(frames, 10), "average_precision", "item_knn", "ease")
    assert ratio["value"] == pytest.approx(ours.mean() / theirs.mean())
    assert ratio["ci_low"] < ratio["value"] < ratio["ci_high"]
    close = row(differences, "precision", "popularity", "ease")
    hits = (frames[close["model"]] - frames[close["than"]])["precision@10"]
    assert close["p"] == pytest.approx(stats.ttest_1samp(hits, 0).pvalue, abs=0.02)
    wilcoxon = stats.wilcoxon(hits.round(12), zero_method="pratt", method="asymptotic").pvalue
    assert close["wilcoxon"] == pytest.approx(wilcoxon)


def test_all_is_corrected_together_but_for_what_is_not_better_or_worse(differences):
    described = differences["metric"] == "novelty"
    assert differences.loc[described, compare.TESTED].isna().all(axis=None)
    tested = differences[~described]
    for plain, corrected in (("p", "p_holm"), ("wilcoxon", "wilcoxon_holm")):
        np.testing.assert_allclose(tested[corrected], holm(tested[plain].to_numpy(float)))
    assert compare.tally(differences) == {"tests": len(tested), "pairs": 6, "apart": 5}


def test_the_best_and_all_that_are_not_significantly_worse(frames, differences):
    marks = compare.best(differences, means_of(frames), 10)
    assert set(marks["metric"]) == {"average_precision", "precision"}
    mine = marks[marks["metric"] == "average_precision"].set_index("model")["best"]
    assert mine.to_dict() == {"popularity": False, "item_knn": True, "user_knn": True, "ease": False}
    values = {model: frame["average_precision@10"] for model, frame in frames.items()}
    assert compare.not_worse(values) == {"item_knn", "user_knn"}
    assert compare.not_worse({"ease": values["ease"]}) == {"ease"}


def test_a_difference_that_one_test_finds_may_not_survive_the_correction():
    """The mark follows the corrected p: twelve models compared, one of them a little behind the best."""
    means = {"best": 0.4, "behind": 0.3984} | {f"m{place}": 0.3 + 0.005 * place for place in range(10)}
    frames = per_user(means, seed=3)
    table = compare.differences(frames, 10, baseline="m0")
    found = row(table, "average_precision", "best", "behind")
    assert found["p"] < 0.05 <= found["p_holm"]
    assert found["ci_low"] > 0  # its interval alone would have called it worse
    marks = compare.best(table, means_of(frames), 10)
    marked = marks.loc[(marks["metric"] == "average_precision") & marks["best"], "model"]
    assert marked.tolist() == ["best", "behind"]


def test_models_with_the_same_four_digits_are_best_together():
    """Whoever is alike to one of them is not significantly worse."""
    means = pd.Series({"a": 0.123412, "b": 0.123408, "c": 0.12, "d": 0.1})
    assert compare._not_worse(means, [("b", "c"), ("c", "d")]) == {"a", "b", "c"}


def test_users_are_matched_by_name_and_other_users_are_refused(frames, differences):
    shuffled = {**frames, "ease": frames["ease"].sample(frac=1, random_state=1)}
    pd.testing.assert_frame_equal(compare.differences(shuffled, 10), differences)
    with pytest.raises(DataError, match="same users"):
        compare.differences({**frames, "ease": frames["ease"].iloc[1:]}, 10)


def test_one_model_alone_is_compared_with_nothing_and_best(frames):
    alone = {"ease": frames["ease"]}
    table = compare.differences(alone, 10, "ease")
    assert table.empty
    assert list(table.columns) == [*KEYS, "value", "ci_low", "ci_high", "n_users", *compare.TESTED]
    assert compare.tally(table) == {"tests": 0, "pairs": 0, "apart": 0}
    assert compare.best(table, means_of(alone), 10)["best"].all()


def test_reach_counts_places_from_the_most_heard_song_on():
    train = csr_array([[1, 1, 0, 1], [1, 0, 0, 1], [1, 0, 0, 0]])  # listeners 3, 1, 0, 2
    lists = TopN(np.arange(2), np.array([[0, 3, 2], [1, -1, -1]]), np.zeros((2, 3), np.float32))
    holdout = csr_array([[0, 0, 1, 0], [0, 1, 0, 0]])
    curve = compare.reach({"m": lists}, train, holdout, 2).set_index(["model", "song_share"])["place_share"]
    np.testing.assert_allclose(curve["m"].loc[[0.25, 0.5, 0.75, 1.0]], [1 / 3, 2 / 3, 1, 1])
    np.testing.assert_allclose(curve[compare.HELD_OUT].loc[[0.25, 0.5, 0.75, 1.0]], [0, 0, 0.5, 1])
