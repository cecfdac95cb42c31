"""What a split holds, counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from songrec.data import Interactions
from songrec.splits import temporal, weak
from songrec.studies import distributions
from songrec.studies import split as study

ASKED = {"test": 0.2, "validation": 0.1, "holdout": 0.2}


@pytest.fixture
def log():
    users = np.repeat([f"u{code}" for code in range(4)], [10, 10, 5, 3])
    songs = [f"s{code}" for n in (10, 10, 5, 3) for code in range(n)]
    return Interactions.from_triplets(users, songs, np.ones(28, int))


@pytest.fixture
def split(log):
    return weak(log, test=0.2, validation=0.1)


def test_every_interaction_is_counted_once(split, log):
    facts = study.facts(split, log, ASKED)
    assert facts["train"] + facts["validation"]["holdout"] + facts["test"]["holdout"] == 28
    assert facts["test"] == {"users": 3, "fold_in": 20, "holdout": 5}
    assert (facts["users"], facts["songs"], facts["fingerprint"]) == (4, 10, log.fingerprint())
    assert facts["parameters"] == {"test": 0.2, "validation": 0.1}
    assert "cut_offs" not in facts


def test_songs_that_cannot_be_found_are_counted():
    log = Interactions.from_triplets(["u"] * 5 + ["v"] * 5, list("abcde") + list("fghij"), np.ones(10, int))
    split = weak(log)  # everybody listens to songs of their own
    assert study.facts(split, log, ASKED)["test_unseen"] == split.test.holdout.nnz == 2


def test_cut_offs_are_named_where_the_log_was_divided_at_a_time(log):
    days = 86_400 * (9 * np.arange(28) % 28)
    log = replace(log, first=days, last=days)
    asked = ASKED | {"validation": 0.25, "until": "1970-01-24"}  # 24 of 28 pairs; the last 7 validate
    facts = study.facts(temporal(log, validation=0.25, until="1970-01-24"), log, asked)
    assert facts["cut_offs"] == {"validation": "1970-01-17 00:00:00", "test": "1970-01-24 23:59:59"}
    assert (facts["fewest"], facts["parameters"]) == (5, {"validation": 0.25, "until": "1970-01-24"})
    facts = study.facts(temporal(log), log, ASKED | {"until": ""})
    assert "cut_offs" not in facts
    assert facts["parameters"] == {"test": 0.2, "validation": 0.1}


def test_parts_and_sizes(split):
    table = study.parts(split).set_index("part")
    assert table["users"].tolist() == [4, 2, 3]
    assert table.loc["test", "held_out"] == 5
    assert (study.sizes(split).groupby("part")["share_at_least"].max() == 1).all()
    assert study.size_quantiles(split).set_index("of")["max"].to_dict() == {"fold_in": 8, "holdout": 2}


def test_survival_is_the_share_of_entries_at_or_above():
    counts = np.random.default_rng(0).integers(1, 30, 500)
    table = distributions.survival(counts)
    for value, share in table.itertuples(index=False):
        assert share == pytest.approx(sum(c >= value for c in counts) / 500, abs=1e-12)
    assert set(table["value"]) == set(counts)


def test_quantiles_are_values_that_occur():
    row = distributions.quantiles({"x": np.array([1, 2, 2, 3, 100])}).iloc[0]
    assert row.tolist() == ["x", 1, 2, 21.6, 100, 100, 100]
