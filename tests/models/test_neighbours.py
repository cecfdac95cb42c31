"""ItemKNN and UserKNN against dense arithmetic, on logs full of ties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array
from small_logs import lists_by_sorting

from songrec.errors import ConfigError
from songrec.models import ItemKNN, UserKNN
from songrec.models.weighting import WEIGHTINGS, of_one_play

logs = arrays(bool, st.tuples(st.integers(1, 10), st.integers(1, 10))).filter(np.any)


def cosines(queries, items):
    """Dense float32 cosines of binary rows; equal ratios of counts give equal numbers."""
    common = queries.astype(int) @ items.astype(int).T
    sizes = np.maximum(queries.sum(axis=1)[:, None] * items.sum(axis=1), 1)
    return np.sqrt(common**2 / sizes).astype(np.float32)


def nearest(similarity, k):
    """Only the k highest of each row, ties to the lower column; the rest is zero."""
    kept = np.zeros_like(similarity)
    for row, line in enumerate(similarity):
        first = np.argsort(-line, kind="stable")[:k]
        kept[row, first] = line[first]
    return kept


def lists(scores, heard, k):
    candidates = ~heard & (scores > 0)
    return lists_by_sorting(np.where(candidates, scores, -np.inf).astype(np.float32), k)


def equal(found, expected):
    songs, scores = found
    width = expected[0].shape[1]
    assert (songs[:, :width] == expected[0]).all()
    assert (scores[:, :width] == expected[1].astype(np.float32)).all()
    assert (songs[:, width:] == -1).all()


@settings(max_examples=150, deadline=None)
@given(train=logs, neighbours=st.integers(1, 11), k=st.integers(1, 12), data=st.data())
def test_item_knn(train, neighbours, k, data):
    fold_in = data.draw(arrays(bool, st.tuples(st.integers(1, 4), st.just(train.shape[1]))))
    similarity = cosines(train.T, train.T)
    np.fill_diagonal(similarity, 0)
    similarity = nearest(similarity, neighbours)
    model = ItemKNN(neighbours).fit(csr_array(train))
    assert (model.similarity_.toarray() == similarity).all()
    scores = fold_in.astype(float) @ similarity.astype(float)
    equal(model.recommend(csr_array(fold_in), k), lists(scores, fold_in, k))
    everything = lists(similarity, np.zeros_like(similarity, bool), k)
    equal(model.similar_songs(np.arange(train.shape[1]), k), everything)


@settings(max_examples=150, deadline=None)
@given(train=logs, neighbours=st.integers(1, 11), k=st.integers(1, 12), data=st.data())
def test_user_knn(train, neighbours, k, data):
    fold_in = data.draw(arrays(bool, st.tuples(st.integers(1, 4), st.just(train.shape[1]))))
    users = data.draw(arrays(np.int64, len(fold_in), elements=st.integers(-1, len(train) - 1)))
    similarity = cosines(fold_in, train)
    similarity[np.flatnonzero(users >= 0), users[users >= 0]] = 0
    scores = nearest(similarity, neighbours).astype(float) @ train.astype(float)
    model = UserKNN(neighbours).fit(csr_array(train))
    equal(model.recommend(csr_array(fold_in), k, users=users), lists(scores, fold_in, k))


def test_a_training_user_is_never_its_own_neighbour():
    """Users 0 and 1 share one song. Were 0 its own neighbour, K = 1 would leave no room for user 1."""
    train = csr_array(np.array([[1, 1, 0], [0, 1, 1]]))
    model = UserKNN(neighbours=1).fit(train)
    assert model.recommend(train[[0]], 2, users=np.array([0]))[0].tolist() == [[2, -1]]
    assert model.recommend(train[[0]], 2)[0].tolist() == [[-1, -1]]


def test_user_knn_makes_no_matrix_of_users_by_users():
    """6,000 users: a dense square would take 144 MB; asking about ten of them takes a small part of that."""
    import tracemalloc

    random = np.random.default_rng(0)
    pairs = (np.ones(60_000), (random.integers(0, 6_000, 60_000), random.integers(0, 500, 60_000)))
    train = csr_array(pairs, shape=(6_000, 500))
    model = UserKNN(20).fit(train)
    model.recommend(csr_array(train[:1]), 10)  # compiled
    tracemalloc.start()
    model.recommend(csr_array(train[:10]), 10, users=np.arange(10))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6


BY_NAME = {  # of song i that may be listed, or user u asking, with a; of the other with b
    "cosine": lambda c, a, b: c / (np.sqrt(a * b) + 2),
    "asymmetric": lambda c, a, b: c / (a**0.3 * b**0.7 + 2),
    "tversky": lambda c, a, b: c / (c + 0.3 * (a - c) + 1.5 * (b - c) + 2),
    "jaccard": lambda c, a, b: c / (a + b - c + 2),
}
SETTINGS = {"alpha": 0.3, "beta": 1.5, "shrink": 2.0, "q": 2.0}


@pytest.mark.parametrize("name", BY_NAME)
def test_similarities_and_q(name):
    log = np.random.default_rng(1).random((30, 20)) < 0.3
    sizes, common = np.maximum(log.sum(axis=0), 1), log.T.astype(float) @ log
    w = BY_NAME[name](common, sizes[None, :], sizes[:, None])  # [heard, listed]
    np.fill_diagonal(w, 0)
    model = ItemKNN(20, name, **SETTINGS).fit(csr_array(log))
    assert model.similarity_.toarray() == pytest.approx(w**2, rel=1e-5)
    sizes, common = log.sum(axis=1), log.astype(float) @ log.T
    w = BY_NAME[name](common, sizes[:, None], sizes[None, :])  # [asking, neighbour]
    np.fill_diagonal(w, 0)
    model = UserKNN(30, name, **SETTINGS).fit(csr_array(log))
    found = model._encode_users(csr_array(log, dtype=np.float32), np.arange(30))
    assert found.toarray() == pytest.approx(w**2, rel=1e-5)


@pytest.mark.parametrize("weighting", ["log_plays", "tf_idf", "bm25"])
def test_weighted_cosines(weighting):
    random = np.random.default_rng(2)
    plays = random.integers(1, 20, (30, 20)) * (random.random((30, 20)) < 0.3)
    songs = WEIGHTINGS[weighting](csr_array(plays.T)).toarray().astype(float)
    unit = songs / np.maximum(np.linalg.norm(songs, axis=1, keepdims=True), 1e-9)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, 0)
    found = ItemKNN(20, weighting=weighting).fit(csr_array(plays)).similarity_.toarray()
    assert found == pytest.approx(cosine, rel=1e-5, abs=1e-7)
    users = WEIGHTINGS[weighting](csr_array(plays)).toarray().astype(float)
    asking = (plays > 0) * of_one_play(weighting, csr_array(plays))
    lengths = [np.maximum(np.linalg.norm(side, axis=1), 1e-9) for side in (asking, users)]
    cosine = asking @ users.T / np.outer(*lengths)
    model = UserKNN(30, weighting=weighting).fit(csr_array(plays))
    found = model._encode_users(csr_array(plays > 0, dtype=np.float32), np.full(30, -1)).toarray()
    assert found == pytest.approx(cosine, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("model", [ItemKNN, UserKNN])
def test_what_compares_sets_takes_no_weights(model):
    with pytest.raises(ConfigError, match="jaccard compares sets"):
        model(similarity="jaccard", weighting="bm25").fit(csr_array(np.eye(3)))
