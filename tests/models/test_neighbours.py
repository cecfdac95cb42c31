"""ItemKNN and UserKNN against dense arithmetic, on logs full of ties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array
from small_logs import lists_by_sorting, neighbourhoods, random_plays

from songrec.errors import ConfigError
from songrec.models import ItemKNN, UserKNN
from songrec.models.weighting import K1, WEIGHTINGS, B, rarity

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
    lengths = np.maximum(np.linalg.norm(users, axis=1), 1e-9)
    cosine = users @ users.T / np.outer(lengths, lengths)
    model = UserKNN(30, weighting=weighting).fit(csr_array(plays))
    found = model.encode(csr_array(plays), np.full(30, -1)).toarray()
    assert found == pytest.approx(cosine, rel=1e-5, abs=1e-7)


def test_a_new_user_is_weighed_as_the_training_users_are():
    """By their plays; the songs' rarity and the usual number of plays are those of the training log."""
    plays, new = random_plays().toarray(), random_plays(seed=1, users=9).toarray().astype(float)
    idf, length = rarity(csr_array(plays)), plays.sum(axis=1).mean()
    discount = K1 * (1 - B + B * new.sum(axis=1, keepdims=True) / length)
    by_formula = {
        "log_plays": np.log2(1 + new),
        "tf_idf": np.log2(1 + new) * idf,
        "bm25": new * (K1 + 1) / (new + discount) * idf,
    }
    for weighting, asking in by_formula.items():
        users = WEIGHTINGS[weighting](csr_array(plays)).toarray().astype(float)
        lengths = [np.maximum(np.linalg.norm(side, axis=1), 1e-9) for side in (asking, users)]
        expected = asking @ users.T / (np.outer(*lengths) + 2)
        model = UserKNN(60, weighting=weighting, shrink=2.0).fit(csr_array(plays))
        found = model.encode(csr_array(new), np.full(9, -1)).toarray()
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_the_plays_of_a_fold_in_weigh_as_in_the_similarities():
    plays, new = random_plays().toarray(), random_plays(seed=1, users=9).toarray().astype(float)
    lengths = plays.sum(axis=0)
    discount = K1 * (1 - B + B * lengths / lengths.mean())
    weights = {
        "binary": new > 0,
        "log_plays": np.log2(1 + new),
        "tf_idf": np.log2(1 + new),
        "bm25": new * (K1 + 1) / (new + discount),
    }
    for weighting, expected in weights.items():
        model = ItemKNN(8, weighting=weighting).fit(csr_array(plays))
        scores = expected @ model.similarity_.toarray().astype(float)
        equal_but_rounded(model.recommend(csr_array(new), 40), lists(scores, new > 0, 40))


def equal_but_rounded(found, expected):
    assert (found[0] == expected[0]).all()
    assert found[1] == pytest.approx(expected[1], rel=1e-5)


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
def test_neighbourhoods(name, reverse, normalize):
    log = np.random.default_rng(1).random((30, 20)) < 0.3
    kind = {"reverse": reverse, "normalize": normalize, **SETTINGS}
    sizes, common = np.maximum(log.sum(axis=0), 1), log.T.astype(float) @ log
    w = BY_NAME[name](common, sizes[None, :], sizes[:, None]).astype(np.float32)  # [heard, listed]
    np.fill_diagonal(w, 0)
    expected = neighbourhoods(w, 6, reverse, normalize, q=2.0)
    model = ItemKNN(6, name, **kind).fit(csr_array(log))
    assert model.similarity_.toarray() == pytest.approx(expected, rel=1e-5)
    sizes, common = log.sum(axis=1), log.astype(float) @ log.T
    w = BY_NAME[name](common, sizes[:, None], sizes[None, :]).astype(np.float32)  # [asking, neighbour]
    np.fill_diagonal(w, 0)
    if reverse:  # who ties with the K-th has u among theirs as well
        last = -np.sort(-w, axis=0)[5]
        expected = np.where(w >= last, w.astype(float) ** 2, 0)
        expected /= neighbourhoods(w, 6, True, False, q=2.0).sum(axis=0) if normalize else 1
    else:
        expected = neighbourhoods(w, 6, False, normalize, q=2.0)
    model = UserKNN(6, name, **kind).fit(csr_array(log))
    found = model.encode(csr_array(log, dtype=np.float32), np.arange(30)).toarray()
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_new_user_turned_round():
    """Who is as near to v as the K-th of v's neighbours has a say from v; known or new, by the same rule."""
    train, new = random_plays().toarray() > 0, random_plays(seed=1, users=9).toarray() > 0
    among = cosines(train, train)
    np.fill_diagonal(among, 0)
    last = -np.sort(-among, axis=1)[:, 3]
    w = cosines(new, train)
    model = UserKNN(4, reverse=True).fit(csr_array(train))
    assert (model.encode(csr_array(new), np.full(9, -1)).toarray() == np.where(w >= last, w, 0)).all()
    scores = np.where(w >= last, w, 0).astype(float) @ train
    equal(model.recommend(csr_array(new), 10), lists(scores, new, 10))


@pytest.mark.parametrize("model", [ItemKNN, UserKNN])
def test_what_compares_sets_takes_no_weights(model):
    with pytest.raises(ConfigError, match="jaccard compares sets"):
        model(similarity="jaccard", weighting="bm25").fit(csr_array(np.eye(3)))
