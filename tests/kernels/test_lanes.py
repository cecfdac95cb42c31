"""Sums in lanes: against numpy for every length, and in the stated order."""

import numpy as np
import pytest

from songrec.kernels.lanes import LANES, add_rows, dot


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 15, 16, 17, 32, 130])
def test_a_dot_product_in_its_stated_order(n, kind):
    a, b = np.random.default_rng(n).standard_normal((2, n)).astype(kind)
    products, whole = a * b, n - n % LANES
    lanes = np.zeros(LANES, kind)
    for start in range(0, whole, LANES):
        lanes += products[start : start + LANES]
    while len(lanes) > 1:
        lanes = lanes[: len(lanes) // 2] + lanes[len(lanes) // 2 :]
    total = lanes[0]
    for product in products[whole:]:
        total += product
    assert dot(a, b) == total


@pytest.mark.parametrize("n", range(6))
def test_rows_are_added_with_their_weights(n):
    random = np.random.default_rng(n)
    rows, weights, total = random.standard_normal((n, 9)), random.standard_normal(n), np.ones(9)
    add_rows(rows, weights, total)
    assert total == pytest.approx(1 + weights @ rows)
