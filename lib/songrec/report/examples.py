"""Recommendations as a person meets them: histories beside lists, by title."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.data import Catalogue, codes_of
from songrec.errors import ConfigError
from songrec.lists import NOTHING, TopN
from songrec.models import Recommender
from songrec.report.show import Prose
from songrec.report.style import label
from songrec.report.words import counted
from songrec.splits import Split

COLUMNS = ["profile", "user", "kind", "model", "rank", "song_id", "label", "plays", "score", "hit"]
_SCORE = "{:.3g}"


def typical_users(split: Split, shares: Sequence[float] = (0.1, 0.5, 0.9)) -> list[str]:
    """Ids of test users at these places among all, from the fewest known songs to the most (ties by code)."""
    known = np.diff(split.test.fold_in.indptr)
    order = np.lexsort((split.test.users, known))
    places = dict.fromkeys(int(share * (len(order) - 1)) for share in shares)
    return [str(split.user_ids[split.test.users[order[place]]]) for place in places]


def whose(model: str, estimator: str, lists: TopN) -> Prose:
    """Whose lists are shown."""
    users = counted(len(lists.users), "test user")
    return Prose(f"Shown is {label(model)} (`songrec.models.{estimator}`), which made lists for {users}.")


def examples(
    profile: str, model: str, split: Split, lists: TopN, catalogue: Catalogue, user_ids: Sequence[str], n: int
) -> pd.DataFrame:
    """What each user played most, and what the model lists, in `COLUMNS`.

    `kind` is `history` (the n songs most played in the fold-in, with `plays`) or `recommended` (with `score`,
    and `hit`: whether the song was held out). `ConfigError` names an id that is not among the tested users.
    """
    codes = split.user_ids[split.test.users]
    places = codes_of(codes, user_ids)
    if unknown := [user for user, place in zip(user_ids, places, strict=True) if place == NOTHING]:
        raise ConfigError(f"not among the tested users: {', '.join(map(repr, unknown))}")
    rows = []
    for user, place in zip(user_ids, places, strict=True):
        songs, plays = _most_played(split.test.fold_in, place, n)
        rows.append(_rows(profile, user, "history", model, songs, split, catalogue, plays=plays))
        row = int(np.searchsorted(lists.users, split.test.users[place]))
        songs = lists.songs[row, :n]
        songs = songs[songs != NOTHING]
        start, end = split.test.holdout.indptr[place : place + 2]
        hit = np.isin(songs, split.test.holdout.indices[start:end])
        scores = lists.scores[row, : len(songs)]
        rows.append(
            _rows(profile, user, "recommended", model, songs, split, catalogue, score=scores, hit=hit)
        )
    return pd.concat(rows, ignore_index=True)


def _most_played(plays: csr_array, row: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    start, end = plays.indptr[row : row + 2]
    songs, counts = plays.indices[start:end], plays.data[start:end]
    order = np.lexsort((songs, -counts.astype(np.int64)))[:n]
    return songs[order], counts[order]


def _rows(
    profile: str,
    user: str,
    kind: str,
    model: str,
    songs: np.ndarray,
    split: Split,
    catalogue: Catalogue,
    **more,
) -> pd.DataFrame:
    ids = split.song_ids[songs]
    table = pd.DataFrame(
        {
            "profile": profile,
            "user": user,
            "kind": kind,
            "model": model,
            "rank": np.arange(1, len(songs) + 1),
            "song_id": ids,
            "label": catalogue.label(ids),
            "plays": pd.array(more.get("plays", [pd.NA] * len(songs)), dtype="Int64"),
            "score": [_SCORE.format(score) for score in more.get("score", [])] or [""] * len(songs),
            "hit": pd.array(more.get("hit", [pd.NA] * len(songs)), dtype="boolean"),
        }
    )
    return table[COLUMNS]


def side_by_side(table: pd.DataFrame, user: str) -> pd.DataFrame:
    """One user of `examples`, history beside recommendations: a row a rank, for reading."""
    mine = table[table["user"] == user].set_index("rank")
    history, listed = mine[mine["kind"] == "history"], mine[mine["kind"] == "recommended"]
    ranks = history.index.union(listed.index)
    history, listed = history.reindex(ranks), listed.reindex(ranks)
    return pd.DataFrame(
        {
            "rank": ranks,
            "played most": history["label"].fillna("").to_numpy(),
            "plays": history["plays"].array,
            "recommended": listed["label"].fillna("").to_numpy(),
            "played it too": [
                "yes" if hit is True or hit == 1 else "" for hit in listed["hit"].fillna(False)
            ],
        }
    )


def similar(
    model: Recommender, song_ids: np.ndarray, wanted: Sequence[str], catalogue: Catalogue, n: int
) -> pd.DataFrame:
    """The n songs most like each wanted one: columns `song`, `rank`, `like it`, `similarity`.

    Empty for a model that has no item similarity.
    """
    columns = ["song", "rank", "like it", "similarity"]
    try:
        songs, scores = model.similar_songs(codes_of(song_ids, wanted), n)
    except ConfigError:
        return pd.DataFrame(columns=columns)
    tables = []
    for title, row, score in zip(catalogue.label(wanted), songs, scores, strict=True):
        real = row != NOTHING
        found = pd.DataFrame(
            {"rank": np.arange(1, real.sum() + 1), "like it": catalogue.label(song_ids[row[real]])}
        )
        tables.append(found.assign(song=title, similarity=score[real].astype(float))[columns])
    return pd.concat(tables, ignore_index=True)


def first_songs(train: csr_array, song_ids: np.ndarray, catalogue: Catalogue, n: int = 3) -> list[str]:
    """Songs for a new listener to begin with: the n most heard of one artist.

    The artist is the one whose n-th most heard song has the most listeners. Where no artist is known to have
    n songs, they are simply the n most heard.
    """
    listeners = np.bincount(train.indices, minlength=train.shape[1])
    order = np.argsort(-listeners, kind="stable")
    artists = pd.Series(catalogue.artists(song_ids), dtype=object).iloc[order].reset_index(drop=True)
    place = artists.groupby(artists).cumcount()
    last = artists[(place == n - 1) & artists.notna()]
    chosen = order[np.flatnonzero(artists == last.iloc[0])[:n]] if len(last) else order[:n]
    return [str(song) for song in song_ids[chosen]]


def for_new_listener(
    model: Recommender, song_ids: np.ndarray, played: Sequence[str], catalogue: Catalogue, n: int
) -> pd.DataFrame:
    """What a listener nobody has met before might play next: columns `rank`, `recommended`, `id`.

    `ConfigError` names songs that the model does not know.
    """
    codes = codes_of(song_ids, played)
    if unknown := [song for song, code in zip(played, codes, strict=True) if code == NOTHING]:
        raise ConfigError(f"the model does not know: {', '.join(map(repr, unknown))}")
    codes = np.unique(codes)
    fold_in = csr_array((np.ones(len(codes), np.int32), codes, [0, len(codes)]), shape=(1, len(song_ids)))
    songs, _ = model.recommend(fold_in, n)
    ids = song_ids[songs[0][songs[0] != NOTHING]]
    return pd.DataFrame({"rank": np.arange(1, len(ids) + 1), "recommended": catalogue.label(ids), "id": ids})


def head_and_middle(split: Split) -> list[str]:
    """Two songs to ask about: the most heard one, and one from the middle of the charts (ties by code)."""
    listeners = np.bincount(split.train.indices, minlength=len(split.song_ids))
    order = np.argsort(-listeners, kind="stable")
    heard = np.count_nonzero(listeners)
    return [str(split.song_ids[order[place]]) for place in dict.fromkeys([0, heard // 2])]


def by_song(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """`similar`, a table a song."""
    groups = table.groupby("song", sort=False)
    return {f"Like {song}": rows.drop(columns="song") for song, rows in groups}
