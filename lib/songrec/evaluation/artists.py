"""Artists in lists: int codes (n_songs,), -1 where the artist is not known.

`songs` are lists as in `TopN`: integer (n_users, n), best first, -1 at the end of a short one.
"""

import numpy as np

from songrec.errors import DataError
from songrec.evaluation.hits import first_places


def artist_diversity(songs: np.ndarray, artists: np.ndarray, k: int) -> np.ndarray:
    r"""Share of the pairs among the first k songs that are by two artists: float64 (n_users,), in 0..1.

    :math:`1 - \frac{1}{m (m - 1)} \sum_a c_a (c_a - 1)` with :math:`c_a` the songs by artist a among the m
    songs whose artist is known: one minus the intra-list similarity of Ziegler et al. 2005 with "same artist"
    as similarity, averaged over the pairs. Songs of unknown artists are left out. NaN for a list with fewer
    than two songs of known artists.

    >>> artist_diversity(np.array([[0, 1, 2], [0, 3, -1]]), np.array([0, 0, 1, -1]), k=3).round(4)
    array([0.6667,    nan])
    """
    first, known = _known(songs, artists, k)
    row = np.nonzero(known)[0]
    stride = np.int64(artists.max(initial=0)) + 1
    keys, counts = np.unique(row * stride + artists[first[known]], return_counts=True)
    same = np.bincount(keys // stride, counts * (counts - 1), len(first))
    pairs = known.sum(axis=1) * (known.sum(axis=1) - 1)
    return np.where(pairs > 0, 1 - same / np.maximum(pairs, 1), np.nan)


def artist_coverage(songs: np.ndarray, artists: np.ndarray, k: int) -> float:
    """Share of the catalogue's known artists who stand in the first k places of at least one list, in 0..1.

    Catalogue coverage (Herlocker et al. 2004) of artists. NaN where no artist is known.

    >>> artist_coverage(np.array([[0, 1], [1, 3]]), np.array([0, 0, 1, -1]), k=2)
    0.5
    """
    first, known = _known(songs, artists, k)
    everybody = np.unique(artists[artists >= 0])
    return len(np.unique(artists[first[known]])) / len(everybody) if len(everybody) else float("nan")


def _known(songs: np.ndarray, artists: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The first k places, and which of them hold a song whose artist is known."""
    if artists.ndim != 1 or artists.dtype.kind not in "iu" or (artists < -1).any():
        raise DataError("artists must be whole numbers, one a song, -1 where the artist is not known")
    first = first_places(songs, len(artists), k)
    return first, (first >= 0) & (artists[first] >= 0)
