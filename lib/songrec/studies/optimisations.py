"""What each optimisation buys: the plain way and the better one on the same data, results compared."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, issparse

from songrec.data.synthetic import SyntheticWorld
from songrec.measure import machine_line
from songrec.models import PureSVD, spd_inverse
from songrec.models.dense import common_listeners
from songrec.ranking import best, binarised
from songrec.similarity import neighbours
from songrec.studies.scaling import measured

CLOSE = 1e-3
"""Where arithmetic is rounded, results are equal that differ by no more than this share of the largest."""

PAIRED = 150
"""Songs, the most popular, whose pairs are counted one by one: all would take too long."""

PENALTY = 100
"""Added to the diagonal of the matrix that is inverted, as in EASE."""

RANKED = 300
"""Users whose scores are sorted."""


class Comparison(NamedTuple):
    """Two ways to the same result, and the matrices that each reads.

    `rounded` where their arithmetic is, so that last digits may differ.
    """

    what: str
    plain: Callable[[], Any]
    better: Callable[[], Any]
    plain_reads: Sequence[np.ndarray | csr_array]
    better_reads: Sequence[np.ndarray | csr_array]
    rounded: bool = False


def optimisations(
    world: SyntheticWorld, neighbours: int, factors: int, cutoff: int, threads: int
) -> pd.DataFrame:
    """Every comparison on one log.

    Parameters
    ----------
    world : SyntheticWorld
        Its log is held as a dense matrix too, 12 bytes for each user and song.
    neighbours : int
        Neighbours of each song, where these are looked for.
    factors : int
        Numbers that stand for a song, where the item-item matrix is replaced by them.
    cutoff : int
        Length of the lists.
    threads : int
        On which all of it runs; for the record.

    Returns
    -------
    DataFrame
        what, users, songs, plain, better (seconds), ratio (plain / better), plain_mb, better_mb (what is
        read, and the most that is made on the way), equal, threads, machine.
    """
    binary = binarised(world.interactions().plays)
    rows = []
    for one in _comparisons(binary, neighbours, factors, cutoff):
        (expected, plain, plain_mb), (found, better, better_mb) = measured(one.plain), measured(one.better)
        same = _equal(expected, found, one.rounded)
        plain_mb, better_mb = plain_mb + _megabytes(one.plain_reads), better_mb + _megabytes(one.better_reads)
        rows.append([one.what, *binary.shape, plain, better, plain / better, plain_mb, better_mb, same])
    names = ["what", "users", "songs", "plain", "better", "ratio", "plain_mb", "better_mb", "equal"]
    return pd.DataFrame(rows, columns=names).assign(threads=threads, machine=machine_line())


def _comparisons(binary: csr_array, k: int, factors: int, cutoff: int) -> Iterator[Comparison]:
    dense, by_song = binary.toarray(), binary.T.tocsr()
    _neighbours(by_song[:2], 1)  # loads the compiled loops
    yield Comparison("sparse", lambda: dense.T @ dense, lambda: common_listeners(binary), [dense], [binary])

    popular = np.argsort(-np.diff(by_song.indptr), kind="stable")[:PAIRED]
    few = by_song[popular]
    yield Comparison("vectorised", lambda: _pair_by_pair(few), lambda: (few @ few.T).toarray(), [few], [few])
    yield Comparison(
        "pairs_once", lambda: _by_product(by_song, k), lambda: _neighbours(by_song, k), [by_song], [by_song]
    )
    scores = binary[:RANKED] @ common_listeners(binary)
    yield Comparison(
        "partial_sort",
        lambda: _ranked(scores, cutoff, _best_by_sorting),
        lambda: _ranked(scores, cutoff, best),
        [scores],
        [scores],
    )
    wide = dense.astype(np.float64)
    yield Comparison("float32", lambda: wide.T @ wide, lambda: dense.T @ dense, [wide], [dense])

    counts = common_listeners(binary)
    np.einsum("ii->i", counts)[:] += PENALTY
    yield Comparison(
        "in_place", lambda: np.linalg.inv(counts), lambda: _in_place(counts), [counts], [], rounded=True
    )
    vectors = PureSVD(factors).fit(binary).song_factors_
    square = vectors @ vectors.T
    yield Comparison(
        "factors",
        lambda: dense @ square,
        lambda: (dense @ vectors) @ vectors.T,
        [dense, square],
        [dense, vectors],
        rounded=True,
    )


def _megabytes(matrices: Sequence[np.ndarray | csr_array]) -> float:
    held = 0
    for each in matrices:
        parts = (each.data, each.indices, each.indptr) if issparse(each) else (each,)
        held += sum(part.nbytes for part in parts)
    return held / 1e6


def _equal(expected: Any, found: Any, rounded: bool) -> bool:
    """Whether all arrays of both results agree."""
    if isinstance(expected, tuple):
        return all(_equal(*both, rounded) for both in zip(expected, found, strict=True))
    if rounded:
        return bool(np.abs(expected - found).max() <= CLOSE * np.abs(expected).max())
    return np.array_equal(expected, found)


def _pair_by_pair(listeners: csr_array) -> np.ndarray:
    """Listeners in common by sets, one pair of songs after the other: what the formula says, word by word."""
    sets = [set(row.tolist()) for row in np.split(listeners.indices, listeners.indptr[1:-1])]
    counts = np.diag([float(len(each)) for each in sets])
    for i, j in combinations(range(len(sets)), 2):
        counts[i, j] = counts[j, i] = len(sets[i] & sets[j])
    return counts


def _by_product(by_song: csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of each song by cosine, from the whole product: (columns, how many in a row).

    Compared by c² / b, which orders a row as the cosine does and is the same number for equal cosines.
    """
    sizes = np.diff(by_song.indptr).astype(np.float64)
    product = (by_song @ by_song.T).tocsr()
    rows = []
    for song in range(len(sizes)):
        span = slice(product.indptr[song], product.indptr[song + 1])
        others, common = product.indices[span], product.data[span].astype(np.float64)
        codes, _ = best(others[others != song], (common**2 / sizes[others])[others != song], k)
        rows.append(np.sort(codes))
    return np.concatenate(rows), np.array([len(row) for row in rows])


def _neighbours(by_song: csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
    found = neighbours(by_song, k)
    return found.indices, np.diff(found.indptr)


def _ranked(scores: np.ndarray, cutoff: int, rank: Callable) -> np.ndarray:
    codes = np.arange(scores.shape[1])
    return np.array([rank(codes, row, cutoff)[0] for row in scores])


def _best_by_sorting(codes: np.ndarray, values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """What `ranking.best` finds, by sorting all."""
    order = np.lexsort((codes, -values))[:k]
    return codes[order], values[order]


def _in_place(matrix: np.ndarray) -> np.ndarray:
    """The inverse in the memory of a copy, because the matrix is wanted again: the copy stands for it."""
    inverse = matrix.copy()
    spd_inverse.invert(inverse)
    return inverse
