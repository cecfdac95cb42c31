"""The index that looks at every song."""

import numpy as np

from songrec.serve.index.base import VectorIndex


class ExactIndex(VectorIndex):
    """Every song is looked at.

    In single precision first: what comes as near to the k-th best as its rounding errors may hide is a
    candidate, and scored anew.
    """

    _content: tuple[np.ndarray, ...] = np.empty(0, np.int64), np.empty((0, 0), np.float32), np.empty(0), ""

    @property
    def count(self) -> int:
        return len(self._content[0])

    @property
    def version(self) -> str:
        return self._content[-1]

    def _replace(self, ids: np.ndarray, vectors: np.ndarray, version: str) -> None:
        order = np.argsort(ids)
        ids, vectors = ids[order], vectors[order]
        lengths = np.linalg.norm(vectors, axis=1)
        self._content = ids, vectors, lengths if self.measure == "cosine" else lengths.max(initial=0), version

    def _nearest(self, vector: np.ndarray, k: int, exclude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ids, vectors, lengths, _ = self._content
        if not len(ids):
            return ids, vectors
        query = self._asked(vector)
        rough = vectors @ query
        error = 2 * len(query) * np.finfo(np.float32).eps * np.linalg.norm(query)
        if self.measure == "cosine":
            rough /= lengths
        else:
            error *= lengths
            if self.digits is not None:  # scores that are equal once they are rounded
                error += 10.0**-self.digits / np.abs(vector).max()
        place = np.searchsorted(ids, exclude).clip(max=len(ids) - 1)
        rough[place[ids[place] == exclude]] = -np.inf
        if k < len(ids):
            floor = np.partition(rough, len(ids) - k)[len(ids) - k]
            found = np.flatnonzero((rough >= floor - 2 * error) & (rough > -np.inf))
        else:
            found = np.flatnonzero(rough > -np.inf)
        return ids[found], vectors[found]
