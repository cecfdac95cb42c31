"""One profile's trained model, its log and its titles, and what they answer."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.checks import check_names
from songrec.config import read_profile
from songrec.data import Catalogue, Interactions, codes_of
from songrec.errors import DataError
from songrec.evaluation.metrics import METRICS
from songrec.lists import NOTHING
from songrec.models import Popularity, Recommender, create, load_model
from songrec.models.base import class_name
from songrec.paths import PROFILES, Paths
from songrec.recorded import check_recorded
from songrec.results import Results
from songrec.serve.near import near_ids
from songrec.splits import Split

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

    def for_user(self, user_id: str, n: int) -> Answer:
        """What a user of the log might play next; a user who is not in it gets the popular list."""
        code = codes_of(self.log.user_ids, [user_id])[0]
        if code == NOTHING:
            notes = [f"Nobody in the log is called {user_id!r}.{_did_you_mean(self.log.user_ids, user_id)}"]
            return self._popular(np.empty(0, np.int32), n, notes)
        heard = self.log.plays[[code]]
        place = codes_of(self.song_ids, self.log.song_ids[heard.indices])
        user = codes_of(self.user_ids, [user_id])
        played = f"{heard.nnz} {self.item}{'' if heard.nnz == 1 else 's'}"
        heading = f"{self.label} for user {user_id}, who has played {played}"
        known = place != NOTHING
        fold_in = _row(place[known], len(self.song_ids), heard.data[known])
        return self._recommend(fold_in, heard.indices, n, heading, [], user)

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
        heard = codes_of(self.log.song_ids, self.song_ids[known])
        fold_in = _row(known, len(self.song_ids))
        return self._recommend(fold_in, heard[heard != NOTHING], n, heading, notes, None)

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
        songs, scores = self.model.similar_songs(code, self._at_most(n))
        heading = f"{self.label}: {self.item}s like {self.catalogue.label(self.song_ids[code])[0]}"
        return Answer(heading, self._table(songs[0], scores[0], self.song_ids), self._remarks())

    def _recommend(
        self,
        fold_in: csr_array,
        heard: np.ndarray,
        n: int,
        heading: str,
        notes: list[str],
        user: np.ndarray | None,
    ) -> Answer:
        """The model's list for who has played `fold_in`; `heard` are the log's codes of these songs."""
        found, scores = self.model.recommend(fold_in, self._at_most(n), users=user)
        if found[0, 0] == NOTHING:
            notes = [*notes, f"{heading}: the model knows nothing more for them."]
            return self._popular(heard, n, notes)
        if isinstance(self.model, Popularity):
            notes = [*notes, _counts(self.model)]
        return Answer(heading, self._table(found[0], scores[0], self.song_ids), notes + self._remarks())

    def _popular(self, heard: np.ndarray, n: int, notes: list[str]) -> Answer:
        """What most people play, less what this person has: codes of the log."""
        model = Popularity().fit(self.log.plays)
        songs, scores = model.recommend(_row(heard, self.log.n_songs), self._at_most(n))
        table = self._table(songs[0], scores[0], self.log.song_ids)
        notes = [*notes, *([_counts(model)] if len(table) else []), *self._remarks(False)]
        return Answer(f"The most popular {self.item}s, by listeners", table, notes)

    def _at_most(self, n: int) -> int:
        return max(1, min(n, self.log.n_songs))

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

    def _unknown(self, item: str, song_id: str) -> str:
        return f"{item} {song_id!r} is not known.{_did_you_mean(self.song_ids, song_id)}"

    def _remarks(self, by_model: bool = True) -> list[str]:
        remarks = [self.why] if self.why and by_model else []
        if self.synthetic:
            remarks.append("The log is synthetic: titles, artists and listeners are invented.")
        return remarks


def _row(songs: np.ndarray, n_songs: int, plays: np.ndarray | None = None) -> csr_array:
    """One listener's row, 1 x n_songs: how often each of these codes was played, once where nobody knows."""
    plays, order = np.ones(len(songs), np.int32) if plays is None else plays, np.argsort(songs)
    return csr_array((plays[order], songs[order], [0, len(songs)]), shape=(1, n_songs), dtype=np.int32)


def _counts(model: Popularity) -> str:
    return f"The score is the number of {model.by}."


def _did_you_mean(ids: np.ndarray, wanted: str) -> str:
    near = near_ids(ids, wanted)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def open_service(profile: str, model: str | None = None, similar: bool = False) -> Service:
    """The service over what the last run of a profile made.

    Parameters
    ----------
    profile : str
        Name of the profile.
    model : str, optional
        A label of the profile; by default the run's winner.
    similar : bool
        Whether songs are to be compared: the winner is then the best of those that can.

    Raises
    ------
    ConfigError
        For an unknown profile or model.
    DataError
        When it has not run yet, or when what it made is damaged or of another run.
    """
    known = read_profile(profile, PROFILES).models
    paths = Paths(profile)
    run = Results.of_run(profile)
    again = f"Make it again: songrec run --profile {profile}"
    try:
        able = [one for one, spec in known.items() if type(create(spec.estimator)).compares_songs()]
        label = model or run.winner(able or None if similar else None)
        why = "" if model else _why(run, label, "that compare songs and" if similar else "that")
        synthetic, item = run.synthetic, run.item
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise DataError(f"the tables in {run.folder} are damaged ({error!r}). {again}") from error
    check_names([label], known, "model", f"profile {profile}")
    folder = paths.processed / "models" / label
    if not folder.exists():
        raise DataError(f"model {label!r} is not trained yet: songrec run --profile {profile}")
    split, log = Split.load(paths.processed / "split"), Interactions.load(paths.processed / "interactions")
    fitted = load_model(folder)
    if class_name(type(fitted)) != known[label].estimator or fitted.n_songs_ != len(split.song_ids):
        raise DataError(f"{folder} holds another model, {fitted} of {fitted.n_songs_} songs. {again}")
    for name in ("user_ids", "song_ids"):
        if not _of_one_log(getattr(split, name), getattr(log, name)):
            raise DataError(f"{paths.processed}: the {name} of split and interactions differ. {again}")
    titles = Catalogue.load(paths.interim / "songs.parquet")
    for stage, output in (
        ("ingest", paths.interim / "songs.parquet"),
        ("ingest", paths.processed / "interactions"),
        ("split", paths.processed / "split"),
        (f"train.{label}", folder),
        *((f"tune.{one}", run.folder / "tune" / one) for one in run.facts("tune")),
    ):
        check_recorded(paths, stage, output)
    return Service(fitted, label, split.user_ids, split.song_ids, log, titles, synthetic, item, why)


def _of_one_log(some: np.ndarray, all_of_them: np.ndarray, looks: int = 1_000) -> bool:
    """Whether ids are among the log's: of many, as many as are looked at."""
    return bool((codes_of(all_of_them, some[:: max(1, len(some) // looks)]) != NOTHING).all())


def _why(run: Results, label: str, which: str) -> str:
    """Why a model answers that nobody asked for."""
    found = run.facts("tune")[label]
    if found["value"] is None:
        return f"{label} answers: no model of the run was searched. --model names another."
    metric, _, cutoff = found["metric"].partition("@")
    return (
        f"{label} answers: of the models {which} are not made of others it was the best on validation "
        f"({METRICS[metric].title(int(cutoff))} {found['value']:.3f}). --model names another."
    )
