"""Top-k against a full sort, with many ties."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array

from songrec import ranking
from songrec.ranking import best, best_in_rows, best_products, best_sums, products

few_values = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0])
score_rows = arrays(float, st.tuples(st.integers(1, 5), st.integers(1, 12)), elements=few_values)


def full_sort(scores, k, seen=None):
    codes = np.full((len(scores), k), -1)
    values = np.full((len(scores), k), -np.inf)
    for row, line in enumerate(scores):
        ranked = sorted(
            (-score, code)
            for code, score in enumerate(line)
            if score > -np.inf and not (seen is not None and seen[row, code])
        )[:k]
        codes[row, : len(ranked)] = [code for _, code in ranked]
        values[row, : len(ranked)] = [-score for score, _ in ranked]
    return codes, values


@pytest.fixture(params=[0, 99], ids=["compiled", "few rows"])
def few(request, monkeypatch):
    monkeypatch.setattr(ranking, "FEW", request.param)


def any_fixture(test):
    return settings(
        max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )(test)


@any_fixture
@given(scores=score_rows, k=st.integers(1, 15), data=st.data())
def test_dense_and_sparse_equal_a_full_sort(few, scores, k, data):
    seen = data.draw(arrays(bool, scores.shape))
    stored = scores > -np.inf
    rows, columns = np.nonzero(stored)
    shuffle = np.random.default_rng(0).permutation(len(rows))  # a product's columns come in any order
    order = shuffle[np.argsort(rows[shuffle], kind="stable")]
    indptr = np.concatenate([[0], np.cumsum(stored.sum(axis=1))])
    sparse = csr_array((scores[rows, columns][order], columns[order], indptr), shape=scores.shape)
    for hidden in (None, seen):
        expected = full_sort(scores, k, hidden)
        for given_scores in (scores, sparse):
            found = best_in_rows(given_scores, k, None if hidden is None else csr_array(hidden))
            assert (found[0] == expected[0]).all()
            assert (found[1] == expected[1]).all()


def test_values_closer_than_single_precision_are_told_apart_in_double():
    codes, scores = best_in_rows(np.array([[1.0, 1.0 + 1e-12]]), 2)
    assert codes.tolist() == [[1, 0]]
    assert (codes.dtype, scores.dtype) == (np.int32, np.float32)


def test_it_partitions_and_never_sorts_everything(monkeypatch):
    sorted_sizes = []
    lexsort = np.lexsort
    monkeypatch.setattr(np, "lexsort", lambda keys: sorted_sizes.append(len(keys[0])) or lexsort(keys))
    values = np.random.default_rng(0).permutation(100_000).astype(float)
    codes, _ = best(np.arange(100_000), values, 10)
    assert values[codes].tolist() == list(range(99_999, 99_989, -1))
    assert sorted_sizes == [10]


@pytest.mark.parametrize("shape", [(0, 3), (2, 0)])
def test_no_rows_or_no_columns(shape):
    codes, scores = best_in_rows(np.zeros(shape), 4)
    assert codes.shape == scores.shape == (shape[0], 4)
    assert (codes == -1).all()


@any_fixture
@given(data=st.data(), k=st.integers(1, 15))
def test_sums_equal_a_full_sort_of_the_product(few, data, k):
    """Terms may be negative, and cancel: a sum of zero or below is no candidate."""
    n, j, m = (data.draw(st.integers(1, 6)) for _ in range(3))
    weights, rows = (
        data.draw(arrays(np.float32, shape, elements=st.sampled_from([-1.0, 0.0, 0.5, 1.0])))
        for shape in ((n, j), (j, m))
    )
    seen = data.draw(arrays(bool, (n, m)))
    product = weights.astype(float) @ rows
    expected = full_sort(np.where(product > 0, product, -np.inf), k, seen)
    lists = best_sums(*map(csr_array, (weights, rows)), k, csr_array(seen))
    for found, right in zip(lists, expected, strict=True):
        assert (found == right).all()


def test_sums_that_cancel_again_and_again_write_nowhere_else(few):
    """Each time the sum was 0 its column was noted once more, beyond the end of what is noted."""
    rows = np.repeat(np.tile([[1.0], [-1.0]], (10_000, 1)), 4, axis=1).astype(np.float32)
    rows[-1] = [1, 0, 0, 2]  # what is left: a sum of 2 for the first column, of 3 for the last
    lists = best_sums(csr_array(np.ones((20, len(rows)), np.float32)), csr_array(rows), 3)
    assert (lists[0] == [3, 0, 1]).all()
    assert (lists[1] == [3, 2, 1]).all()


@pytest.mark.parametrize("digits", [None, 1])
@pytest.mark.parametrize("k", [3, 700])
def test_products_tile_by_tile_equal_a_full_sort(few, digits, k):
    random = np.random.default_rng(0)
    left, right = (random.integers(-3, 4, (n, 3)) / 4 for n in (150, 600))  # many ties, no tile filled
    left[7], right[5] = 0, 0
    seen = random.random((150, 600)) < 0.1
    codes, values = full_sort(products(left, right, digits).astype(float), k, seen)
    lists = best_products(left, right, digits, k, csr_array(seen.astype(np.float32)))
    np.testing.assert_array_equal(lists[0], codes)
    np.testing.assert_array_equal(lists[1], values.astype(np.float32))
    assert (lists[0][7] == -1).all()
    assert not (lists[0] == 5).any()
