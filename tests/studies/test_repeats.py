"""Several draws of a split: what their tables hold."""

import numpy as np
import pandas as pd
import pytest
from any_split import log_of_tastes

from songrec.data import Interactions
from songrec.evaluation import evaluate
from songrec.lists import TopN
from songrec.models import ItemKNN
from songrec.splits import strong, triplet_holdout
from songrec.studies import repeats

COLUMN = "average_precision@10"
TUNED = {
    "popularity": {"estimator": "Popularity", "hyperparameters": {"by": "listeners"}},
    "item_knn": {"estimator": "ItemKNN", "hyperparameters": {"neighbours": 20}},
}


def made_up(means: dict[str, list[float]], users: int = 400, noise: float = 0.0) -> dict:
    """Seed -> model -> values that spread evenly about this mean; `noise` is a model's own, user by user."""
    spread = np.linspace(-0.1, 0.1, users)
    random = np.random.default_rng(0)
    return {
        seed: {
            model: pd.DataFrame({COLUMN: of[seed] + spread + noise * random.standard_normal(users)})
            for model, of in means.items()
        }
        for seed in range(len(next(iter(means.values()))))
    }


@pytest.fixture(scope="module")
def log() -> Interactions:
    return log_of_tastes(120, 60)


def test_a_split_is_scored_as_the_run_scores_it(log):
    """The same numbers as training and evaluation of the run give, found again by the users' ids."""
    split = triplet_holdout(log, seed=3)
    scored = repeats.score(split, TUNED, 10)
    assert list(scored) == ["popularity", "item_knn"]
    model = ItemKNN(neighbours=20).fit(split.final_train())
    lists = TopN(split.test.users, *model.recommend(split.test.fold_in, 100, users=split.test.users))
    expected = evaluate(lists, split.test.holdout, split.final_train(), [10]).per_user
    mine = scored["item_knn"]
    assert mine.index.tolist() == split.user_ids[split.test.users].tolist()
    for column in mine:
        assert mine[column].tolist() == expected[column].tolist()


def test_the_spread_by_hand():
    scored = made_up({"popularity": [0.30, 0.32, 0.34]})
    (row,) = repeats.spread(repeats.by_seed(scored)).itertuples()
    se = np.linspace(-0.1, 0.1, 400).std(ddof=1) / 20
    assert row.splits == 3
    assert row.value == pytest.approx(0.32)
    assert row.sd_splits == pytest.approx(0.02)
    assert row.se_users == pytest.approx(se)
    variance = se**2 + 0.02**2 / 3
    freedom = variance**2 / (se**4 / 399 + (0.02**2 / 3) ** 2 / 2)
    assert 2 < freedom < 4
    half = (row.ci_high - row.ci_low) / 2
    assert 1.96 * variance**0.5 < half < 4.31 * variance**0.5  # t between 2 and very many degrees of freedom
    assert (row.ci_high + row.ci_low) / 2 == pytest.approx(0.32)


def test_the_interval_holds_the_truth_when_users_and_draws_both_vary():
    """500 made-up studies, each a model here: users of their own mean, draws of their own shift."""
    random = np.random.default_rng(1)
    users = 0.5 + 0.2 * random.standard_normal((500, 60))
    drawn = pd.DataFrame({"model": np.repeat(np.arange(500), 5), "metric": "average_precision", "k": 10})
    drawn["value"] = (users.mean(axis=1)[:, None] + 0.02 * random.standard_normal((500, 5))).ravel()
    drawn["se"] = np.repeat(users.std(axis=1, ddof=1) / 60**0.5, 5)
    drawn["n_users"] = 60
    table = repeats.spread(drawn)
    held = (table["ci_low"] <= 0.5) & (table["ci_high"] >= 0.5)
    assert 0.93 <= held.mean() <= 0.97


def test_one_split_has_no_spread():
    scored = made_up({"popularity": [0.3], "ease": [0.4]})
    spread = repeats.spread(repeats.by_seed(scored))
    assert spread[["sd_splits", "ci_low", "ci_high"]].isna().all().all()


def test_the_order_pair_by_pair():
    scored = made_up({"a": [0.3, 0.4, 0.3], "b": [0.35, 0.35, 0.2], "c": [0.1, 0.1, 0.1]}, noise=1e-4)
    table = repeats.order(scored, 10)
    assert table[["model", "than"]].to_numpy().tolist() == [["a", "b"], ["b", "c"]]
    counts = table[["splits", "ahead", "significant", "behind"]]
    assert counts.to_numpy().tolist() == [[3, 2, 2, 1], [3, 3, 3, 0]]
    assert table.loc[0, ["smallest", "largest"]].tolist() == pytest.approx([-0.05, 0.1], abs=1e-3)


def test_other_seeds_ask_other_users_under_strong(log):
    sizes = {"min_listeners": 1, "min_songs": 1, "validation_users": 20, "test_users": 30}
    scored = {seed: repeats.score(strong(log, seed=seed, **sizes), TUNED, 10) for seed in (1, 2)}
    asked = [set(of["item_knn"].index) for of in scored.values()]
    assert asked[0] != asked[1]
    assert len(repeats.order(scored, 10)) == 1
