"""The inverse of a large symmetric positive definite matrix, in its own memory."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from songrec.errors import DataError
from songrec.kernels.threads import blas_threads, single_threaded_blas

TILE = 512
"""Rows taken at once: large enough that BLAS works at full speed, small enough that all threads have work."""


def invert(matrix: np.ndarray) -> None:
    """Replace a symmetric positive definite matrix (n, n), float32 or float64, by its inverse.

    Only the lower triangle is read; both are written. Needs `workspace(n)` bytes beside the matrix, twice as
    many in double precision. Raises `DataError` for a matrix that is not positive definite (the matrix is
    then spoilt).

    What it does is the sweep (Gauss-Jordan elimination, which needs no exchange of rows here) by tiles of
    `TILE` rows, in the lower triangle: for each diagonal tile D, with P the tiles of its column,

        rest <- rest - P D⁻¹ Pᵀ,   P <- P D⁻¹,   D <- -D⁻¹

    after which the matrix is minus its inverse. That takes as many operations as Cholesky's factor and the
    inverse from it, but nearly all in one kind of product, which threads can share. LAPACK's way (`spotrf`,
    `spotri`) was measured to be no more accurate on EASE's matrices, and slower; its last bits depend on the
    number of threads; and SciPy's ends the process past about 30,000 rows. Here each product has one shape
    and runs on one thread of BLAS, whoever takes it, so the result does not depend on how many threads there
    are. Diagonal tiles are inverted in double precision, through Cholesky's factor.

    Source: Goodnight 1979, "A tutorial on the SWEEP operator", The American Statistician 33(3).

    >>> matrix = np.array([[2, 1], [1, 2]], np.float32)
    >>> invert(matrix)
    >>> (3 * matrix).round(5)
    array([[ 2., -1.],
           [-1.,  2.]], dtype=float32)
    """
    n = len(matrix)
    if matrix.dtype not in (np.float32, np.float64) or matrix.shape != (n, n):
        raise DataError(f"expected a square matrix of floats, not {matrix.dtype} of shape {matrix.shape}")
    all_tiles = tiles(n)
    with ThreadPoolExecutor(blas_threads()) as pool, single_threaded_blas():
        for pivot in all_tiles:
            _sweep(matrix, pivot, all_tiles, pool)
    for tile in all_tiles:
        lower = matrix[tile, : tile.stop]
        np.negative(lower, out=lower)
        mirror(matrix, tile)


def tiles(n: int) -> list[slice]:
    """The rows of a matrix (n, n), `TILE` at a time."""
    return [slice(start, min(start + TILE, n)) for start in range(0, n, TILE)]


def mirror(matrix: np.ndarray, tile: slice) -> None:
    """Write what these rows of a square matrix hold below the diagonal on its other side too."""
    matrix[: tile.start, tile] = matrix[tile, : tile.start].T
    matrix[tile, tile] = _mirrored(matrix[tile, tile])


def workspace(n: int) -> int:
    """Bytes that `invert` needs beside a float32 matrix of n rows: two columns of tiles, a row per thread."""
    return 4 * n * TILE * (2 + blas_threads())


def _sweep(matrix: np.ndarray, pivot: slice, tiles: list[slice], pool: ThreadPoolExecutor) -> None:
    """Sweep one diagonal tile; rows of tiles are shared out among the threads, the longest first."""
    inverse = _inverse(matrix[pivot, pivot], pivot)
    column = np.concatenate([matrix[pivot, : pivot.start].T, matrix[pivot.start :, pivot]])
    column[pivot] = 0  # what takes its place is the inverse; above the diagonal nothing may be read
    scaled = np.empty_like(column)

    def scale(tile):
        np.matmul(column[tile], inverse, out=scaled[tile])

    def update(tile):
        if tile != pivot:
            matrix[tile, : tile.stop] -= scaled[tile] @ column[: tile.stop].T
        if tile.start > pivot.start:
            matrix[tile, pivot] = scaled[tile]

    list(pool.map(scale, tiles))
    list(pool.map(update, reversed(tiles)))
    matrix[pivot, : pivot.start] = scaled[: pivot.start].T
    matrix[pivot, pivot] = -inverse


def _inverse(tile: np.ndarray, place: slice) -> np.ndarray:
    try:
        root = np.linalg.inv(np.linalg.cholesky(_mirrored(tile).astype(np.float64)))
    except np.linalg.LinAlgError:
        root = np.full(tile.shape, np.nan)
    inverse = (root.T @ root).astype(tile.dtype)
    if not np.isfinite(inverse).all():
        raise DataError(
            f"the matrix is not positive definite (found in rows {place.start} to {place.stop - 1}): "
            "it has no inverse of the kind asked for; with EASE, raise l2"
        )
    return inverse


def _mirrored(tile: np.ndarray) -> np.ndarray:
    """The lower triangle on both sides."""
    return np.tril(tile) + np.tril(tile, -1).T
