"""FsSLIM against NumPy's least squares, song by song, and against EASE."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from small_logs import steep_log

from songrec.errors import DataError
from songrec.models import EASE, FsSLIM, fs_slim, fs_slim_kernel
from songrec.similarity import groups


@pytest.mark.parametrize("neighbours", [1, 5, 100])
@pytest.mark.parametrize(("l2", "alpha"), [(1, 0.0), (40.0, 0.0), (2.0, 0.75)])
@pytest.mark.parametrize("cells", [1, 50, 10**6])
def test_each_column_is_the_ridge_regression_of_a_song_on_its_neighbours(
    neighbours, l2, alpha, cells, monkeypatch
):
    monkeypatch.setattr(groups, "CELLS", cells)  # a block for each song, several, one
    heard = steep_log()
    near = fs_slim.related(csr_array(heard.T), neighbours, 2).toarray() > 0
    assert near.sum(axis=1).max() < 100  # so that 100 neighbours are more than there are
    weights = FsSLIM(neighbours, l2, alpha).fit(csr_array(heard)).weights_
    assert weights.dtype == np.float32
    assert weights.has_sorted_indices
    dense = weights.toarray()
    assert (dense[~near.T] == 0).all()
    for song in range(40):
        others = np.flatnonzero(near[song])
        penalty = l2 * heard[:, others].sum(axis=0) ** alpha
        inputs = np.vstack([heard[:, others], np.diag(np.sqrt(penalty))])
        solution = np.linalg.lstsq(inputs, np.append(heard[:, song], np.zeros(len(others))))[0]
        assert dense[others, song] == pytest.approx(solution, abs=1e-6)


@pytest.mark.parametrize("spread", [1, 2, 4])
def test_neighbours_are_the_most_related_songs(spread):
    heard = steep_log()
    listeners = np.maximum(heard.sum(axis=0), 1)
    strength = heard.T @ heard / np.outer(listeners, listeners) ** 0.375
    np.fill_diagonal(strength, 0)
    allowed = strength >= np.sort(strength, axis=1)[:, [-5 * spread]]
    kept = fs_slim.related(csr_array(heard.T), 5, spread).toarray()
    assert kept == pytest.approx(np.where(kept > 0, strength, 0), rel=1e-6)
    assert kept.sum(axis=1).max() > 0
    sizes = (kept > 0).sum(axis=1)
    assert sizes.max() <= 5 * spread
    assert sizes.max() == 5 or spread > 1
    left_out = strength[allowed & (kept == 0) & (strength > 0)]
    assert spread == 1 or left_out.max() <= kept[kept > 0].min() * (1 + 1e-6)
    assert abs(sizes.sum() - 5 * 40) < 20


def test_a_song_without_listeners_says_nothing_and_nothing_is_said_of_it():
    heard = steep_log()
    assert not heard[:, -1].any()
    weights = FsSLIM(100, 1.0).fit(csr_array(heard)).weights_
    assert weights[:, [-1]].nnz == weights[[-1]].nnz == 0
    assert weights.nnz


def test_threads_and_blocks_change_no_bit(monkeypatch):
    heard = csr_array(steep_log(users=2000, songs=300), dtype=np.float32)
    near, penalty = fs_slim.related(heard.T.tocsr(), 30, 2), np.linspace(3.0, 7.0, 300)
    one = fs_slim_kernel.regressions(heard, near, penalty, 1)
    monkeypatch.setattr(groups, "CELLS", 5000)
    two = fs_slim_kernel.regressions(heard, near, penalty, 2)
    for part in ("data", "indices", "indptr"):
        assert getattr(one, part).tobytes() == getattr(two, part).tobytes()


def test_songs_that_cannot_be_told_apart_are_refused():
    twins = csr_array(np.ones((4, 3)))
    with pytest.raises(DataError, match="cannot be told apart with l2 1e-300: raise it"):
        FsSLIM(2, 1e-300, alpha=0.0).fit(twins)
    assert FsSLIM(2, 2.0, alpha=0.0).fit(twins).weights_.data == pytest.approx(0.4)  # 4 / (4 + 4 + 2)


def test_with_all_other_songs_as_neighbours_it_is_ease():
    heard = steep_log(songs=12, most=0.9)[:, :8]
    assert (heard.T @ heard > 0).all()  # every pair has a listener in common, so every song is a neighbour
    train = csr_array(heard)
    dense, sparse = EASE(20.0).fit(train), FsSLIM(7, 20.0, alpha=0.0).fit(train)
    assert np.abs(sparse.weights_.toarray() - dense.weights_).max() < 1e-6
    assert (sparse.recommend(train, 5)[0] == dense.recommend(train, 5)[0]).mean() > 0.99


def test_only_positive_scores_are_listed():
    heard = steep_log()
    model = FsSLIM(30, 1.0).fit(csr_array(heard))
    weights = model.weights_.toarray().astype(np.float64)
    assert weights.min() < 0
    scores = heard @ weights
    songs, values = model.recommend(csr_array(heard), 40)
    for user, (row, value) in enumerate(zip(songs, values, strict=True)):
        row, value = row[row >= 0], value[row >= 0]
        assert set(row) == set(np.flatnonzero((heard[user] == 0) & (scores[user].astype(np.float32) > 0)))
        assert value == pytest.approx(scores[user, row], abs=1e-6)
    assert (scores[heard == 0] < 0).any()
