"""BPR's triples and steps against the paper, and its fold-in against what it is meant to come near."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from small_logs import lists_by_sorting

from songrec.models import BPR
from songrec.models.bpr_kernel import epoch, triple


def two_tastes(seed=0, users=120, songs=40):
    """Users hear two in five songs of their half of the catalogue and few of the other half."""
    random = np.random.default_rng(seed)
    half = (np.arange(users)[:, None] + np.arange(songs)) % 2 == 0
    return csr_array((random.random((users, songs)) < np.where(half, 0.4, 0.03)).astype(np.int32))


def codes(train, negatives):
    """The codes that other songs are drawn from."""
    return train.indices if negatives == "popularity" else np.arange(train.shape[1], dtype=np.int32)


def triples(train, negatives, seed=0, n=40_000):
    """User, song and other song of each triple drawn; the other is -1 where it was heard."""
    rows = np.repeat(np.arange(train.shape[0]), np.diff(train.indptr))
    state = np.array([seed], np.uint64)
    arguments = train.indptr, train.indices, rows, codes(train, negatives), state
    return np.array([triple(*arguments) for _ in range(n)])


@pytest.mark.parametrize("negatives", ["popularity", "uniform"])
def test_songs_not_heard_are_drawn_as_stated(negatives):
    train = two_tastes(users=15, songs=12)
    heard = train.toarray() > 0
    found = triples(train, negatives)
    assert heard[found[:, 0], found[:, 1]].all()
    found = found[found[:, 2] >= 0]
    assert not heard[found[:, 0], found[:, 2]].any()
    weights = heard.sum(axis=0) if negatives == "popularity" else np.ones(12)
    expected = heard[:, :, None] * ~heard[:, None, :] * weights  # of each triple, up to a factor
    share = np.zeros(expected.shape)
    np.add.at(share, tuple(found.T), 1 / len(found))
    expected = expected / expected.sum()
    deviation = (share - expected)[expected > 0] / np.sqrt(expected[expected > 0] / len(found))
    assert (share[expected == 0] == 0).all()
    assert np.abs(deviation).max() < 5, "in standard errors"
    assert (deviation**2).mean() == pytest.approx(1, abs=0.25)


def test_another_seed_draws_other_triples():
    train = two_tastes()
    one, again, other = (triples(train, "popularity", seed, n=500) for seed in (0, 0, 1))
    assert (one == again).all()
    assert (one == other).all(axis=1).mean() < 0.05


@pytest.mark.parametrize("negatives", ["popularity", "uniform"])
def test_an_epoch_takes_the_gradient_steps_of_the_paper(negatives):
    train = two_tastes(users=15, songs=12)
    random = np.random.default_rng(0)
    users, songs = (random.standard_normal((n, 4)).astype(np.float32) for n in train.shape)
    users[:, -1] = 1
    x, q = users.astype(np.float64), songs.astype(np.float64)
    for user, song, other in triples(train, negatives, n=train.nnz):
        if other < 0:
            continue
        miss = 1 / (1 + np.exp(x[user] @ (q[song] - q[other])))
        up = miss * (q[song] - q[other]) - 0.01 * x[user]
        up_song, up_other = miss * x[user] - 0.01 * q[song], -miss * x[user] - 0.01 * q[other]
        x[user, :-1] += 0.1 * up[:-1]
        q[song] += 0.1 * up_song
        q[other] += 0.1 * up_other
    rows = np.repeat(np.arange(15), np.diff(train.indptr))
    steps, state = (np.float32(0.1), np.float32(0.01)), np.array([0], np.uint64)
    epoch(train.indptr, train.indices, rows, codes(train, negatives), users, songs, *steps, state)
    assert users == pytest.approx(x, abs=1e-5)
    assert songs == pytest.approx(q, abs=1e-5)


@pytest.mark.parametrize("negatives", ["popularity", "uniform"])
def test_the_fold_in_is_the_stated_formula(negatives, monkeypatch):
    train, learnt = two_tastes(), {}
    keep = BPR._keep

    def watched(self, binary, songs, users, negatives):
        learnt.update(songs=songs.copy(), users=users.copy())
        keep(self, binary, songs, users, negatives)

    monkeypatch.setattr(BPR, "_keep", watched)
    model = BPR(factors=6, epochs=10, negatives=negatives).fit(train)
    songs, bias = learnt["songs"][:, :-1].astype(np.float64), learnt["songs"][:, -1]
    heard = train.toarray().astype(np.float64)
    mean = (heard.sum(axis=0) @ songs) / heard.sum() if negatives == "popularity" else songs.mean(axis=0)
    sums = np.array([(songs[row > 0] - mean).sum(axis=0) / np.sqrt(row.sum()) for row in heard])
    ridge = 1e-3 * np.mean(np.diag(sums.T @ sums))
    matrix = np.linalg.solve(sums.T @ sums + ridge * np.eye(6), sums.T @ learnt["users"][:, :-1])
    expected = np.where(heard > 0, -np.inf, sums @ matrix @ songs.T + bias)
    found, scores = model.recommend(train, 5)
    expected = lists_by_sorting(expected, 5)
    assert (found == expected[0]).all()
    assert scores == pytest.approx(expected[1], rel=1e-5, abs=1e-6)


def test_folded_in_users_get_nearly_the_lists_of_the_vectors_learnt_for_them(monkeypatch):
    train, learnt = two_tastes(), []
    keep = BPR._keep
    monkeypatch.setattr(BPR, "_keep", lambda self, *arrays: (learnt.append(arrays), keep(self, *arrays)))
    model = BPR(factors=6, epochs=30).fit(train)
    _, songs, users, _ = learnt[-1]
    expected = lists_by_sorting(np.where(train.toarray() > 0, -np.inf, users @ songs.T), 10)[0]
    common = [len(set(a) & set(b)) for a, b in zip(model.recommend(train, 10)[0], expected, strict=True)]
    assert np.mean(common) > 8


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
