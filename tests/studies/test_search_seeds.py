"""The same searches under three seeds, on a log of two tastes."""

import numpy as np
import pytest
from small_logs import log_of

from songrec.evaluation import score_lists
from songrec.models import create
from songrec.splits import weak
from songrec.studies import search_seeds

MODELS = {
    "knn": {
        "estimator": "ItemKNN",
        "hyperparameters": {"similarity": "cosine"},
        "space": {"neighbours": {"low": 1, "high": 60, "log": True}, "q": {"low": 1.0, "high": 5.0}},
    },
    "popular": {"estimator": "Popularity", "hyperparameters": {"by": "listeners"}, "space": {}},
}


@pytest.fixture(scope="module")
def split():
    random = np.random.default_rng(3)
    liked = random.random((90, 50)) < np.where(np.arange(90)[:, None] % 3 == np.arange(50) % 3, 0.5, 0.1)
    return weak(
        log_of(
            {f"u{user:02}": [f"s{song:02}" for song in np.flatnonzero(row)] for user, row in enumerate(liked)}
        )
    )


@pytest.fixture(scope="module")
def found(split, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unfinished")
    return search_seeds.searches(MODELS, split, [0, 1, 2], trials=4, seconds=60.0, unfinished=folder)


def test_each_seed_has_a_search_of_its_own(found):
    chosen = [of["knn"]["hyperparameters"] for of in found.values()]
    assert list(found) == [0, 1, 2]
    assert len({str(each) for each in chosen}) > 1
    assert {of["popular"]["trials"] for of in found.values()} == {0}
    assert len({of["knn"]["untuned_value"] for of in found.values()}) == 1


def test_the_values_are_those_of_the_chosen_points_on_test(found, split):
    table = search_seeds.by_seed(found, split, 5)
    row = table[(table["model"] == "knn") & (table["seed"] == 2) & (table["metric"] == "precision")].iloc[0]
    model = create("ItemKNN", **found[2]["knn"]["hyperparameters"]).fit(split.final_train())
    songs, _ = model.recommend(split.test.fold_in, 5, users=split.test.users)
    per_user = score_lists(songs, split.test.holdout, 5, split.test.users, ("precision",))
    assert row["value"] == pytest.approx(per_user["precision@5"].mean())
    assert row["validation"] == found[2]["knn"]["value"]


def test_the_spread_between_searches_stands_beside_that_between_users(found, split):
    table = search_seeds.by_seed(found, split, 5)
    spread = search_seeds.spread(table).set_index(["model", "metric"])
    values = table[(table["model"] == "knn") & (table["metric"] == "precision")]["value"]
    knn, popular = spread.loc[("knn", "precision")], spread.loc[("popular", "precision")]
    assert (knn["searches"], knn["value"]) == (3, pytest.approx(values.mean()))
    assert knn["sd_searches"] == pytest.approx(values.std(ddof=1))
    assert (knn["smallest"], knn["largest"]) == (values.min(), values.max())
    assert popular["sd_searches"] == 0
    assert popular["se_users"] > 0
