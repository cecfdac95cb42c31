"""Coverage, Gini, novelty and diversity against hand-made cases and a plain Python implementation."""

import brute_force
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.evaluation import beyond, catalogue_coverage, gini, intra_list_diversity, novelty

TRAIN = csr_array([[1, 1, 0, 0], [1, 1, 0, 0], [9, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]])


@st.composite
def worlds(draw):
    n_songs, n_users = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    n = draw(st.integers(1, n_songs))
    lists = []
    for _ in range(n_users):
        length = draw(st.integers(0, n))
        lists.append(draw(st.permutations(range(n_songs)))[:length] + [-1] * (n - length))
    row = st.lists(st.integers(0, 2), min_size=n_songs, max_size=n_songs)
    train = draw(st.lists(row, min_size=1, max_size=8).filter(lambda rows: any(map(any, rows))))
    return lists, train


@given(worlds(), st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_metrics_agree_with_plain_python(world, cells):
    lists, train = world
    n, n_songs = len(lists[0]), len(train[0])
    songs, matrix = np.array(lists, dtype=np.int32), csr_array(np.array(train))
    cutoffs = list(range(1, n + 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beyond, "CELLS", cells)  # blocks of one list, of some, of all
        varied = intra_list_diversity(songs, matrix, cutoffs)
    for place, k in enumerate(cutoffs):
        expected = [brute_force.diversity(ranked, train, k) for ranked in lists]
        np.testing.assert_allclose(varied[:, place], expected, rtol=0, atol=1e-12)
        expected = [brute_force.novelty(ranked, train, k) for ranked in lists]
        np.testing.assert_allclose(novelty(songs, matrix, k), expected, rtol=0, atol=1e-12)
        assert catalogue_coverage(songs, n_songs, k) == brute_force.coverage(lists, n_songs, k)
        assert gini(songs, n_songs, k) == pytest.approx(brute_force.gini(lists, n_songs, k), rel=0, abs=1e-12)


def test_cutoffs_may_skip_places():
    rng = np.random.default_rng(2)
    train = csr_array((rng.random((60, 50)) < 0.2).astype(int))
    songs = np.argsort(rng.random((7, 50)), axis=1)
    songs[2, 9:] = -1
    varied = intra_list_diversity(songs, train, [3, 10, 50])
    dense = train.toarray().tolist()
    expected = [[brute_force.diversity(row, dense, k) for k in (3, 10, 50)] for row in songs.tolist()]
    np.testing.assert_allclose(varied, expected, rtol=0, atol=1e-12)


def test_coverage_counts_songs_once_and_only_up_to_the_cutoff():
    lists = np.array([[0, 1, 2], [0, 2, -1]])
    assert catalogue_coverage(lists, 8, 1) == 1 / 8
    assert catalogue_coverage(lists, 8, 2) == 3 / 8
    assert catalogue_coverage(np.array([[-1, -1]]), 8, 2) == 0


def test_gini_of_known_shares():
    assert gini(np.array([[0], [1], [2], [3]]), 4, 1) == 0
    assert gini(np.array([[2], [2], [2]]), 4, 1) == 3 / 4
    # times 0, 0, 1, 3: (2i - 5) x_i summed is 1 * 1 + 3 * 3 = 10, over 4 songs x 4 places.
    assert gini(np.array([[3], [3], [3], [1]]), 4, 1) == 10 / 16
    assert gini(np.array([[-1]]), 4, 1) == 0


def test_novelty_in_bits_among_active_users_only():
    # 4 of the 5 users listen to something; song 0 has all 4, song 1 half of them, song 2 one, song 3 nobody.
    lists = np.array([[0, 1], [1, 2], [2, 3], [3, -1], [-1, -1]])
    assert novelty(lists, TRAIN, 2).tolist() == [0.5, 1.5, 2, 2, 0]
    assert novelty(lists, TRAIN, 1).tolist() == [0, 1, 2, 2, 0]


def test_diversity_of_known_pairs():
    lists = np.array([[0, 1], [1, 2], [0, 2], [0, 3], [3, -1], [-1, -1]])
    assert intra_list_diversity(lists, TRAIN, [2])[:, 0] == pytest.approx([1 - 2 / 8**0.5, 1, 0.5, 1, 0, 0])
    assert intra_list_diversity(lists, TRAIN, [1]).tolist() == [[0.0]] * 6


def test_diversity_of_songs_with_the_same_listeners_is_zero():
    train = csr_array(np.ones((7, 3), dtype=int))
    assert intra_list_diversity(np.array([[0, 1, 2]]), train, [2, 3]) == pytest.approx(
        np.zeros((1, 2)), abs=1e-15
    )


def test_play_counts_do_not_matter():
    lists = np.array([[0, 1, 2]])
    heard = csr_array((np.ones(TRAIN.nnz, int), TRAIN.indices, TRAIN.indptr), shape=TRAIN.shape)
    assert (
        intra_list_diversity(lists, TRAIN, [3]).tolist() == intra_list_diversity(lists, heard, [3]).tolist()
    )
    assert novelty(lists, TRAIN, 3).tolist() == novelty(lists, heard, 3).tolist()


@pytest.mark.parametrize(
    "metric",
    [
        lambda songs, k: catalogue_coverage(songs, 4, k),
        lambda songs, k: gini(songs, 4, k),
        lambda songs, k: novelty(songs, TRAIN, k),
        lambda songs, k: intra_list_diversity(songs, TRAIN, [k]),
    ],
    ids=["coverage", "gini", "novelty", "diversity"],
)
def test_lists_and_cutoffs_are_checked(metric):
    with pytest.raises(DataError, match="names a song twice"):
        metric(np.array([[1, 1]]), 1)
    with pytest.raises(DataError, match="outside the 4 songs"):
        metric(np.array([[1, 4]]), 1)
    with pytest.raises(ConfigError, match="beyond the lists"):
        metric(np.array([[1, 2]]), 3)
    with pytest.raises(ConfigError, match="whole number"):
        metric(np.array([[1, 2]]), 1.5)
    assert np.all(np.asarray(metric(np.array([[1, -1]]), 3)) == np.asarray(metric(np.array([[1, -1]]), 2)))


@pytest.mark.parametrize("cutoffs", [[], [2, 1], [1, 1]])
def test_cutoffs_must_ascend(cutoffs):
    with pytest.raises(ConfigError, match="ascend"):
        intra_list_diversity(np.array([[0, 1]]), TRAIN, cutoffs)


def test_a_world_where_nobody_listens_has_no_novelty():
    with pytest.raises(DataError, match="nobody listens"):
        novelty(np.array([[0]]), csr_array((3, 2), dtype=int), 1)
