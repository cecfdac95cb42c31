"""Songs nearest to a vector: exactly, by a graph in this process, or by PostgreSQL.

A model with vectors (`songrec.models.factors.Factorised`: ALS, BPR, PureSVD, ELSA, Item2vec) gives a song's
score as the product of two, so its list is the songs whose vectors have the largest product with the user's.
EASE, item-KNN and the like have no user vector, and nothing here serves them.

All indexes answer alike. What they find is scored anew, in the arithmetic of the model, and ranked by that:
the scores are the model's, and ties go to the lower id. Only `ExactIndex` looks at every song; another may
miss one of the best. But it never gives fewer than it could: where a search that avoids many songs finds too
few, the index is searched exactly.

A graph of neighbours by the product is not one by a distance, but it finds nearly all of the best (Morozov &
Babenko 2018), and more of them than the detour over vectors that one number more makes equally long (Bachrach
et al. 2014): the lengths of songs' vectors differ too much.
"""

import copy
import logging
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.extras import require
from songrec.files import read_json, replacing, write_json
from songrec.lists import NOTHING
from songrec.models import Recommender
from songrec.models.factors import Factorised
from songrec.ranking import best, products

log = logging.getLogger("songrec.serve")

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


class PostgresIndex(VectorIndex):
    """A table of PostgreSQL with pgvector (0.8 or later), indexed by HNSW.

    The vectors lie outside of the service, for all its workers, and survive it.

    Parameters
    ----------
    url : str
        postgresql://user@host:port/database. The extension must be there, or the user be allowed to create
        it.
    measure, digits
        As for every index.
    table : str
        Name of the table: letters, digits and underscores.

    Raises
    ------
    ConfigError
        Without the extra `serve`, and for a table's name that is none.
    DataError
        When the database cannot be reached, or fails.

    Notes
    -----
    pgvector filters what the graph has given. With `hnsw.iterative_scan = strict_order` the graph is asked
    for more until the list is full; should it stop before, the table is read whole.
    """

    EF_SEARCH = 128

    def __init__(
        self, url: str, measure: Measure = "product", digits: int | None = None, table: str = "songs"
    ):
        super().__init__(measure, digits)
        require("serve", "an index in PostgreSQL")
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,39}", table):
            raise ConfigError(
                f"{table!r} cannot be a table's name: letters, digits and underscores, up to 40"
            )
        self.url, self.table = url, table
        self._here = threading.local()
        with self._database():
            pass

    @property
    def count(self) -> int:
        if not self.version:
            return 0
        with self._database() as database:
            return database.execute(f"SELECT count(*) FROM {self.table}").fetchone()[0]

    @property
    def version(self) -> str:
        with self._database() as database:
            told = database.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", [self.table])
            return told.fetchone()[0] or ""

    @property
    def bytes(self) -> int:
        """Size of the table with its indexes."""
        with self._database() as database:
            told = database.execute("SELECT pg_total_relation_size(to_regclass(%s))", [self.table])
            return told.fetchone()[0] or 0

    def _replace(self, ids: np.ndarray, vectors: np.ndarray, version: str) -> None:
        """Built beside the old table, and renamed in one transaction."""
        new, old = f"{self.table}_{version}", f"{self.table}_old"
        kind = "vector_ip_ops" if self.measure == "product" else "vector_cosine_ops"
        with self._database() as database:
            database.execute("SELECT pg_advisory_lock(hashtext(%s))", [self.table])  # one builds at a time
            try:
                if self.version == version:
                    return
                for left in self._unfinished(database):
                    database.execute(f"DROP TABLE {left}")
                database.execute(
                    f"CREATE TABLE {new} (id bigint PRIMARY KEY, vector vector({vectors.shape[1]}))"
                )
                copy = f"COPY {new} (id, vector) FROM STDIN WITH (FORMAT BINARY)"
                with database.cursor().copy(copy) as rows:
                    rows.set_types(["int8", "vector"])
                    for row in zip(ids.tolist(), vectors, strict=True):
                        rows.write_row(row)
                database.execute(f"CREATE INDEX ON {new} USING hnsw (vector {kind})")
                database.execute(f"ANALYZE {new}")
                database.execute(f"COMMENT ON TABLE {new} IS '{version}'")
                with database.transaction():
                    database.execute(f"ALTER TABLE IF EXISTS {self.table} RENAME TO {old}")
                    database.execute(f"ALTER TABLE {new} RENAME TO {self.table}")
                    database.execute(f"DROP TABLE IF EXISTS {old}")
            finally:
                database.execute("SELECT pg_advisory_unlock(hashtext(%s))", [self.table])

    def _unfinished(self, database: Any) -> list[str]:
        """Tables that were being built when their builder was stopped."""
        query = (
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid) AND relname ~ %s"
        )
        return [name for (name,) in database.execute(query, [f"^{self.table}_([0-9a-f]{{16}}|old)$"])]

    def _nearest(self, vector: np.ndarray, k: int, exclude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from psycopg.errors import UndefinedTable

        operator = "<#>" if self.measure == "product" else "<=>"
        query = (
            f"SELECT id, vector FROM {self.table} WHERE id <> ALL(%s) ORDER BY vector {operator} %s LIMIT %s"
        )
        exact = False
        asked, wanted = (exclude.tolist(), self._asked(vector), k + SPARE), k + SPARE + len(exclude)
        with self._database() as database:
            try:
                if wanted <= self.EF_SEARCH:
                    rows = database.execute(query, asked).fetchall()
                elif exact := wanted >= MANY * self._rows(database):
                    rows = []
                else:
                    rows = self._set(database, "hnsw.ef_search", min(wanted, 1_000), query, asked)
                if len(rows) < k and (exact or len(rows) < self._admissible(database, exclude)):
                    rows = self._set(database, "enable_indexscan", "off", query, asked)
            except UndefinedTable:  # nothing was added yet
                rows = []
        vectors = np.array([_plain(vector) for _, vector in rows], np.float32)
        return np.array([song for song, _ in rows], np.int64), vectors

    @staticmethod
    def _set(database: Any, setting: str, value: int | str, query: str, asked: tuple) -> list[tuple]:
        """What a query gives under another setting."""
        with database.transaction():
            database.execute(f"SET LOCAL {setting} = {value}")
            return database.execute(query, asked).fetchall()

    def _rows(self, database: Any) -> float:
        """How many songs there are, as the planner knows it."""
        told = database.execute("SELECT reltuples FROM pg_class WHERE oid = to_regclass(%s)", [self.table])
        return (told.fetchone() or [0])[0]

    def _admissible(self, database: Any, exclude: np.ndarray) -> int:
        told = database.execute(f"SELECT count(*) FROM {self.table} WHERE id <> ALL(%s)", [exclude.tolist()])
        return told.fetchone()[0]

    @contextmanager
    def _database(self) -> Iterator[Any]:
        """This thread's connection, opened anew where the last one has broken."""
        import psycopg

        try:
            open_one = getattr(self._here, "database", None)
            if open_one is None or open_one.closed or open_one.broken:
                self._here.database = self._connect()
            yield self._here.database
        except psycopg.Error as error:
            raise DataError(f"the index in {_without_password(self.url)} cannot be used: {error}") from error

    def _connect(self) -> Any:
        import psycopg
        from pgvector.psycopg import register_vector

        database = psycopg.connect(self.url, autocommit=True, connect_timeout=5)
        database.execute("CREATE EXTENSION IF NOT EXISTS vector")
        register_vector(database)
        for setting, value in (
            ("hnsw.iterative_scan", "strict_order"),
            ("hnsw.ef_search", self.EF_SEARCH),
            ("hnsw.max_scan_tuples", 2**31 - 1),
        ):
            database.execute(f"SET {setting} = {value}")
        return database


def _plain(vector: Any) -> np.ndarray:
    """A vector as the adapter of this version gives it."""
    return vector.to_numpy() if hasattr(vector, "to_numpy") else vector


def _without_password(url: str) -> str:
    return re.sub(r"(//[^:/@]*):[^@]*@", r"\1@", url)


def open_index(
    where: str = "", measure: Measure = "product", digits: int | None = None, table: str = "songs"
) -> VectorIndex:
    """An index by one setting.

    Parameters
    ----------
    where : str
        `postgresql://...`: a table there; `exact`: in memory, every song looked at; another text: the folder
        of a graph; empty: a graph in memory.
    measure, digits
        As for every index.
    table : str
        Of PostgreSQL.
    """
    if where.startswith(("postgresql://", "postgres://")):
        return PostgresIndex(where, measure, digits, table)
    if where == "exact":
        return ExactIndex(measure, digits)
    return GraphIndex(measure, digits, Path(where) if where else None)


def song_vectors(model: Recommender) -> np.ndarray:
    """The vectors that an index of a model holds: float32 (n_songs, f), by song code.

    Raises
    ------
    ConfigError
        For a model that has none.
    """
    if not isinstance(model, Factorised):
        raise ConfigError(
            f"{type(model).__name__} has no vectors: its lists are made without an index. ALS, BPR, PureSVD, "
            "ELSA and Item2Vec have"
        )
    return model.song_factors_


def user_vector(model: Recommender, fold_in: csr_array, user: int = NOTHING) -> np.ndarray:
    """The query that finds a user's list: float64 (f,), from their row of plays, 1 x n_songs."""
    song_vectors(model)
    return model.encode(fold_in, np.array([user]))[0]


def indexed(model: Recommender, where: str, name: str) -> Recommender:
    """The model, its lists for one user and its similar songs made by indexes.

    Parameters
    ----------
    model : Recommender
        Fitted; one without vectors is given back as it is.
    where : str
        As for `open_index`; empty: the model is given back as it is.
    name : str
        Of this training: each has indexes of its own, filled where they are not there yet.

    Notes
    -----
    While an index cannot be asked, the model, which has all vectors, makes the list itself.
    """
    if not where or not isinstance(model, Factorised):
        return model
    made = copy.copy(model)
    found = {}
    for measure in ("product", "cosine"):
        place = where if where == "exact" or "://" in where else str(Path(where) / name / measure)
        table = f"{measure}_{blake2b(name.encode(), digest_size=6).hexdigest()}"
        found[measure] = open_index(place, measure, model.digits if measure == "product" else None, table)
        found[measure].add(np.arange(model.n_songs_), song_vectors(model))
    pause = _Pause()

    def recommend_to(songs, plays, k: int, *, user: int = NOTHING, excluded: np.ndarray) -> Found:
        def of_index() -> Found:
            row = csr_array((plays, songs, [0, len(songs)]), shape=(1, model.n_songs_))
            return found["product"].search(user_vector(model, row, user), k, excluded)

        return pause.ask(of_index, lambda: model.recommend_to(songs, plays, k, user=user, excluded=excluded))

    def similar_songs(songs: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        def of_index() -> tuple[np.ndarray, np.ndarray]:
            near = np.full((len(songs), k), NOTHING, np.int32), np.full((len(songs), k), -np.inf, np.float32)
            for row, song in enumerate(songs):
                ids, scores = found["cosine"].search(song_vectors(model)[song], k, [song])
                near[0][row, : len(ids)], near[1][row, : len(ids)] = ids, scores
            return near

        return pause.ask(of_index, lambda: model.similar_songs(songs, k))

    made.recommend_to, made.similar_songs = recommend_to, similar_songs
    return made


class _Pause:
    """Asks what may fail; after it has, something else for a while."""

    SECONDS = 5.0

    def __init__(self):
        self.until = 0.0

    def ask(self, first: Callable[[], Any], other: Callable[[], Any]) -> Any:
        if time.monotonic() >= self.until:
            try:
                return first()
            except DataError as error:
                self.until = time.monotonic() + self.SECONDS
                log.warning("index", extra={"told": {"error": str(error)}})
        return other()
