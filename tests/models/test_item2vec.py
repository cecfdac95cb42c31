"""Item2vec's steps against the paper's, spelt out, and its user vectors."""

import numpy as np
import pytest
from small_logs import lists_by_sorting, random_plays

from songrec.models import Item2Vec
from songrec.models.bpr_kernel import draw
from songrec.models.item2vec_kernel import WHOLE, epoch


def test_an_epoch_takes_the_steps_of_the_paper():
    train = random_plays(users=15, songs=12, density=0.3)
    random = np.random.default_rng(0)
    heard, found = (random.standard_normal((12, 4)).astype(np.float32) for _ in range(2))
    shares = np.floor(np.cumsum(np.arange(1, 13)) / 78 * WHOLE).astype(np.int64)
    rows = np.repeat(np.arange(15), np.diff(train.indptr))
    x, y, state = heard.astype(np.float64), found.astype(np.float64), np.array([5], np.uint64)
    for _ in range(train.nnz):
        entry = draw(state, train.nnz)
        history = train.indices[train.indptr[rows[entry]] : train.indptr[rows[entry] + 1]]
        song = train.indices[entry]
        others = history[history != song]
        if not len(others):
            continue
        context = others[draw(state, len(others))]
        drawn = [np.searchsorted(shares, draw(state, WHOLE), side="right") for _ in range(3)]
        before, change = x[song].copy(), 0
        for target, wanted in [(context, 1), *((other, 0) for other in drawn if other != context)]:
            step = 0.1 * (wanted - 1 / (1 + np.exp(-before @ y[target])))
            change = change + step * y[target]
            y[target] += step * before
        x[song] += change
    state = np.array([5], np.uint64)
    epoch(train.indptr, train.indices, rows, shares, 3, heard, found, np.float32(0.1), state)
    assert heard == pytest.approx(x, abs=1e-5)
    assert found == pytest.approx(y, abs=1e-5)


@pytest.mark.parametrize("power", [-0.5, 0.0, 1.0])
def test_negatives_are_drawn_by_the_power_of_their_listeners(power, monkeypatch):
    train, seen = random_plays(), []
    monkeypatch.setattr("songrec.models.item2vec_kernel.epoch", lambda *given: seen.append(given[3]))
    Item2Vec(power=power, epochs=1).fit(train)
    expected = (train.toarray() > 0).sum(axis=0) ** power
    assert np.diff(seen[0], prepend=0) / WHOLE == pytest.approx(expected / expected.sum(), abs=1e-8)


def test_a_user_is_the_mean_of_the_songs():
    train = random_plays()
    model = Item2Vec(factors=5, epochs=10).fit(train)
    heard = train.toarray() > 0
    mean = heard @ model.heard_.astype(np.float64) / heard.sum(axis=1, keepdims=True)
    expected = lists_by_sorting(np.where(heard, -np.inf, mean @ model.song_factors_.T), 5)
    songs, scores = model.recommend(train, 5)
    assert (songs == expected[0]).all()
    assert scores == pytest.approx(expected[1], rel=1e-5)
