"""FsSLIM against NumPy's least squares, song by song, and against EASE."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from small_logs import steep_log

from songrec.models import EASE, FsSLIM, fs_slim
from songrec.similarity import neighbours as nearest_rows


@pytest.mark.parametrize("neighbours", [1, 5, 100])
@pytest.mark.parametrize("l2", [1, 40.0])
def test_each_column_is_the_ridge_regression_of_a_song_on_its_neighbours(neighbours, l2, monkeypatch):
    monkeypatch.setattr(fs_slim, "CELLS", 15**2)  # several blocks
    heard = steep_log()
    near = nearest_rows(csr_array(heard.T), neighbours).toarray() > 0
    weights = FsSLIM(neighbours, l2).fit(csr_array(heard)).weights_
    assert weights.dtype == np.float32
    dense = weights.toarray()
    assert (dense[~near.T] == 0).all()
    for song in range(40):
        others = np.flatnonzero(near[song])
        inputs = np.vstack([heard[:, others], np.sqrt(l2) * np.eye(len(others))])
        solution = np.linalg.lstsq(inputs, np.append(heard[:, song], np.zeros(len(others))))[0]
        assert dense[others, song] == pytest.approx(solution, abs=1e-6)


def test_with_all_other_songs_as_neighbours_it_is_ease():
    heard = steep_log(songs=12, most=0.9)[:, :8]
    assert (heard.T @ heard > 0).all()  # every pair has a listener in common, so every song is a neighbour
    train = csr_array(heard)
    dense, sparse = EASE(20.0).fit(train), FsSLIM(7, 20.0).fit(train)
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
