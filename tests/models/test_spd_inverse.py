"""The tiled inverse against NumPy's in double precision, tile sizes and threads."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from songrec.errors import DataError
from songrec.models import spd_inverse

TILE = 8


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(spd_inverse, "TILE", TILE)


def gram(n, l2=5.0):
    """Counts of common listeners of n songs, of very unequal popularity, with a penalty on the diagonal."""
    random = np.random.default_rng(n)
    heard = (random.random((4 * n, n)) < 0.5 * random.random(n) ** 3).astype(np.float32)
    return heard.T @ heard + np.float32(l2) * np.eye(n, dtype=np.float32)


SIZES = [(TILE, n) for n in (1, TILE - 1, TILE, TILE + 1, 2 * TILE, 3 * TILE + 5)]


@pytest.mark.parametrize(("tile", "n"), [*SIZES, (spd_inverse.TILE, spd_inverse.TILE + 70)])
def test_is_the_inverse(monkeypatch, tile, n):
    monkeypatch.setattr(spd_inverse, "TILE", tile)
    matrix = gram(n)
    expected = np.linalg.inv(matrix.astype(np.float64))
    spd_inverse.invert(matrix)
    assert np.abs(matrix - expected).max() < 1e-6 * np.abs(expected).max()
    assert (matrix == matrix.T).all()


def test_nothing_at_all():
    spd_inverse.invert(np.zeros((0, 0), np.float32))


def test_reads_the_lower_triangle_only(small_tiles):
    matrix = gram(3 * TILE + 5)
    half = np.tril(matrix) + np.triu(np.full_like(matrix, np.nan), 1)
    spd_inverse.invert(matrix)
    spd_inverse.invert(half)
    assert (half == matrix).all()


@pytest.mark.parametrize("tile", [64, 512])
def test_threads_change_no_bit(monkeypatch, tile):
    """With and without BLAS's own threads, and with one or more of ours."""
    monkeypatch.setattr(spd_inverse, "TILE", tile)
    found = []
    for threads in (1, 2, 3):
        matrix = gram(700)
        monkeypatch.setattr(spd_inverse, "blas_threads", lambda threads=threads: threads)
        with threadpool_limits(limits=min(threads, 2), user_api="blas"):
            spd_inverse.invert(matrix)
        found.append(matrix)
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


def test_what_is_not_positive_definite(small_tiles):
    matrix = gram(30)
    matrix[20, 20] = -1
    with pytest.raises(DataError, match=r"not positive definite \(found in rows 16 to 23\).*raise l2"):
        spd_inverse.invert(matrix)
    matrix = gram(30)
    matrix[5, 4] = np.nan
    with pytest.raises(DataError, match="not positive definite"):
        spd_inverse.invert(matrix)


@pytest.mark.parametrize("matrix", [np.eye(3, dtype=int), np.ones((2, 3), np.float32)])
def test_what_it_does_not_take(matrix):
    with pytest.raises(DataError, match="expected a square matrix of floats, not "):
        spd_inverse.invert(matrix)
