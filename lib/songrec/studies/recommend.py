"""Recommendations as a person meets them: histories and lists by title, similar songs, a new listener."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.csr import column_counts
from songrec.data import Catalogue, codes_of
from songrec.errors import ConfigError
from songrec.lists import NOTHING, TopN
from songrec.models import Recommender
from songrec.splits import Split
from songrec.studies.stacked import stacked

EXAMPLES = ["user", "kind", "model", "rank", "song_id", "label", "plays", "score", "hit"]


def typical_users(split: Split, shares: Sequence[float] = (0.1, 0.5, 0.9)) -> list[str]:
    """Ids of test users at these places among all, from the fewest known songs to the most (ties by code)."""
    known = np.diff(split.test.fold_in.indptr)
    order = np.lexsort((split.test.users, known))
    places = dict.fromkeys(int(share * (len(order) - 1)) for share in shares)
    return [str(split.user_ids[split.test.users[order[place]]]) for place in places]


def examples(
    lists: Mapping[str, TopN], split: Split, catalogue: Catalogue, user_ids: Sequence[str], n: int
) -> pd.DataFrame:
    """What each user played most, and what each model lists.

    Parameters
    ----------
    lists : mapping
        Model -> its lists for the test users.
    split : Split
        The split they are of.
    catalogue : Catalogue
        Titles.
    user_ids : sequence of str
        Users of the test part.
    n : int
        Songs of a history and of a list.

    Returns
    -------
    DataFrame
        user, kind, model, rank, song_id, label, plays, score, hit. Rows of the kind `history` hold the songs
        most played in the fold-in, with `plays` and no model; those of the kind `recommended` a model's list,
        with `score` and `hit`, whether the song was held out.

    Raises
    ------
    ConfigError
        For a user who is not tested.
    """
    tested = split.user_ids[split.test.users]
    places = codes_of(tested, user_ids)
    if unknown := [user for user, place in zip(user_ids, places, strict=True) if place == NOTHING]:
        raise ConfigError(f"not among the tested users: {', '.join(map(repr, unknown))}")
    tables = []
    for user, place in zip(user_ids, places, strict=True):
        songs, plays = _most_played(split.test.fold_in, place, n)
        history = _by_title(songs, split.song_ids, catalogue)
        tables.append(history.assign(user=user, kind="history", model="", plays=plays))
        start, end = split.test.holdout.indptr[place : place + 2]
        held_out = split.test.holdout.indices[start:end]
        for model, made in lists.items():
            row = int(np.searchsorted(made.users, split.test.users[place]))
            songs = made.songs[row, :n]
            songs = songs[songs != NOTHING]
            listed = _by_title(songs, split.song_ids, catalogue)
            scores, hit = made.scores[row, : len(songs)], np.isin(songs, held_out)
            tables.append(listed.assign(user=user, kind="recommended", model=model, score=scores, hit=hit))
    table = pd.concat(tables, ignore_index=True).reindex(columns=EXAMPLES)
    return table.astype({"plays": "Int64", "hit": "boolean"})


def _by_title(songs: np.ndarray, song_ids: np.ndarray, catalogue: Catalogue) -> pd.DataFrame:
    ids = song_ids[songs]
    return pd.DataFrame({"rank": np.arange(1, len(ids) + 1), "song_id": ids, "label": catalogue.label(ids)})


def _most_played(plays: csr_array, row: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    start, end = plays.indptr[row : row + 2]
    songs, counts = plays.indices[start:end], plays.data[start:end]
    order = np.lexsort((songs, -counts.astype(np.int64)))[:n]
    return songs[order], counts[order]


def similar(
    models: Mapping[str, Recommender],
    song_ids: np.ndarray,
    wanted: Sequence[str],
    catalogue: Catalogue,
    n: int,
) -> pd.DataFrame:
    """The n songs most similar to each wanted one, by every model that has an item similarity.

    Returns
    -------
    DataFrame
        model, song (the title of the wanted one), rank, label, similarity (each model's of its own kind).
    """
    tables = []
    for name, model in models.items():
        try:
            songs, scores = model.similar_songs(codes_of(song_ids, wanted), n)
        except ConfigError:
            continue
        for title, row, score in zip(catalogue.label(wanted), songs, scores, strict=True):
            real = row != NOTHING
            found = _by_title(row[real], song_ids, catalogue).drop(columns="song_id")
            tables.append(found.assign(model=name, song=title, similarity=score[real].astype(float)))
    return stacked(tables, "model song rank label similarity")


def first_songs(train: csr_array, song_ids: np.ndarray, catalogue: Catalogue, n: int = 3) -> list[str]:
    """Songs for a new listener to begin with: the n most heard of one artist.

    The artist is the one whose n-th most heard song has the most listeners. Where no artist is known to have
    n songs, they are simply the n most heard.
    """
    listeners = column_counts(train)
    order = np.argsort(-listeners, kind="stable")
    artists = pd.Series(catalogue.artists(song_ids), dtype=object).iloc[order].reset_index(drop=True)
    place = artists.groupby(artists).cumcount()
    last = artists[(place == n - 1) & artists.notna()]
    chosen = order[np.flatnonzero(artists == last.iloc[0])[:n]] if len(last) else order[:n]
    return [str(song) for song in song_ids[chosen]]


def for_new_listener(
    models: Mapping[str, Recommender],
    song_ids: np.ndarray,
    played: Sequence[str],
    catalogue: Catalogue,
    n: int,
) -> pd.DataFrame:
    """What each model lists for a listener nobody has met before: model, rank, song_id, label.

    Raises
    ------
    ConfigError
        For songs that the models do not know.
    """
    codes = codes_of(song_ids, played)
    if unknown := [song for song, code in zip(played, codes, strict=True) if code == NOTHING]:
        raise ConfigError(f"the model does not know: {', '.join(map(repr, unknown))}")
    codes = np.unique(codes)
    fold_in = csr_array((np.ones(len(codes), np.int32), codes, [0, len(codes)]), shape=(1, len(song_ids)))
    tables = []
    for name, model in models.items():
        songs = model.recommend(fold_in, n)[0][0]
        tables.append(_by_title(songs[songs != NOTHING], song_ids, catalogue).assign(model=name))
    return stacked(tables, "model rank song_id label")


def head_and_middle(split: Split) -> list[str]:
    """Two songs to ask about: the most heard one, and one from the middle of the ranking (ties by code)."""
    listeners = column_counts(split.train)
    order = np.argsort(-listeners, kind="stable")
    heard = np.count_nonzero(listeners)
    return [str(split.song_ids[order[place]]) for place in dict.fromkeys([0, heard // 2])]
