"""An index in this process: a graph of neighbours."""

from pathlib import Path
from typing import Any

import numpy as np

from songrec.errors import DataError
from songrec.extras import require
from songrec.files import read_json, replacing, write_json
from songrec.serve.index.base import MANY, SPARE, Measure, VectorIndex


class GraphIndex(VectorIndex):
    """A graph of neighbours (HNSW, Malkov & Yashunin 2020) in this process, by usearch.

    Parameters
    ----------
    measure, digits
        As for every index.
    folder : Path, optional
        Where it is kept: what was added last is there again after a restart, memory-mapped, so that
        processes share it.
    threads : int
        That build the graph. With more than one it differs from time to time, and what it misses with it.

    Raises
    ------
    ConfigError
        Without the extra `serve`.
    DataError
        For a folder that holds anything else.
    """

    CONNECTIVITY, EXPANSION_ADD, EXPANSION_SEARCH = 32, 128, 256
    GRAPH, FACTS = "graph.usearch", "index.json"

    def __init__(
        self,
        measure: Measure = "product",
        digits: int | None = None,
        folder: Path | None = None,
        threads: int = 1,
    ):
        super().__init__(measure, digits)
        require("serve", "an index of this kind")
        self.folder, self.threads = folder, threads
        self._content: tuple[Any, str] = None, ""
        if folder and (folder / self.FACTS).exists():
            self._open(folder)

    @property
    def count(self) -> int:
        return 0 if self._content[0] is None else len(self._content[0])

    @property
    def version(self) -> str:
        return self._content[1]

    @property
    def bytes(self) -> int:
        """What the graph takes, its vectors included: of memory, or of a file that is mapped."""
        if self._content[0] is None:
            return 0
        return (self.folder / self.GRAPH).stat().st_size if self.folder else self._content[0].memory_usage

    def _open(self, folder: Path) -> None:
        from usearch.index import Index

        facts = read_json(folder / self.FACTS, dict)
        told = {"measure": self.measure, "digits": self.digits}
        if {name: facts.get(name) for name in told} != told:
            raise DataError(f"{folder} holds another index ({facts}), not {told}: delete it, or name another")
        try:
            graph = Index.restore(folder / self.GRAPH, view=True)
        except Exception as error:  # whatever the library raises for a file that is none of its own
            raise DataError(f"{folder / self.GRAPH} is damaged: {error}. Delete its folder") from error
        if graph is None or len(graph) != facts.get("count"):
            raise DataError(f"{folder / self.GRAPH} is damaged. Delete its folder, and add the songs again")
        self._content = graph, facts["version"]

    def _replace(self, ids: np.ndarray, vectors: np.ndarray, version: str) -> None:
        from usearch.index import Index

        graph = Index(
            ndim=vectors.shape[1],
            metric="ip" if self.measure == "product" else "cos",
            dtype="f32",
            connectivity=self.CONNECTIVITY,
            expansion_add=self.EXPANSION_ADD,
            expansion_search=self.EXPANSION_SEARCH,
        )
        if len(ids):
            # The shortest first: the longest, which are near to all others, would be in the way of each.
            order = np.argsort(np.linalg.norm(vectors, axis=1), kind="stable")
            graph.add(ids[order].astype(np.uint64), vectors[order], threads=self.threads)
        if self.folder:
            with replacing(self.folder) as temporary:
                temporary.mkdir()
                graph.save(temporary / self.GRAPH)
                facts = {
                    "measure": self.measure,
                    "digits": self.digits,
                    "count": len(ids),
                    "version": version,
                }
                write_json(temporary / self.FACTS, facts)
            return self._open(self.folder)
        self._content = graph, version

    def _nearest(self, vector: np.ndarray, k: int, exclude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        graph, _ = self._content
        if graph is None or not len(graph):
            return np.empty(0, np.int64), np.empty((0, 0), np.float32)
        query, n = self._asked(vector), len(graph)
        exclude = exclude[exclude >= 0]
        if len(exclude):
            exclude = exclude[graph.contains(exclude.astype(np.uint64))]
        wanted = min(n, k + len(exclude) + SPARE)
        for exact in (False, True) if wanted < MANY * n else (True,):
            keys = graph.search(query, wanted, threads=1, exact=exact).keys.astype(np.int64)
            ids = keys[~np.isin(keys, exclude)]
            if len(ids) >= min(k, n - len(exclude)):
                break
        return ids, np.atleast_2d(graph.get(ids.astype(np.uint64)))
