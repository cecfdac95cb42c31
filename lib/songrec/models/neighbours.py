"""What the neighbourhood models share: hyper-parameters, similarities, and adding them up."""

from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.models.base import NonNegativeFloat, PositiveInt, Recommender, estimator
from songrec.models.weighting import Weighting
from songrec.ranking import best_in_rows
from songrec.similarity import Similarity


class SongNeighbours(Recommender):
    """A model that is a table of songs and their neighbours: each song of the fold-in recommends its own.

    Fitted, `similarity_` (n_songs, n_songs, float32) holds in row j what song j says for its neighbours.
    """

    similarity_: csr_array

    def _scores(self, encoded: csr_array, n_needed: int) -> csr_array:
        return weighted_sum(encoded, self.similarity_)

    def _similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        return best_in_rows(self.similarity_[songs], k)


@estimator
class KNN(Recommender):
    """Hyper-parameters of the models that look for nearest rows, songs or users: see `ItemKNN`."""

    neighbours: PositiveInt = 100
    similarity: Literal["cosine", "asymmetric", "tversky", "jaccard"] = "cosine"
    alpha: NonNegativeFloat = 0.5
    beta: NonNegativeFloat = 0.5
    shrink: NonNegativeFloat = 0.0
    q: NonNegativeFloat = 1.0
    weighting: Weighting = "binary"

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.similarity in ("tversky", "jaccard") and self.weighting != "binary":
            raise ConfigError(
                f"similarity {self.similarity} compares sets: it goes with weighting binary, "
                f"not {self.weighting}"
            )

    def _similarity(self) -> Similarity:
        """The similarity from the row that asks, whose side `alpha` belongs to, to the others."""
        alpha, beta = {
            "cosine": (0.5, 0.5),
            "asymmetric": (self.alpha, 1 - self.alpha),
            "tversky": (self.alpha, self.beta),
            "jaccard": (1.0, 1.0),
        }[self.similarity]
        return Similarity(alpha, beta, self.shrink, self.similarity in ("tversky", "jaccard"))


def to_the_power(similarity: csr_array, q: float) -> csr_array:
    """Each similarity to the power `q`, in float32; what becomes 0 is dropped."""
    if q == 1:
        return similarity
    powers = (similarity.data.astype(np.float64) ** q).astype(np.float32)
    result = csr_array((powers, similarity.indices, similarity.indptr), shape=similarity.shape)
    result.eliminate_zeros()
    return result


def weighted_sum(weights: csr_array, rows: csr_array) -> csr_array:
    """The product `weights @ rows` in float32, reading only the rows that have a weight.

    Parameters
    ----------
    weights : csr_array (n, m)
        Weights of the rows, for each result.
    rows : csr_array (m, n_songs)
        What is added up.

    Returns
    -------
    csr_array (n, n_songs)
        Weighted sums, float32; columns in any order.

    Notes
    -----
    Terms of single precision are added in double precision and the sum rounded to single, so that the order
    of addition decides no tie.

    Examples
    --------
    >>> weighted_sum(csr_array(np.array([[0.5, 0.0]])), csr_array(np.array([[1, 2], [4, 8]]))).toarray()
    array([[0.5, 1. ]], dtype=float32)
    """
    used = np.unique(weights.indices)
    if len(used) < rows.shape[0]:
        weights, rows = weights[:, used], rows[used]
    total = weights.astype(np.float64) @ rows
    return csr_array((total.data.astype(np.float32), total.indices, total.indptr), shape=total.shape)
