"""An index in a database."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from songrec.errors import ConfigError, DataError
from songrec.extras import require
from songrec.serve.index.base import MANY, SPARE, Measure, VectorIndex


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
