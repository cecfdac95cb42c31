"""Every metric against a plain Python implementation, on small worlds of any shape."""

from typing import NamedTuple

import brute_force
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from songrec.evaluation import (
    ACCURACY,
    artist_diversity,
    catalogue_coverage,
    find_hits,
    gini,
    history_popularity,
    intra_list_diversity,
    jaccard,
    lorenz,
    mean_popularity,
    novelty,
    popularity,
    serendipity,
)
from songrec.evaluation.variants import VARIANTS
from songrec.similarity import groups

OF_HITS = ACCURACY | {name: each.score for name, each in VARIANTS.items() if name != "precision_pooled"}


class World(NamedTuple):
    """Lists of two models, a training matrix, holdouts and artists of the same few songs."""

    one: list[list[int]]
    other: list[list[int]]
    train: list[list[int]]
    hidden: list[set[int]]
    artists: list[int]


@st.composite
def worlds(draw):
    """Lists may be short, empty, or all songs."""
    n_songs, n_users = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    n = draw(st.integers(1, n_songs))

    def lists():
        lengths = [draw(st.integers(0, n)) for _ in range(n_users)]
        return [draw(st.permutations(range(n_songs)))[:m] + [-1] * (n - m) for m in lengths]

    row = st.lists(st.integers(0, 2), min_size=n_songs, max_size=n_songs)
    train = draw(st.lists(row, min_size=1, max_size=8).filter(lambda rows: any(map(any, rows))))
    hidden = [draw(st.sets(st.integers(0, n_songs - 1), min_size=1)) for _ in range(n_users)]
    artists = draw(st.lists(st.integers(-1, 3), min_size=n_songs, max_size=n_songs))
    return World(lists(), lists(), train, hidden, artists)


def as_matrix(hidden, n_songs):
    """Some songs played twice, which counts no more."""
    return csr_array(
        np.array([[(song in row) * (1 + song % 2) for song in range(n_songs)] for row in hidden])
    )


def close(found, expected, name=""):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12, err_msg=name)


@given(worlds(), st.data())
@settings(max_examples=300, deadline=None)
def test_the_metrics_of_hits(world, data):
    judged = find_hits(np.array(world.one, dtype=np.int32), as_matrix(world.hidden, len(world.artists)))
    ended = all(ranked[-1] == -1 for ranked in world.one)
    k = data.draw(st.integers(1, len(world.one[0]) + (3 if ended else 0)))
    plain = [brute_force.accuracy(*each, k) for each in zip(world.one, world.hidden, strict=True)]
    for name, metric in OF_HITS.items():
        values = metric(judged, k)
        assert values.dtype == np.float64
        assert values.shape == (len(world.one),)
        close(values, [each[name] for each in plain], name)


def test_the_metrics_of_hits_on_long_lists():
    rng = np.random.default_rng(5)
    n_users, n_songs, n = 40, 400, 100
    lists = np.argsort(rng.random((n_users, n_songs)), axis=1)[:, :n].astype(np.int32)
    lists[::3, 60:] = -1
    holdout = rng.random((n_users, n_songs)) < rng.choice([0.005, 0.1, 0.5], (n_users, 1))
    holdout[:, 7] = True
    judged, hidden = find_hits(lists, csr_array(holdout)), [set(np.flatnonzero(row)) for row in holdout]
    for k in (1, 5, 10, 50, 100):
        plain = [brute_force.accuracy(*each, k) for each in zip(lists.tolist(), hidden, strict=True)]
        for name, metric in OF_HITS.items():
            close(metric(judged, k), [each[name] for each in plain], name)


@given(worlds(), st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_the_metrics_beyond_accuracy(world, cells):
    one, other, train, hidden, artists = world
    songs, expected = np.array(one, dtype=np.int32), np.array(other, dtype=np.int32)
    matrix, n_songs = csr_array(np.array(train)), len(artists)
    holdout, shares = as_matrix(hidden, n_songs), popularity(matrix)
    cutoffs = list(range(1, songs.shape[1] + 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "CELLS", cells)  # blocks of one list, of some, of all
        varied = intra_list_diversity(songs, matrix, cutoffs)
    for place, k in enumerate(cutoffs):
        close(varied[:, place], [brute_force.diversity(ranked, train, k) for ranked in one])
        close(novelty(songs, matrix, k), [brute_force.novelty(ranked, train, k) for ranked in one])
        assert catalogue_coverage(songs, n_songs, k) == brute_force.coverage(one, n_songs, k)
        close(gini(songs, n_songs, k), brute_force.gini(one, n_songs, k))
        across, up = lorenz(songs, n_songs, k)
        close(gini(songs, n_songs, k), 1 - 2 * ((up[1:] + up[:-1]) / 2 * np.diff(across)).sum())
        close(mean_popularity(songs, shares, k), [brute_force.popularity(ranked, train, k) for ranked in one])
        plain = [brute_force.artist_diversity(ranked, artists, k) for ranked in one]
        close(artist_diversity(songs, np.array(artists), k), plain)
        plain = [brute_force.serendipity(*three, k) for three in zip(one, hidden, other, strict=True)]
        close(serendipity(songs, holdout, expected, k), plain)
        plain = [brute_force.jaccard(a, b, k) for a, b in zip(one, other, strict=True)]
        close(jaccard(songs, expected, k), plain)
    plain = [brute_force.popularity(sorted(songs), train, 99) for songs in hidden]
    close(history_popularity(holdout, shares), plain)


def test_cutoffs_may_skip_places():
    rng = np.random.default_rng(2)
    train = csr_array((rng.random((60, 50)) < 0.2).astype(int))
    songs = np.argsort(rng.random((7, 50)), axis=1)
    songs[2, 9:] = -1
    dense = train.toarray().tolist()
    expected = [[brute_force.diversity(row, dense, k) for k in (3, 10, 50)] for row in songs.tolist()]
    close(intra_list_diversity(songs, train, [3, 10, 50]), expected)
