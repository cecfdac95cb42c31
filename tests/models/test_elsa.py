"""ELSA's steps against dense matrices, and what its vectors give."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from small_logs import lists_by_sorting, random_plays

from songrec.models import ELSA
from songrec.models.dense import unit_rows
from songrec.models.elsa import loss_and_slope


def dense_loss(heard, unit):
    """The paper's objective with all matrices spelt out."""
    predicted = heard @ (unit @ unit.T - np.eye(len(unit)))
    rows = [matrix / np.linalg.norm(matrix, axis=1)[:, None] for matrix in (heard, predicted)]
    return ((rows[0] - rows[1]) ** 2).sum(axis=1).mean()


def some_batch():
    heard = (random_plays(users=12, songs=9, density=0.4).toarray() > 0).astype(np.float64)
    return heard[heard.any(axis=1)], unit_rows(np.random.default_rng(0).standard_normal((9, 4)))[0]


def test_loss_and_slope_are_those_of_dense_matrices():
    heard, unit = some_batch()
    loss, slope = loss_and_slope(csr_array(heard), unit)
    assert loss == pytest.approx(dense_loss(heard, unit), rel=1e-12)
    for place in np.ndindex(*unit.shape):
        change = np.zeros(unit.shape)
        change[place] = 1e-6
        expected = (dense_loss(heard, unit + change) - dense_loss(heard, unit - change)) / 2e-6
        assert slope[place] == pytest.approx(expected, abs=1e-7)


def test_it_comes_nearer_to_the_log():
    train = random_plays(users=80, songs=30) > 0
    heard = csr_array(train, dtype=np.float64)
    heard = heard[np.diff(heard.indptr) > 0]
    model = ELSA(factors=8, epochs=30, batch_size=20)
    losses = [
        loss_and_slope(heard, model.song_factors_.astype(np.float64))[0] for _ in model.fit_epochs(train)
    ]
    assert losses[-1] < 0.8 * losses[0]


def test_lists_come_from_the_sum_of_unit_vectors():
    train = random_plays()
    model = ELSA(factors=5).fit(train)
    heard, factors = train.toarray() > 0, model.song_factors_.astype(np.float64)
    assert np.linalg.norm(factors, axis=1) == pytest.approx(1, abs=1e-6)
    expected = lists_by_sorting(np.where(heard, -np.inf, heard @ factors @ factors.T), 5)
    songs, scores = model.recommend(train, 5)
    assert (songs == expected[0]).all()
    assert scores == pytest.approx(expected[1], abs=1e-6)
