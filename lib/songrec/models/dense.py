"""Dense arithmetic that gives the same bits whatever the number of threads."""

import numpy as np
from scipy.sparse import csr_array

from songrec.kernels.threads import blas_threads
from songrec.models.spd_inverse import mirror, tiles
from songrec.ranking import best_in_rows, positive_only

COUNTED = 256
"""Songs whose common listeners with all others are counted at once."""


def common_listeners(binary: csr_array) -> np.ndarray:
    """Xᵀ X for a binary float32 matrix X (n_users, n): float32 (n, n), exact up to 2**24 common listeners.

    >>> common_listeners(csr_array(np.array([[1, 1], [0, 1]], np.float32)))
    array([[1., 1.],
           [1., 2.]], dtype=float32)
    """
    from songrec.models.ease_kernel import lower_counts

    counts = lower_counts(binary, blas_threads())
    for tile in tiles(len(counts)):
        mirror(counts, tile)
    return counts


def mask_unknown_users(scores: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Scores rounded to float32, with -inf for users of whom nothing is known.

    Parameters
    ----------
    scores : float64 array (n, n_songs)
        Sums taken in double precision and rounded to single are the same for one user as for a batch.
    known : bool array (n,)
        Whether the user's fold-in holds anything that the model knows.

    Returns
    -------
    float32 array (n, n_songs)
        The scores.

    Examples
    --------
    >>> mask_unknown_users(np.array([[0.5, -1.0], [0.0, 0.0]]), np.array([True, False]))
    array([[ 0.5, -1. ],
           [-inf, -inf]], dtype=float32)
    """
    rounded = scores.astype(np.float32)
    rounded[~known] = -np.inf
    return rounded


def song_neighbours(factors: np.ndarray, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The `k` songs nearest to each of `songs` by the cosine of their factors, without the song itself.

    Parameters
    ----------
    factors : array (n_songs, f)
        A song whose factors are all 0 has no neighbours.
    songs : int array (n,)
        Song codes.
    k : int
        Length of the lists.

    Returns
    -------
    codes : int32 array (n, k)
        As from `best_in_rows`.
    cosines : float32 array (n, k)
        As from `best_in_rows`.
    """
    unit, _ = unit_rows(np.asarray(factors, np.float64))
    cosines = positive_only(unit[songs] @ unit.T)
    cosines[np.arange(len(songs)), songs] = -np.inf
    return best_in_rows(cosines, k)


def unit_rows(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows divided by their length, zeros left as they are, and the lengths (n, 1), 1 for zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    return vectors / lengths, lengths
