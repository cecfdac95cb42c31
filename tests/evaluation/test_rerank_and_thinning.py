"""Re-ranking against plain Python, the rule that chooses lambda, and the thinned log."""

from itertools import pairwise

import brute_force
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.evaluation import intra_list_diversity
from songrec.evaluation.rerank import by_lambda, choose, mmr
from songrec.evaluation.thinning import lists_when_thinned, thinned
from songrec.lists import TopN
from songrec.splits import HeldOut


def some_lists(rng, n_users=250, n=8, n_songs=25):
    """Lists of all lengths, the empty one among them; more users than one block holds."""
    songs = np.argsort(rng.random((n_users, n_songs)), axis=1)[:, :n]
    scores = -np.sort(-rng.random((n_users, n)).round(1), axis=1)
    empty = np.arange(n) >= (np.arange(n_users) % (n + 1))[:, None]
    return TopN(np.arange(n_users), np.where(empty, -1, songs), np.where(empty, -np.inf, scores))


def test_mmr_agrees_with_plain_python():
    rng = np.random.default_rng(1)
    lists = some_lists(rng)
    train = csr_array((rng.random((30, 25)) < 0.25).astype(int))
    dense = train.toarray().tolist()
    lambdas = [0.0, 0.3, 0.7, 1.0]
    found = mmr(lists, train, lambdas, 5)
    for value in lambdas:
        expected = [
            brute_force.mmr(songs, scores, dense, value, 5)
            for songs, scores in zip(lists.songs.tolist(), lists.scores.tolist(), strict=True)
        ]
        assert found[value].tolist() == expected


def test_lambda_0_changes_nothing_and_more_of_it_varies_more():
    rng = np.random.default_rng(2)
    lists = some_lists(rng, 100, 20, 60)
    train = csr_array((rng.random((80, 60)) < 0.2).astype(int))
    found = mmr(lists, train, [0.0, 0.5, 1.0], 6)
    assert found[0.0].tolist() == lists.songs[:, :6].tolist()
    means = [intra_list_diversity(songs, train, [6]).mean() for songs in found.values()]
    assert means == sorted(means)
    assert means[0] < means[2]
    with pytest.raises(ConfigError, match="between 0 and 1"):
        mmr(lists, train, [1.5], 6)
    long = mmr(lists, train, [0.5], 30)[0.5]
    assert long.shape == (100, 30)
    assert [set(a) - {-1} for a in long.tolist()] == [set(a) - {-1} for a in lists.songs.tolist()]


def test_the_rule_takes_the_most_varied_that_costs_little_enough():
    def tried(**by):
        return {
            float(name.replace("_", ".")): pd.DataFrame(
                {"average_precision@5": [a, a], "diversity@5": [d, d]}
            )
            for name, (a, d) in by.items()
        }

    values = tried(**{"0": (1.0, 0.1), "0_2": (0.96, 0.3), "0_4": (0.95, 0.4), "0_6": (0.9, 0.9)})
    assert choose(values, 5, 0.05) == 0.4
    assert choose(values, 5, 0.0) == 0.0
    assert choose(values, 5, 0.5) == 0.6
    with pytest.raises(ConfigError, match="lambda 0"):
        choose(tried(**{"0_2": (1, 1)}), 5, 0.05)


def test_what_reranked_lists_are_worth():
    holdout, train = csr_array([[1, 0, 1, 0]]), csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]])
    values, coverage = by_lambda({0.0: np.array([[0, 1]]), 0.5: np.array([[0, 2]])}, [7], holdout, train, 2)
    assert values[0.0].index.tolist() == [7]
    assert values[0.5].loc[7, "average_precision@2"] == 1
    assert values[0.5].loc[7, "diversity@2"] > values[0.0].loc[7, "diversity@2"] == pytest.approx(0)
    assert coverage == {0.0: 0.5, 0.5: 0.5}


def test_smaller_shares_are_part_of_larger_ones():
    rng = np.random.default_rng(5)
    train = csr_array(rng.integers(0, 3, (300, 100)))
    parts = [thinned(train, share, 1) for share in (0.1, 0.5, 1.0)]
    for less, more in pairwise(parts):
        assert ((less.toarray() > 0) <= (more.toarray() > 0)).all()
    assert (parts[2] != train).nnz == 0
    assert (parts[1] != parts[1].multiply(train > 0)).nnz == 0
    share = parts[0].nnz / train.nnz
    assert abs(share - 0.1) < 4 * (0.09 / train.nnz) ** 0.5
    assert (thinned(train, 0.5, 2) != parts[1]).nnz > 0
    with pytest.raises(ConfigError, match="above 0"):
        thinned(train, 0.0)


def test_thinned_models_answer_the_same_question():
    rng = np.random.default_rng(6)
    train = csr_array((rng.random((60, 30)) < 0.3).astype(np.int32))
    fold_in = csr_array(np.eye(4, 30, dtype=np.int32))
    held = HeldOut(np.arange(4, dtype=np.int32), fold_in, csr_array(np.eye(4, 30, k=5, dtype=np.int32)))
    models = {"charts": {"estimator": "Popularity", "hyperparameters": {"by": "listeners"}}}
    found = lists_when_thinned(models, train, held, [1.0, 0.3], 5)["charts"]
    assert list(found) == [1.0, 0.3]
    for share, songs in found.items():
        listeners = thinned(train, share).toarray().astype(bool).sum(axis=0)
        order = [song for song in np.argsort(-listeners, kind="stable") if song != 0]
        assert songs[0].tolist() == order[:5]
        assert all(user not in songs[user] for user in range(4)), "known songs stay known"
