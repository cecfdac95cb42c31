"""What every index of vectors does, and how its finds are scored."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal

import numpy as np

from songrec.errors import ConfigError, DataError
from songrec.ranking import best, products

Measure = Literal["product", "cosine"]

SPARE = 16
"""Songs that a search looks for beyond those wanted: scored anew, one of them may come first."""

MANY = 0.1
"""Share of the songs from which on a search is exact, for so many are wanted or avoided."""

Found = tuple[np.ndarray, np.ndarray]
"""Ids (int64), best first, and scores (float32)."""


class VectorIndex(ABC):
    """What every index does.

    Threads may search while one of them replaces the content: each answer is of the old or of the new one.

    Parameters
    ----------
    measure : {"product", "cosine"}
        What a search ranks by: the product with the query, or the cosine, where only songs above 0 are found.
    digits : int, optional
        Decimals of a product that are kept: the model's `digits`.
    """

    def __init__(self, measure: Measure = "product", digits: int | None = None):
        if measure not in ("product", "cosine"):
            raise ConfigError(f"an index ranks by 'product' or 'cosine', not {measure!r}")
        self.measure, self.digits = measure, digits

    @property
    @abstractmethod
    def count(self) -> int:
        """How many songs can be found."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Tells the content apart: the same ids and vectors have the same version; empty: nothing."""

    def add(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        """Replace the content, at once for all who search. Nothing is done where it is there already.

        Parameters
        ----------
        ids : int array (n,)
            Each once, at least 0.
        vectors : float32 array (n, f)
            A song whose vector is all zeros is never found.
        """
        ids, vectors = np.asarray(ids, np.int64), np.ascontiguousarray(vectors, np.float32)
        if ids.shape != vectors.shape[:1] or vectors.ndim != 2 or not vectors.size:
            raise DataError(
                f"{ids.shape} ids and vectors of shape {vectors.shape}: give a vector for each id"
            )
        if len(np.unique(ids)) < len(ids) or ids.min() < 0:
            raise DataError("ids must be whole numbers of at least 0, each once")
        if not np.isfinite(vectors).all():
            raise DataError("a vector holds a number that is not finite")
        told = f"{self.measure} {self.digits} {vectors.shape}".encode()
        version = blake2b(told + ids.tobytes() + vectors.tobytes(), digest_size=8).hexdigest()
        if version != self.version:
            there = vectors.any(axis=1)
            self._replace(ids[there], vectors[there], version)

    def search(self, vector: np.ndarray, k: int, exclude: Sequence[int] | np.ndarray = ()) -> Found:
        """The `k` best songs that are not excluded; fewer only where there are no more.

        Parameters
        ----------
        vector : float array (f,)
            A query of zeros finds nothing.
        k : int
            How many.
        exclude : int array
            Ids that are left out, known or not.

        Returns
        -------
        ids : int64 array
            Best first, ties to the lower id.
        scores : float32 array
            As the model gives them.
        """
        vector, exclude = np.asarray(vector, np.float64), np.unique(np.asarray(exclude, np.int64))
        if k < 1 or not vector.any():
            return np.empty(0, np.int64), np.empty(0, np.float32)
        ids, vectors = self._nearest(vector, k, exclude)
        if not len(ids):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        scores = scores_of(vector, vectors, self.measure, self.digits)
        return best(ids, scores, k)

    @abstractmethod
    def _replace(self, ids: np.ndarray, vectors: np.ndarray, version: str) -> None:
        """Put this in the place of what there is; no vector is all zeros."""

    @abstractmethod
    def _nearest(self, vector: np.ndarray, k: int, exclude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Candidates that are not excluded, in any order, and their vectors as they were added."""

    def _asked(self, vector: np.ndarray) -> np.ndarray:
        """The query in single precision: its length changes no order, and might not fit."""
        return (vector / np.abs(vector).max()).astype(np.float32)


def scores_of(vector: np.ndarray, vectors: np.ndarray, measure: Measure, digits: int | None) -> np.ndarray:
    """Scores of vectors (n, f) for a query (f,): float32 (n,), -inf for what must not be listed."""
    if measure == "product":
        return products(vector[None], vectors, digits)[0]
    exact = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(exact, axis=1)
    cosines = (exact / np.where(lengths > 0, lengths, 1)[:, None]) @ (vector / np.linalg.norm(vector))
    cosines[cosines <= 0] = -np.inf
    return cosines.astype(np.float32)
