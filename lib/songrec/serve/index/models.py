"""A model whose lists are made by indexes of its vectors."""

import copy
import logging
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.lists import NOTHING
from songrec.models import Recommender
from songrec.models.factors import Factorised
from songrec.serve.index.base import Found, Measure, VectorIndex
from songrec.serve.index.exact import ExactIndex
from songrec.serve.index.graph import GraphIndex
from songrec.serve.index.postgres import PostgresIndex

log = logging.getLogger("songrec.serve")


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
