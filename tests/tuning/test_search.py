"""The search: the same for everybody, resumable, and blind to all but validation."""

import importlib
import json

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.data import Interactions
from songrec.errors import ConfigError
from songrec.evaluation import average_precision, find_hits
from songrec.models import ItemKNN, Recommender
from songrec.models.iterative import Iterative
from songrec.splits import weak
from songrec.splits.contract import HeldOut
from songrec.tables import read_table, save_tables
from songrec.tuning import read_tuned, search, with_members
from songrec.tuning.trials import Trials

SPACE = {"neighbours": {"low": 1, "high": 200, "log": True}}


@pytest.fixture(scope="module")
def split():
    random = np.random.default_rng(3)
    taste = random.integers(0, 4, 120)
    users, songs = np.nonzero(
        random.random((120, 60)) < np.where(taste[:, None] == np.arange(60) % 4, 0.5, 0.05)
    )
    log = Interactions.from_triplets(
        pd.Series(users).map("u{:03}".format), pd.Series(songs).map("s{:03}".format), np.ones(len(users), int)
    )
    return weak(log, seed=0)


@pytest.fixture
def tune(split, tmp_path):
    def run(estimator="ItemKNN", fixed=None, space=SPACE, trials=9, seconds=1e9, seed=0, known=None, most=0):
        return search(
            estimator,
            fixed or {},
            space,
            split.train,
            split.validation,
            trials=trials,
            most=most,
            seconds=seconds,
            seed=seed,
            known=known,
            journal=tmp_path / "unfinished" / "tune",
        )

    return run


def tried(found, name):
    """What each trial had for a hyper-parameter."""
    return found.trials["point"].map(json.loads).str[name]


def test_trial_0_is_the_defaults_and_the_best_is_kept(tune, split):
    found = tune()
    assert tried(found, "neighbours").iloc[0] == ItemKNN().neighbours
    assert len(found.trials) == found.asked == 9
    best = found.trials.loc[found.trials["value"].idxmax()]
    assert found.hyperparameters["neighbours"] == json.loads(best["point"])["neighbours"]
    model = ItemKNN(**found.hyperparameters).fit(split.train)
    songs, _ = model.recommend(split.validation.fold_in, 10, users=split.validation.users)
    value = average_precision(find_hits(songs, split.validation.holdout), 10).mean()
    assert best["value"] == pytest.approx(value, abs=1e-6)
    assert found.facts["value"] >= found.facts["untuned_value"] == found.trials["value"].iloc[0]


def test_defaults_outside_of_the_range_are_tried_as_they_are(tune):
    found = tune(space={"neighbours": {"low": 1, "high": 20, "log": True}})
    assert tried(found, "neighbours").iloc[0] == 100
    assert tried(found, "neighbours").iloc[1:].between(1, 20).all()


def test_twice_the_same_and_another_seed_another_search(tune):
    first, again, other = tune(), tune(), tune(seed=1)
    pd.testing.assert_frame_equal(first.trials, again.trials)
    assert list(tried(other, "neighbours")) != list(tried(first, "neighbours"))


def test_a_search_that_was_cut_off_goes_on_and_finds_the_same(tune, monkeypatch):
    whole = tune()
    fitted = []

    def fit(self, train, limit=4, fit=ItemKNN.fit):
        fitted.append(self.neighbours)
        if len(fitted) == limit:
            raise KeyboardInterrupt
        return fit(self, train)

    monkeypatch.setattr(ItemKNN, "fit", fit)
    with pytest.raises(KeyboardInterrupt):
        tune()
    before = fitted.copy()
    resumed = tune()
    pd.testing.assert_frame_equal(resumed.trials, whole.trials)
    assert fitted[len(before)] == before[-1], "the trial that was cut off is tried again"
    assert before[0] not in fitted[len(before) :], "a finished trial is not"


def test_the_journal_of_another_search_is_not_continued(tune, monkeypatch, tmp_path):
    def stop(self, train):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ItemKNN, "fit", stop)
        with pytest.raises(KeyboardInterrupt):
            tune(seed=5)
    assert (tmp_path / "unfinished" / "tune").exists()
    pd.testing.assert_frame_equal(tune(seed=0).trials, tune(seed=0).trials)
    assert not (tmp_path / "unfinished" / "tune").exists()


def test_time_ends_a_search_and_says_so(tune):
    found = tune(seconds=1e-6)
    assert (len(found.trials), found.asked, found.capped) == (1, 9, True)
    assert found.facts["capped"]
    assert not tune().capped


def test_a_small_space_is_tried_whole_and_no_more(tune):
    found = tune("Popularity", space={"by": {"choices": ["listeners", "plays"]}}, trials=20)
    assert found.asked == len(found.trials) == 2
    assert not found.capped


