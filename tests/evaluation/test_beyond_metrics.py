"""Coverage, Gini, novelty and diversity against hand-made cases."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.evaluation import catalogue_coverage, gini, intra_list_diversity, novelty

TRAIN = csr_array([[1, 1, 0, 0], [1, 1, 0, 0], [9, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]])


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
