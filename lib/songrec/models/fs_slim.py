"""Every song explained by the songs most like it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.sparse import coo_array, csr_array

from songrec.errors import ConfigError, DataError
from songrec.models.base import Recommender, checked_train, positive
from songrec.models.dense import blas_threads, common_listeners, single_threaded_blas
from songrec.models.neighbours import not_negative, weighted_sum
from songrec.ranking import best_in_rows
from songrec.similarity import neighbours as nearest_rows

CELLS = 100_000_000
"""Pairs of songs whose common listeners are held at once, 4 bytes each: all pairs of 10,000 songs."""


class FsSLIM(Recommender):
    """Linear regression of each song on its nearest neighbours: EASE for catalogues too large for EASE.

    neighbours : K, the number of most similar songs (by cosine) that may speak for a song.
    l2 : λ, the penalty on squared weights, in listeners.

    With X the matrix of who heard what (0 or 1), G = Xᵀ X the counts of common listeners, N = N_K(i) the K
    nearest neighbours of song i, ties to the lower code, and H_u what user u heard,

        w = (G_NN + λ I)⁻¹ G_Ni,   B_Ni = w and 0 elsewhere,   score(u, i) = sum of B_ji over j in H_u

    so each column of B minimises |x_i - X w|² + λ |w|² over weights that only neighbours have. It is SLIM
    with features selected by similarity, fsSLIM (Ning & Karypis 2011, section IV.C), with the squared penalty
    alone: weights may be negative, none is pressed to zero, and each column has a closed form. With all other
    songs as neighbours it is EASE (Steck 2019), whose memory grows with the square of the catalogue; here it
    grows with K n, beside a fixed room for counting (`CELLS`). Steck's sparse approximation (2019, "Markov
    random fields for collaborative filtering") also starts from the strongest relations of each song, but
    solves for many songs at once.

    Only songs with a score above zero are listed.

    >>> train = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> FsSLIM(neighbours=1, l2=1.0).fit(train).weights_.toarray().round(3)
    array([[0.   , 0.667, 0.   ],
           [0.5  , 0.   , 0.25 ],
           [0.   , 0.   , 0.   ]], dtype=float32)
    """

    def __init__(self, neighbours: int = 100, l2: float = 30.0):
        self.neighbours = neighbours
        self.l2 = l2

    def fit(self, train: csr_array) -> "FsSLIM":
        k, l2 = positive("neighbours", self.neighbours), not_negative("l2", self.l2)
        if l2 == 0:
            raise ConfigError("l2 must be above 0: songs with the same listeners could not be told apart")
        heard = checked_train(train)
        near = nearest_rows(heard.T.tocsr(), k)
        n = self.n_songs_ = heard.shape[1]
        with ThreadPoolExecutor(blas_threads()) as pool, single_threaded_blas():
            parts = [
                weights
                for songs, involved in _blocks(near, np.arange(n))
                for weights in _regressions(heard, near, songs, involved, l2, pool)
            ]
        target = np.repeat(np.arange(n, dtype=np.int32), np.diff(near.indptr))
        self.weights_ = coo_array((np.concatenate(parts), (near.indices, target)), shape=(n, n)).tocsr()
        return self

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> csr_array:
        return heard

    def _scores(self, represented: csr_array, n_needed: int) -> csr_array:
        return _positive_only(weighted_sum(represented, self.weights_))

    def similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` songs that each song speaks for most, and the weights: the list of who heard it alone."""
        self._check_fitted()
        songs = np.asarray(songs)
        if len(songs) and not (songs.min() >= 0 and songs.max() < self.n_songs_):
            raise DataError(f"song codes must lie between 0 and {self.n_songs_ - 1}")
        return best_in_rows(_positive_only(self.weights_[songs]), positive("k", k))


def _blocks(near: csr_array, songs: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Divide `songs` until each part and its neighbours are few enough to count their listeners at once.

    Yields (part, the part and its neighbours, both ascending).
    """
    involved = np.union1d(near[songs].indices, songs)
    if len(involved) ** 2 <= CELLS or len(songs) == 1:
        yield songs, involved
        return
    for half in np.array_split(songs, 2):
        yield from _blocks(near, half)


def _regressions(heard, near, songs, involved, l2, pool) -> list[np.ndarray]:
    """For each of `songs` the weights of its neighbours: float32, in the order of `near`."""
    counts = common_listeners(heard[:, involved])

    def weights(song):
        others = np.searchsorted(involved, near.indices[near.indptr[song] : near.indptr[song + 1]])
        own = counts[np.ix_(others, others)].astype(np.float64)
        own[np.diag_indices(len(others))] += l2
        common = counts[others, np.searchsorted(involved, song)].astype(np.float64)
        return np.linalg.solve(own, common).astype(np.float32)

    return list(pool.map(weights, songs))


def _positive_only(scores: csr_array) -> csr_array:
    """Scores of zero and below become -inf: no candidates. Written into `scores`."""
    scores.data[scores.data <= 0] = -np.inf
    return scores
