"""The blend's search against the blend itself."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.data import Interactions
from songrec.evaluation import average_precision, find_hits
from songrec.models import Blend, create
from songrec.splits import weak
from songrec.tuning import search, selection

MEMBERS = {
    "item_knn": {"estimator": "ItemKNN", "hyperparameters": {"neighbours": 9}},
    "als": {"estimator": "ALS", "hyperparameters": {"factors": 5}},
    "popularity": {"estimator": "Popularity"},
}
SPACE = {f"weights.{label}": {"low": 0.0, "high": 1.0} for label in MEMBERS} | {
    "by": {"choices": ["score", "rank"]}
}


@pytest.fixture(scope="module")
def split():
    random = np.random.default_rng(3)
    taste = random.integers(0, 4, 150)
    users, songs = np.nonzero(
        random.random((150, 60)) < np.where(taste[:, None] == np.arange(60) % 4, 0.4, 0.07)
    )
    names = [
        pd.Series(codes).map((letter + "{:03}").format) for letter, codes in (("u", users), ("s", songs))
    ]
    return weak(Interactions.from_triplets(*names, np.ones(len(users), int)), seed=0)


def value_of(model, part):
    songs, _ = model.recommend(part.fold_in, 10, users=part.users)
    return average_precision(find_hits(songs, part.holdout), 10).mean()


@pytest.fixture(scope="module")
def found(split, tmp_path_factory):
    settings = {"trials": 5, "seconds": 60.0, "journal": tmp_path_factory.mktemp("search") / "tune"}
    return search("Blend", {"members": MEMBERS}, SPACE, split.train, split.validation, **settings)


def test_each_member_alone_is_tried_and_the_blend_is_never_worse(found, split):
    alone = {
        label: value_of(
            create(one["estimator"], **one.get("hyperparameters", {})).fit(split.train), split.validation
        )
        for label, one in MEMBERS.items()
    }
    points = found.trials["point"].map(json.loads)
    for label, value in alone.items():
        row = points.map(
            lambda point, only=label: [name for name in point if name != "by"] == [f"weights.{only}"]
        )
        assert found.trials["value"][row].iloc[0] == pytest.approx(value, abs=1e-6)
    model = Blend(**found.hyperparameters).fit(split.train)
    value = value_of(model, split.validation)
    assert value >= max(alone.values()) - 1e-6
    assert found.facts["value"] == pytest.approx(value, abs=1e-6)
    assert set(model.members_) == set(found.hyperparameters["weights"]) <= set(MEMBERS)
    assert set(found.untuned["members"]) == set(MEMBERS)
    assert found.facts["edges"] == {}


def test_candidates_give_the_lists_of_the_blend(split, monkeypatch):
    monkeypatch.setattr(selection, "CELLS", 60 * 40)  # blocks of forty users
    blend = Blend(MEMBERS).fit(split.train)
    candidates = selection._candidates(blend, split.validation)
    for by in ("score", "rank"):
        weights = {"item_knn": 1.0, "als": 0.5, "popularity": 0.2}
        blend.set_params(weights=weights, by=by)
        songs, _ = blend.recommend(split.validation.fold_in, 10, users=split.validation.users)
        assert (candidates.top(weights, by, 10) == songs).mean() > 0.999
    assert isinstance(candidates.listed, csr_array)


def test_a_member_that_adds_nothing_is_not_chosen(split):
    blend = Blend({"one": MEMBERS["als"], "same": MEMBERS["als"]}).fit(split.train)
    chosen, trials = selection.select(blend, split.validation, 10, 60.0)
    assert chosen == {"weights": {"one": 1.0}, "by": "score"}
    assert set(trials["value"]) == {trials["value"].iloc[0]}
