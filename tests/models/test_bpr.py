"""BPR against the library's own, and its fold-in against what it is meant to come near."""

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix
from small_logs import lists_by_sorting

from songrec.models import BPR


def two_tastes(seed=0, users=120, songs=40):
    """Users hear two in five songs of their half of the catalogue and few of the other half."""
    random = np.random.default_rng(seed)
    half = (np.arange(users)[:, None] + np.arange(songs)) % 2 == 0
    return csr_array((random.random((users, songs)) < np.where(half, 0.4, 0.03)).astype(np.int32))


def of_the_library(train, epochs, factors=6):
    """The library's model, an epoch a call as ours goes."""
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    random = np.random.default_rng(0)
    theirs = BayesianPersonalizedRanking(factors, 0.1, 0.01, iterations=1, num_threads=1, random_state=random)
    for _ in range(epochs):
        theirs.fit(csr_matrix(train).astype(np.float32), show_progress=False)
    return theirs


def test_song_vectors_and_their_order_are_the_librarys():
    train = two_tastes()
    theirs = of_the_library(train, epochs=30)
    model = BPR(factors=6, epochs=30).fit(train)
    assert (model.song_factors_ == theirs.item_factors).all()
    ours, _ = model.recommend(train, 10)
    expected, _ = theirs.recommend(np.arange(120), csr_matrix(train), N=10)
    common = [len(set(a) & set(b)) for a, b in zip(ours, expected, strict=True)]
    assert np.mean(common) > 8, "folded in, users get nearly the lists of the vectors learnt for them"


def test_the_fold_in_is_the_stated_formula():
    train = two_tastes()
    model, theirs = BPR(factors=6, epochs=10).fit(train), of_the_library(train, epochs=10)
    songs, bias = theirs.item_factors[:, :-1].astype(np.float64), theirs.item_factors[:, -1]
    heard = train.toarray().astype(np.float64)
    mean = (heard.sum(axis=0) @ songs) / heard.sum()
    sums = np.array([(songs[row > 0] - mean).sum(axis=0) / np.sqrt(row.sum()) for row in heard])
    ridge = 1e-3 * np.mean(np.diag(sums.T @ sums))
    matrix = np.linalg.solve(sums.T @ sums + ridge * np.eye(6), sums.T @ theirs.user_factors[:, :-1])
    expected = np.where(heard > 0, -np.inf, sums @ matrix @ songs.T + bias)
    found, scores = model.recommend(train, 5)
    expected = lists_by_sorting(expected, 5)
    assert (found == expected[0]).all()
    assert scores == pytest.approx(expected[1], rel=1e-5, abs=1e-6)


def test_it_learns_to_tell_heard_from_not():
    """The share of (heard, other) pairs in the right order grows, from a coin's to nearly all."""
    train = two_tastes()
    heard = train.toarray() > 0
    model, areas = BPR(factors=6, epochs=60), []
    for _ in model.fit_epochs(train):
        scores = model._scores(model._encode_users(train, None), 40)
        pairs = [
            (s[h][:, None] > s[~h]).mean() for s, h in zip(scores, heard, strict=True) if 0 < h.sum() < 40
        ]
        areas.append(np.mean(pairs))
    assert areas[0] < 0.75
    assert areas[-1] > 0.85