@pytest.mark.parametrize("settings", [{"trials": 0}, {"space": {}}])
def test_nothing_to_search(tune, settings):
    found = tune(fixed={"neighbours": 7}, **settings)
    assert found.hyperparameters == found.untuned
    assert found.hyperparameters["neighbours"] == 7
    assert found.facts | {"value": None, "trials": 0, "searched": [], "capped": False} == found.facts


def test_nobody_to_validate_on(split):
    nobody = HeldOut(
        np.empty(0, np.int32), csr_array((0, 60), dtype=np.int32), csr_array((0, 60), dtype=np.int32)
    )
    with pytest.raises(ConfigError, match="holds out nobody for validation"):
        search("ItemKNN", {}, SPACE, split.train, nobody, trials=2, seconds=1, journal=None)


class Learner(Iterative):
    """Gets better until epoch `peak`, then worse; the worse the larger `bad` is."""

    def __init__(self, epochs: int = 24, peak: int = 10, bad: float = 0.0):
        self.epochs, self.peak, self.bad = epochs, peak, bad

    def _epochs(self, binary, plays):
        for epoch in range(1, self.epochs + 1):
            self.epoch_ = epoch
            yield

    def _scores(self, encoded, n_needed): ...

    def quality(self):
        return 1 - abs(self.epoch_ - self.peak) / 30 - 0.1 * self.bad


def create_only(monkeypatch, model):
    """The search creates this model, whatever its name."""
    for module in ("search", "trials"):  # imported so because the package's name `search` is the function
        created = importlib.import_module(f"songrec.tuning.{module}")
        monkeypatch.setattr(created, "create", lambda name, **params: model(**params))


@pytest.fixture
def learner(monkeypatch):
    create_only(monkeypatch, Learner)
    monkeypatch.setattr(Trials, "_score", lambda self, model: model.quality())


def test_the_number_of_epochs_is_found_on_the_way(tune, learner):
    found = tune("Learner", {"bad": 0.0}, {"epochs": {"stop": 24}, "peak": {"low": 9, "high": 11}}, trials=3)
    assert abs(found.hyperparameters["epochs"] - found.hyperparameters["peak"]) <= 2  # looks are 2 apart
    assert (tried(found, "epochs") < 24).all()


def test_hopeless_trials_are_given_up(tune, learner):
    natural = {"natural": ["low", "high"]}
    space = {"epochs": {"stop": 24, **natural}, "bad": {"low": 0.0, "high": 1.0, **natural}}
    found = tune("Learner", {"peak": 24}, space, trials=12)
    assert set(found.trials["state"]) == {"complete", "pruned"}
    pruned, bad = found.trials["state"] == "pruned", tried(found, "bad")
    assert bad[pruned].min() > bad[~pruned].median()
    assert found.trials.loc[found.trials["value"].idxmax(), "state"] == "complete"


def test_each_choice_is_tried_from_the_defaults(tune):
    space = {
        "similarity": {"choices": ["asymmetric", "cosine", "jaccard"]},
        "alpha": {"low": 0.0, "high": 2.0, "when": {"similarity": ["asymmetric"]}},
        "shrink": {"low": 0.1, "high": 9.0, "log": True, "natural": ["low", "high"]},
        "reverse": {"choices": [False, True]},
        "normalize": {"choices": [False, True], "when": {"reverse": [True]}},
    }
    points = [json.loads(point) for point in tune(space=space, trials=12).trials["point"]]
    plain = {"similarity": "cosine", "shrink": 0.0, "reverse": False}
    assert points[:4] == [
        plain,
        plain | {"similarity": "asymmetric", "alpha": 0.5},
        plain | {"similarity": "jaccard"},
        plain | {"reverse": True, "normalize": False},
    ]
    few = [json.loads(point) for point in tune(space=space, trials=11).trials["point"]]
    assert few[0] == plain
    assert few[1]["shrink"] > 0


def test_from_an_edge_a_search_goes_on_beyond_once(tune, learner):
    space = {"epochs": {"stop": 12}, "bad": {"low": 1.0, "high": 2.0}}
    found = tune("Learner", {"peak": 24}, space, trials=9)
    assert found.beyond == {"epochs": "high", "bad": "low"}
    assert found.asked == len(found.trials) == 12
    first, later = tried(found, "bad").iloc[1:9], tried(found, "bad").iloc[9:]
    assert first.between(1, 2).all()
    assert later.iloc[0] == pytest.approx(0.8333), "the middle of what was added"
    assert later.between(2 / 3 - 1e-3, 2).all()
    assert tried(found, "epochs").max() == found.hyperparameters["epochs"] == 16
    assert found.facts["beyond"] == found.beyond


def test_no_search_goes_on_beyond_what_is_natural_or_refused(tune, learner):
    space = {"epochs": {"stop": 12, "natural": ["high"]}, "bad": {"low": 1.0, "high": 2.0}}
    space["bad"]["natural"] = ["low"]
    found = tune("Learner", {"peak": 24}, space, trials=9)
    assert (found.beyond, found.asked, found.facts["edges"]) == ({}, 9, {})


