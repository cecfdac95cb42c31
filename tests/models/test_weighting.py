"""What plays weigh, by the formulas and against other libraries."""

import numpy as np
import pytest
from scipy.sparse import coo_array, csr_array

from songrec.models.weighting import K1, WEIGHTINGS, B, bm25, log_plays, rarity, tf_idf, typical

random = np.random.default_rng(0)
PLAYS = random.integers(1, 30, (12, 9)) * (random.random((12, 9)) < 0.5)


def test_by_their_formulas():
    plays, having = PLAYS.astype(float), (PLAYS > 0).sum(axis=0)
    idf = np.log(13 / (1 + having)) + 1
    lengths = plays.sum(axis=1, keepdims=True)
    okapi = plays * (K1 + 1) / (plays + K1 * (1 - B + B * lengths / lengths.mean())) * idf
    for function, expected in (
        (log_plays, np.log2(1 + plays)),
        (tf_idf, np.log2(1 + plays) * idf),
        (bm25, okapi),
    ):
        found = function(csr_array(PLAYS))
        assert found.dtype == np.float32
        assert found.toarray() == pytest.approx(expected, rel=1e-6)


def test_the_rarity_of_scikit_learn():
    from sklearn.feature_extraction.text import TfidfTransformer

    theirs = TfidfTransformer(norm=None).fit(csr_array(PLAYS > 0))
    assert rarity(csr_array(PLAYS)) == pytest.approx(theirs.idf_)


def test_bm25_of_implicit_but_for_the_rarity():
    """Its own rarity is ln(n) - ln(1 + n_j), which may be 0 or negative."""
    from implicit.nearest_neighbours import bm25_weight

    theirs = bm25_weight(csr_array(PLAYS), K1, B).toarray()
    factor = rarity(csr_array(PLAYS)) / (np.log(12) - np.log1p((PLAYS > 0).sum(axis=0)))
    assert bm25(csr_array(PLAYS)).toarray() == pytest.approx(theirs * factor, rel=1e-5)


@pytest.mark.parametrize("name", ["binary", "log_plays", "tf_idf", "bm25"])
def test_repeats_are_added_and_zeros_dropped(name):
    tidy = coo_array(([3, 1], ([0, 1], [1, 0])), shape=(2, 2)).tocsr()
    messy = coo_array(([1, 2, 0, 1], ([0, 0, 0, 1], [1, 1, 0, 0])), shape=(2, 2))
    assert (WEIGHTINGS[name](messy).toarray() == WEIGHTINGS[name](tidy).toarray()).all()
    assert WEIGHTINGS[name](messy).nnz == 2


@pytest.mark.parametrize("name", ["binary", "log_plays", "tf_idf", "bm25"])
def test_a_row_alone_weighs_what_it_weighs_among_the_others(name):
    plays = csr_array(PLAYS)
    alone = WEIGHTINGS[name](plays[[3]], typical(plays))
    assert (alone.toarray() == WEIGHTINGS[name](plays)[[3]].toarray()).all()
