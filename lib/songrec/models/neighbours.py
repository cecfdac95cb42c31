"""What the neighbourhood models share: their similarities, and adding them up."""

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.models.base import Recommender, positive
from songrec.ranking import best_in_rows
from songrec.similarity import COSINE, Similarity

SIMILARITIES = ("cosine", "asymmetric", "tversky", "jaccard")
OF_SETS = ("tversky", "jaccard")


class SongNeighbours(Recommender):
    """A model that is a table of songs and their neighbours: each song that was heard recommends its own.

    Fitted, `similarity_` (n_songs, n_songs, float32) holds in row j what song j says for its neighbours.
    """

    similarity_: csr_array

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> csr_array:
        return heard

    def _scores(self, represented: csr_array, n_needed: int) -> csr_array:
        return weighted_sum(represented, self.similarity_)

    def similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest neighbours of each song, and what it says for them; no more than `neighbours`."""
        self._check_fitted()
        songs = np.asarray(songs)
        if len(songs) and not (songs.min() >= 0 and songs.max() < self.n_songs_):
            raise DataError(f"song codes must lie between 0 and {self.n_songs_ - 1}")
        return best_in_rows(self.similarity_[songs], positive("k", k))


def similarity_named(similarity: str, alpha: float, beta: float, shrink: float, weighting: str) -> Similarity:
    """The similarity by name, from the side that `alpha` belongs to; `ConfigError` for what makes no sense.

    >>> similarity_named("asymmetric", 0.25, 0.5, 10.0, "binary")
    Similarity(alpha=0.25, beta=0.75, shrink=10.0, of_sets=False)
    """
    if similarity not in SIMILARITIES:
        raise ConfigError(f"similarity must be one of {', '.join(SIMILARITIES)}, not {similarity!r}")
    if similarity in OF_SETS and weighting != "binary":
        raise ConfigError(
            f"similarity {similarity} compares sets: it goes with weighting binary, not {weighting}"
        )
    alpha, beta, shrink = (
        not_negative(*pair) for pair in (("alpha", alpha), ("beta", beta), ("shrink", shrink))
    )
    sides = {
        "cosine": (COSINE.alpha, COSINE.beta),
        "asymmetric": (alpha, 1 - alpha),
        "tversky": (alpha, beta),
        "jaccard": (1.0, 1.0),
    }
    return Similarity(*sides[similarity], shrink, similarity in OF_SETS)


def not_negative(name: str, value: float) -> float:
    """`value` as a float of at least 0, or a `ConfigError` that names it."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        raise ConfigError(f"{name} must be a number, not {value!r}")
    if not 0 <= value < np.inf:
        raise ConfigError(f"{name} must be a number of at least 0, not {value!r}")
    return float(value)


def to_the_power(similarity: csr_array, q: float) -> csr_array:
    """Each similarity to the power `q` (float32): what a neighbour has to say. What becomes 0 is dropped."""
    if q == 1:
        return similarity
    powers = (similarity.data.astype(np.float64) ** q).astype(np.float32)
    result = csr_array((powers, similarity.indices, similarity.indptr), shape=similarity.shape)
    result.eliminate_zeros()
    return result


def weighted_sum(weights: csr_array, rows: csr_array) -> csr_array:
    """`weights @ rows` (n, m) @ (m, n_songs) in float32, reading only the rows that have a weight.

    Terms of single precision are added in double precision and the sum rounded to single, so that the order
    of addition decides no tie. Columns come in any order.

    >>> weighted_sum(csr_array(np.array([[0.5, 0.0]])), csr_array(np.array([[1, 2], [4, 8]]))).toarray()
    array([[0.5, 1. ]], dtype=float32)
    """
    used = np.unique(weights.indices)
    if len(used) < rows.shape[0]:
        weights, rows = weights[:, used], rows[used]
    total = weights.astype(np.float64) @ rows
    return csr_array((total.data.astype(np.float32), total.indices, total.indptr), shape=total.shape)