def test_no_search_goes_on_beyond_what_the_estimator_takes(tune):
    found = tune("RP3beta", {"neighbours": 50}, {"beta": {"low": 0.0, "high": 1e-9}}, trials=3)
    assert set(found.beyond.values()) <= {"high"}


def test_beyond_an_edge_a_search_that_was_cut_off_goes_on(tune, monkeypatch):
    space = {"neighbours": {"low": 1, "high": 3}, "q": {"low": 4.0, "high": 5.0}}
    whole = tune(space=space, trials=6)
    assert whole.beyond
    fitted = []

    def fit(self, train, fit=ItemKNN.fit):
        fitted.append(self.q)
        if len(fitted) == 8:
            raise KeyboardInterrupt
        return fit(self, train)

    monkeypatch.setattr(ItemKNN, "fit", fit)
    with pytest.raises(KeyboardInterrupt):
        tune(space=space, trials=6)
    resumed = tune(space=space, trials=6)
    pd.testing.assert_frame_equal(resumed.trials, whole.trials)
    assert resumed.facts == whole.facts


def test_a_range_of_a_ratio(tune):
    space = {
        "alpha": {"low": 1.0, "high": 100.0, "log": True},
        "regularization": {"low": 0.5, "high": 2.0, "log": True, "times": "alpha"},
    }
    fixed = {"factors": 2, "epochs": 1}
    found = tune("ALS", fixed, space, trials=12)
    ratio = tried(found, "regularization") / tried(found, "alpha")
    assert ratio.iloc[0] == 1.0  # the defaults
    assert ratio.iloc[1:12].between(0.5 / 1.001, 2 * 1.001).all()
    assert ratio.iloc[1:].nunique() > 5


def test_a_larger_space_gets_more_trials(tune):
    space = {"alpha": {"low": 0.0, "high": 2.0}, "beta": {"low": 0.0, "high": 2.0}}
    ends = {name: entry | {"natural": ["low", "high"]} for name, entry in space.items()}
    assert [tune("RP3beta", {}, ends, trials=3, most=most).asked for most in (0, 5, 9)] == [3, 5, 6]


class Ranker(Recommender):
    """Counts its fits; `sign` counts only when ranking."""

    ranking_only = ("sign",)
    fits = 0

    def __init__(self, neighbours: int = 5, sign: float = 0.0):
        self.neighbours, self.sign = neighbours, sign

    def _fit(self, binary, plays):
        type(self).fits += 1
        self.base_ = ItemKNN(neighbours=self.neighbours).fit(plays)

    def _scores(self, encoded, n_needed):
        return self.base_._scores(encoded, n_needed) * (1 - self.sign)


def test_what_counts_only_when_ranking_asks_for_no_new_fit(tune, monkeypatch):
    create_only(monkeypatch, Ranker)
    monkeypatch.setattr(Ranker, "fits", 0)
    found = tune("Ranker", {"neighbours": 5}, {"sign": {"low": 0.0, "high": 2.0}}, trials=8)
    assert Ranker.fits == 1
    assert found.hyperparameters["sign"] < 1  # the sign turns at 1: then the worst songs come first
    assert found.trials["value"].min() < found.trials["value"].max()


def test_what_is_known_is_taken_and_nothing_searched(tune):
    first = tune(trials=2)
    taken = tune(known={"hyperparameters": {"neighbours": 3}, "source": "a-record"})
    assert taken.hyperparameters == {"neighbours": 3}
    assert taken.untuned == first.untuned
    known = {"searched": [], "trials": 0, "asked": 0, "capped": False, "value": None, "source": "a-record"}
    assert taken.facts | known == taken.facts
    assert list(taken.trials) == list(first.trials)
    assert list(taken.cost(2)) == ["trial", "seconds", "threads"]


def test_the_record_of_a_search(tune, tmp_path):
    found = tune()
    tables = {"trials": found.trials, "cost": found.cost(2)}
    save_tables(tmp_path / "a", tables, {"estimator": "ItemKNN", **found.facts})
    read = read_table(tmp_path / "a" / "trials.csv")
    assert list(read.columns) == ["trial", "value", "state", "point"]
    assert read["point"].tolist() == found.trials["point"].tolist()
    assert len(read_table(tmp_path / "a" / "cost.csv")) == len(read)
    assert read_tuned(tmp_path / "a")["hyperparameters"] == found.hyperparameters
    members = with_members({"by": "rank"}, {"a": tmp_path / "a"})["members"]
    assert members == {"a": {"estimator": "ItemKNN", "hyperparameters": found.hyperparameters}}
    assert with_members({"by": "rank"}, {}) == {"by": "rank"}
