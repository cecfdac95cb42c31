"""One profile's trained model, its log and its titles, behind three questions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.config import check_names, read_profile
from songrec.data import Catalogue, Interactions, codes_of
from songrec.errors import DataError
from songrec.files import read_json
from songrec.lists import NOTHING
from songrec.models import Popularity, Recommender, load_model
from songrec.paths import PROFILES, Paths
from songrec.serve.near import near_ids
from songrec.split import Split


@dataclass(frozen=True)
class Answer:
    """A ranked list for a person.

    table : columns rank, title, id, score.
    notes : what the reader must know about it, in sentences.
    """

    heading: str
    table: pd.DataFrame
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        body = self.table.to_string(index=False, formatters={"score": "{:.4g}".format}, justify="left")
        return "\n".join([self.heading, *self.notes, body if len(self.table) else "(nothing to recommend)"])


@dataclass(frozen=True)
class Service:
    """Answers from a fitted model.

    model : fitted on songs coded by `song_ids` and users coded by `user_ids`.
    log : everything that is known of every user.
    label : the model's name in its profile; synthetic : whether the log is.
    """

    model: Recommender
    label: str
    user_ids: np.ndarray
    song_ids: np.ndarray
    log: Interactions
    catalogue: Catalogue
    synthetic: bool = False

    def for_user(self, user_id: str, n: int) -> Answer:
        """What a user of the log might play next; a user who is not in it gets the popular list."""
        code = codes_of(self.log.user_ids, [user_id])[0]
        if code == NOTHING:
            return self._popular(n, [f"Nobody in the log is called {user_id!r}.{self._near(user_id)}"])
        heard = self.log.plays[[code]]
        place = codes_of(self.song_ids, self.log.song_ids[heard.indices])
        user = codes_of(self.user_ids, [user_id])
        heading = f"{self.label} for user {user_id}, who has played {heard.nnz} songs"
        return self._recommend(place[place != NOTHING], n, heading, [], user)

    def for_songs(self, song_ids: Sequence[str], n: int) -> Answer:
        """What a new listener, who has played these songs, might play next.

        Raises `DataError` when the model knows none of them.
        """
        place = codes_of(self.song_ids, song_ids)
        unknown = [song for song, code in zip(song_ids, place, strict=True) if code == NOTHING]
        notes = [f"Song {song!r} is not known.{self._near_song(song)}" for song in unknown]
        if len(unknown) == len(song_ids):
            raise DataError(" ".join(notes) or "name at least one song")
        known = np.unique(place[place != NOTHING])
        heading = f"{self.label} for a new listener of " + "; ".join(
            self.catalogue.label(self.song_ids[known])
        )
        return self._recommend(known, n, heading, notes, None)

    def similar(self, song_id: str, n: int) -> Answer:
        """Songs like a song. Raises `DataError` when it is not known."""
        code = codes_of(self.song_ids, [song_id])
        if code[0] == NOTHING:
            raise DataError(f"song {song_id!r} is not known.{self._near_song(song_id)}")
        songs, scores = self.model.similar_songs(code, n)
        heading = f"{self.label}: songs like {self.catalogue.label(self.song_ids[code])[0]}"
        return Answer(heading, self._table(songs[0], scores[0], self.song_ids), self._synthetic())

    def _recommend(
        self, songs: np.ndarray, n: int, heading: str, notes: list[str], user: np.ndarray | None
    ) -> Answer:
        row = csr_array(
            (np.ones(len(songs), np.int32), np.sort(songs), [0, len(songs)]), shape=(1, len(self.song_ids))
        )
        found, scores = self.model.recommend(row, n, users=user)
        if found[0, 0] == NOTHING:
            return self._popular(n, [*notes, f"{heading}: nobody else has played these songs."])
        return Answer(heading, self._table(found[0], scores[0], self.song_ids), notes + self._synthetic())

    def _popular(self, n: int, notes: list[str]) -> Answer:
        songs, scores = (
            Popularity().fit(self.log.plays).recommend(csr_array((1, self.log.n_songs), dtype=np.int32), n)
        )
        table = self._table(songs[0], scores[0], self.log.song_ids)
        return Answer("The most popular, by listeners", table, notes + self._synthetic())

    def _table(self, songs: np.ndarray, scores: np.ndarray, song_ids: np.ndarray) -> pd.DataFrame:
        real = songs != NOTHING
        ids = song_ids[songs[real]]
        return pd.DataFrame(
            {
                "rank": np.arange(1, real.sum() + 1),
                "title": self.catalogue.label(ids),
                "id": ids,
                "score": scores[real],
            }
        )

    def _near(self, user_id: str) -> str:
        return _did_you_mean(near_ids(self.log.user_ids, user_id))

    def _near_song(self, song_id: str) -> str:
        return _did_you_mean(near_ids(self.song_ids, song_id))

    def _synthetic(self) -> list[str]:
        return ["The log is synthetic: titles, artists and listeners are invented."] if self.synthetic else []


def _did_you_mean(near: list[str]) -> str:
    return f" Did you mean {' or '.join(near)}?" if near else ""


def open_service(profile: str, model: str | None = None) -> Service:
    """The service over what the last run of `profile` made; `model` is a label of the profile.

    Raises `ConfigError` for an unknown profile or model, and `DataError` when it has not run yet.
    """
    known = read_profile(profile, PROFILES).models
    paths = Paths(profile)
    if not paths.plan.exists():
        raise DataError(f"profile {profile!r} has not run here yet: songrec run --profile {profile}")
    plan: dict[str, Any] = read_json(paths.plan)
    label = model or plan["recommend"]["parameters"]["model"]
    check_names([label], known, "model", f"profile {profile}")
    folder = paths.processed / "models" / label
    if not folder.exists():
        raise DataError(f"model {label!r} is not trained yet: songrec run --profile {profile}")
    split = Split.load(paths.processed / "split")
    return Service(
        load_model(folder),
        label,
        split.user_ids,
        split.song_ids,
        Interactions.load(paths.processed / "interactions"),
        Catalogue.load(paths.interim / "songs.parquet"),
        plan["ingest"]["parameters"]["source"] == "synthetic",
    )
