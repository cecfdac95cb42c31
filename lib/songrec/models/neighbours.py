"""What the neighbourhood models share: hyper-parameters, similarities, and adding them up."""

from dataclasses import replace
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import row_sums
from songrec.errors import ConfigError
from songrec.models.base import NonNegativeFloat, PositiveInt, Recommender, estimator
from songrec.models.weighting import Weighting
from songrec.ranking import best_in_rows, best_sums, positive_only, weighted_sum
from songrec.similarity import Similarity, neighbours


class RowSums(Recommender):
    """A model whose scores are weighted sums of sparse rows; it lists what has a score above zero."""

    def _rows(self) -> csr_array:
        """What is added up: float32 (rows, n_songs). An encoded user is the weights of its rows."""
        raise NotImplementedError

    def _scores(self, encoded: csr_array, n_needed: int) -> csr_array:
        return positive_only(weighted_sum(encoded, self._rows()))

    def _rank(self, encoded: csr_array, k: int, seen: csr_array) -> tuple[np.ndarray, np.ndarray]:
        return best_sums(encoded, self._rows(), k, seen)


class SongNeighbours(RowSums):
    """A model that is a table of songs and their neighbours: each song of the fold-in recommends its own.

    Fitted, `similarity_` (n_songs, n_songs, float32) holds in row j what song j says for its neighbours.
    Similar songs are those that a user would get who has heard that song alone.
    """

    similarity_: csr_array

    def _rows(self) -> csr_array:
        return self.similarity_

    def _similar_songs(self, songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        return best_in_rows(positive_only(self._rows()[songs]), k)


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
    reverse: bool = False
    normalize: bool = False

    @property
    def weighs_plays(self) -> bool:
        return getattr(self, "weighting_", "binary") != "binary"

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


def song_neighbours(
    songs: csr_array,
    k: int,
    similarity: Similarity,
    *,
    reverse: bool,
    normalize: bool,
    q: float = 1.0,
    feature_weights: np.ndarray | None = None,
) -> csr_array:
    """What each song of a fold-in says for other songs.

    Parameters
    ----------
    songs : csr_array (n_songs, features)
        As `songrec.similarity.neighbours` wants its rows.
    k : int
        Neighbours of each song.
    similarity : Similarity
        From a song of the fold-in to a candidate.
    reverse : bool
        False: each song of the fold-in speaks for its `k` neighbours. True: it speaks for the candidates
        that have it among theirs.
    normalize : bool
        Whether the `k` similarities of a neighbourhood are divided by their sum.
    q : float
        The power of each similarity, taken before.
    feature_weights : array (features,), optional
        As for `songrec.similarity.neighbours`.

    Returns
    -------
    csr_array (n_songs, n_songs)
        float32; row j is what song j says.
    """
    if reverse:
        similarity = swapped(similarity)
    found = neighbours(songs, k, similarity, feature_weights=feature_weights)
    return spoken_for(found, q, reverse=reverse, normalize=normalize)


def spoken_for(neighbourhoods: csr_array, q: float, *, reverse: bool, normalize: bool) -> csr_array:
    """What `song_neighbours` gives, of the neighbours that it found: float32 (n_songs, n_songs)."""
    kept = to_the_power(neighbourhoods, q)
    if normalize:
        kept = divided(kept, row_sums(kept))
    return csr_array(kept.T.tocsr()) if reverse else kept


def swapped(similarity: Similarity) -> Similarity:
    """The same numbers, asked for from the other side."""
    return replace(similarity, alpha=similarity.beta, beta=similarity.alpha)


def divided(matrix: csr_array, by: np.ndarray) -> csr_array:
    """Each row (n, m) divided by its number in `by` (n,), in float32."""
    data = (matrix.data / np.repeat(by, np.diff(matrix.indptr))).astype(np.float32)
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def to_the_power(similarity: csr_array, q: float) -> csr_array:
    """Each similarity to the power `q`, in float32; what becomes 0 is dropped."""
    if q == 1:
        return similarity
    powers = (similarity.data.astype(np.float64) ** q).astype(np.float32)
    result = csr_array((powers, similarity.indices, similarity.indptr), shape=similarity.shape)
    result.eliminate_zeros()
    return result
