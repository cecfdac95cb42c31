"""Answers worded for the command line: what `songrec recommend` and `songrec similar` print."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from songrec.data import Catalogue, Interactions, codes_of
from songrec.errors import DataError
from songrec.lists import NOTHING
from songrec.models import Popularity, Recommender
from songrec.serve.near import near_ids
from songrec.serve.recommender import Listener, Ranked, SongRecommender
from songrec.serve.run import open_run

_WIDEST = 60


@dataclass(frozen=True)
class Answer:
    """A ranked list for a person.

    Attributes
    ----------
    heading : str
        What it is.
    table : DataFrame
        Columns rank, title, id, score.
    notes : list of str
        Sentences about it.
    """

    heading: str
    table: pd.DataFrame
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([self.heading, *self.notes, *(_rows(self.table) or ["(nothing to recommend)"])])


def _rows(table: pd.DataFrame) -> list[str]:
    """The table as lines: text to the left, numbers to the right, no id that only repeats its title."""
    if table.empty:
        return []
    columns = {
        "rank": [str(rank) for rank in table["rank"]],
        "title": [_cut(title) for title in table["title"]],
        "id": table["id"].tolist(),
        "score": [f"{score:.3f}" for score in table["score"]],
    }
    if (table["title"] == table["id"]).all():
        del columns["id"]
    sized = []
    for name, cells in columns.items():
        width = max(map(len, [name, *cells]))
        side = str.ljust if name in ("title", "id") else str.rjust
        sized.append([side(cell, width) for cell in [name, *cells]])
    return ["  ".join(row) for row in zip(*sized, strict=True)]


def _cut(title: str) -> str:
    return title if len(title) <= _WIDEST else title[: _WIDEST - 1].rstrip() + "…"


@dataclass(frozen=True)
class Service:
    """Answers from a fitted model.

    Attributes
    ----------
    model : Recommender
        Fitted on songs coded by `song_ids` and users coded by `user_ids`.
    label : str
        The model's name in its profile.
    user_ids : array of str
        Sorted.
    song_ids : array of str
        Sorted.
    log : Interactions
        All that is known of every user.
    catalogue : Catalogue
        Titles.
    synthetic : bool
        Whether the log is.
    item : str
        What the log's items are called: song, artist, movie ...
    why : str
        Why this model answers; empty where it was asked for.
    """

    model: Recommender
    label: str
    user_ids: np.ndarray
    song_ids: np.ndarray
    log: Interactions
    catalogue: Catalogue
    synthetic: bool = False
    item: str = "song"
    why: str = ""

    @cached_property
    def recommender(self) -> SongRecommender:
        return SongRecommender(self.model, self.user_ids, self.song_ids, self.log)

    def for_user(self, user_id: str, n: int) -> Answer:
        """What a user of the log might play next; a user who is not in it gets the popular list."""
        listener = self.recommender.user(user_id)
        if not listener.known:
            notes = [f"Nobody in the log is called {user_id!r}.{_did_you_mean(self.log.user_ids, user_id)}"]
            return self._popular(listener, n, notes)
        played = f"{len(listener.songs)} {self.item}{'' if len(listener.songs) == 1 else 's'}"
        return self._recommend(listener, n, f"{self.label} for user {user_id}, who has played {played}", [])

    def for_songs(self, song_ids: Sequence[str], n: int) -> Answer:
        """What a new user, who has played these songs, might play next.

        Raises
        ------
        DataError
            When the model knows none of them.
        """
        place = codes_of(self.song_ids, song_ids)
        unknown = [song for song, code in zip(song_ids, place, strict=True) if code == NOTHING]
        notes = [self._unknown(self.item.capitalize(), song) for song in unknown]
        if len(unknown) == len(song_ids):
            raise DataError(" ".join(notes) or f"name at least one {self.item}")
        known = np.unique(place[place != NOTHING])
        heading = f"{self.label} for a new listener of " + "; ".join(
            self.catalogue.label(self.song_ids[known])
        )
        listener = Listener.of(self.recommender.in_log[known], np.ones(len(known)))
        return self._recommend(listener, n, heading, notes)

    def named(self, text: str) -> list[str]:
        """The ids that a comma-separated text names; one that holds a comma stands alone or in quotes.

        Raises
        ------
        DataError
            When it cannot be read so.
        """
        if codes_of(self.song_ids, [text])[0] != NOTHING:
            return [text]
        try:
            rows = list(csv.reader([text], skipinitialspace=True))
        except csv.Error as error:
            raise DataError(f"{text[:_WIDEST]!r} is no list of {self.item}s with commas: {error}") from error
        return [name.strip() for row in rows for name in row if name.strip()]

    def similar(self, song_id: str, n: int) -> Answer:
        """The songs (or artists) most similar to one.

        Raises
        ------
        DataError
            When it is not known.
        """
        code = codes_of(self.song_ids, [song_id])
        if code[0] == NOTHING:
            raise DataError(self._unknown(self.item, song_id))
        found = self.recommender.similar(self.recommender.in_log[code[0]], self._at_most(n))
        heading = f"{self.label}: {self.item}s like {self.catalogue.label(self.song_ids[code])[0]}"
        return Answer(heading, self._table(found), self._remarks())

    def _recommend(self, listener: Listener, n: int, heading: str, notes: list[str]) -> Answer:
        """The model's list, or the popular one where it has none."""
        found = self.recommender.from_model(listener, self._at_most(n), listener.songs)
        if not len(found[0]):
            notes = [*notes, f"{heading}: the model knows nothing more for them."]
            return self._popular(listener, n, notes)
        if isinstance(self.model, Popularity):
            notes = [*notes, _counts(self.model.by)]
        return Answer(heading, self._table(found), notes + self._remarks())

    def _popular(self, listener: Listener, n: int, notes: list[str]) -> Answer:
        """What most people play, less what this person has."""
        table = self._table(self.recommender.most_popular(self._at_most(n), listener.songs))
        notes = [*notes, *([_counts("listeners")] if len(table) else []), *self._remarks(False)]
        return Answer(f"The most popular {self.item}s, by listeners", table, notes)

    def _at_most(self, n: int) -> int:
        return max(1, min(n, self.log.n_songs))

    def _table(self, found: Ranked) -> pd.DataFrame:
        songs, scores = found
        ids = self.log.song_ids[songs]
        return pd.DataFrame(
            {
                "rank": np.arange(1, len(songs) + 1),
                "title": self.catalogue.label(ids),
                "id": ids,
                "score": scores,
            }
        )

    def _unknown(self, item: str, song_id: str) -> str:
        return f"{item} {song_id!r} is not known.{_did_you_mean(self.song_ids, song_id)}"

    def _remarks(self, by_model: bool = True) -> list[str]:
        remarks = [self.why] if self.why and by_model else []
        if self.synthetic:
            remarks.append("The log is synthetic: titles, artists and listeners are invented.")
        return remarks


def _counts(by: str) -> str:
    return f"The score is the number of {by}."


def _did_you_mean(ids: np.ndarray, wanted: str) -> str:
    near = near_ids(ids, wanted)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def open_service(profile: str, model: str | None = None, similar: bool = False) -> Service:
    """The service over what the last run of a profile made: as for `songrec.serve.run.open_run`."""
    run = open_run(profile)
    label, why = run.named(model, similar)
    fitted = run.load(label)
    return Service(
        fitted, label, run.user_ids, run.song_ids, run.log, run.catalogue, run.synthetic, run.item, why
    )
