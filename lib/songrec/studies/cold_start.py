"""New users of whom a model sees only the first few songs, and new songs that no model has met."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from songrec.data import Catalogue, codes_of
from songrec.evaluation import score_lists, summarise
from songrec.evaluation.metrics import DECIDING
from songrec.lists import NOTHING
from songrec.models import Hybrid, Recommender, create
from songrec.models.artist_knn import ArtistKNN
from songrec.splits.cold import NewUsers, Sizes, new_songs
from songrec.studies.stacked import ESTIMATE, leads_by, means_by, stacked

METRICS = (DECIDING, "recall")

Curves = Mapping[str, Mapping[int, pd.DataFrame]]
"""Model -> number of songs shown -> values by user (`score_lists`)."""


def fit_all(tuned: Mapping[str, Mapping], train, member: str) -> tuple[dict[str, Recommender], Hybrid]:
    """Every model with its tuned hyper-parameters, and the hybrid that falls back from one of them.

    Parameters
    ----------
    tuned : mapping
        Model -> `estimator`, `hyperparameters`.
    train : csr_array (n_users, n_songs)
    member : str
        The model that the hybrid falls back from.
    """
    fitted = {
        model: create(of["estimator"], **of["hyperparameters"]).fit(train) for model, of in tuned.items()
    }
    entry = {name: tuned[member][name] for name in ("estimator", "hyperparameters")}
    return fitted, Hybrid(members={member: entry}).fit(train)


def curve(model: Recommender, users: NewUsers, shown: Sequence[int], cutoff: int) -> dict[int, pd.DataFrame]:
    """The accuracy of a fitted model's lists, of the same hidden songs, once so many songs are shown.

    Returns
    -------
    dict
        Number of songs -> values by user. A model that has no list yet finds nothing.
    """
    found = {}
    for n in shown:
        songs, _ = model.recommend(users.fold_in(n), cutoff)
        found[n] = score_lists(songs, users.holdout, cutoff, users.users, METRICS)
    return found


def choose_kappa(
    hybrid: Hybrid, users: NewUsers, shown: Sequence[int], kappas: Sequence[float], cutoff: int
) -> pd.DataFrame:
    """Try each kappa on a fitted hybrid, which keeps the best one, the earliest where several are equal.

    Returns
    -------
    DataFrame
        kappa, shown, value: mean average precision of the users; and, with `shown` empty, the mean over all
        numbers of songs, each weighing the same, which decides.
    """
    rows = []
    for kappa in kappas:
        by = curve(hybrid.set_params(kappa=kappa), users, shown, cutoff)
        means = {n: float(values[f"{DECIDING}@{cutoff}"].mean()) for n, values in by.items()}
        rows += [[float(kappa), n, value] for n, value in means.items()]
        rows.append([float(kappa), None, float(np.mean(list(means.values())))])
    table = pd.DataFrame(rows, columns=["kappa", "shown", "value"]).astype({"shown": "Int64"})
    whole = table[table["shown"].isna()]
    hybrid.set_params(kappa=float(whole.loc[whole["value"].idxmax(), "kappa"]))
    return table


def users_by_part(train, choosing: NewUsers, tested: NewUsers) -> pd.DataFrame:
    """Who is set aside: `part`, `users`, `songs` (heard), `hidden` (songs a user, NaN for training)."""
    parts = {"training": (train, None), "validation": (choosing.plays, choosing.holdout)}
    parts["test"] = (tested.plays, tested.holdout)
    rows = [
        [part, plays.shape[0], plays.nnz, np.nan if holdout is None else holdout.nnz / plays.shape[0]]
        for part, (plays, holdout) in parts.items()
    ]
    return pd.DataFrame(rows, columns=["part", "users", "songs", "hidden"])


def fewer(asked: Sizes, taken: Sizes) -> dict | None:
    """What was asked and what was taken, where the log did not afford what was asked."""
    return None if asked == taken else {"asked": asdict(asked), "taken": asdict(taken)}


def means(curves: Curves) -> pd.DataFrame:
    """Means over the users: model, metric, k, shown, value, se, ci_low, ci_high, n_users."""
    return means_by(curves, "shown")


def gains(curves: Curves, than: str, cutoff: int) -> pd.DataFrame:
    """Every model minus another with as much shown, user by user, by average precision.

    Returns
    -------
    DataFrame
        model, than, metric, k, shown, value, se, ci_low, ci_high, n_users.
    """
    column = [f"{DECIDING}@{cutoff}"]
    decide = {model: {n: values[column] for n, values in by.items()} for model, by in curves.items()}
    return leads_by(decide, "shown", than)


def metadata(catalogue: Catalogue, song_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(artist codes int (n_songs,), -1 where not known; release years float (n_songs,), NaN where not known).

    >>> known = Catalogue.from_columns(["s1", "s2"], ["One", "Two"], ["A", None], [1999, 0])
    >>> metadata(known, np.array(["s1", "s2", "s3"]))
    (array([ 0, -1, -1]), array([1999.,   nan,   nan]))
    """
    names = catalogue.artists(song_ids)
    named = names != None  # noqa: E711 (element by element)
    artists = np.full(len(names), -1)
    artists[named] = np.unique(names[named].astype(str), return_inverse=True)[1]
    years = np.append(catalogue.year, None)[codes_of(catalogue.song_ids, song_ids)]
    return artists, np.array([np.nan if year is None else year for year in years], np.float64)


def rank_new_songs(
    plays, artists: np.ndarray, release: np.ndarray, *, share: float, years: float, cutoff: int, seed: int
) -> tuple[pd.DataFrame, float]:
    """Take a share of the songs out as new and rank them for the users who played some.

    Parameters
    ----------
    plays : csr_array (n_users, n_songs)
    artists, release : (n_songs,)
        As `metadata` gives them.
    share : float
        Share of the songs to take out.
    years : float
        How slowly similarity fades with the distance in release years.
    cutoff : int
        Length of the lists.
    seed : int
        Of the choice of songs, and of the random order.

    Returns
    -------
    DataFrame
        way (artist, artist and year, random), metric, k, value, se, ci_low, ci_high, n_users.
    float
        The share of the new songs whose artist is known.
    """
    train, new, listeners = new_songs(plays, share, seed)
    ways = {
        "artist": ArtistKNN().fit(train, artists, listed=new),
        "artist and year": ArtistKNN(years=years).fit(train, artists, release, listed=new),
    }
    lists = {way: model.recommend(listeners.fold_in, cutoff)[0] for way, model in ways.items()}
    lists["random"] = random_lists(new, len(listeners.users), cutoff, seed)
    tables = [
        summarise(score_lists(songs, listeners.holdout, cutoff, listeners.users, METRICS)).assign(way=way)
        for way, songs in lists.items()
    ]
    return stacked(tables, f"way metric k {ESTIMATE}"), float((artists[new] >= 0).mean())


def random_lists(songs: np.ndarray, n_users: int, cutoff: int, seed: int = 0) -> np.ndarray:
    """Lists (n_users, cutoff) of songs drawn at random, filled up with -1 where there are fewer songs."""
    random = np.random.default_rng(seed)
    lists = np.full((n_users, cutoff), NOTHING, np.int32)
    places = min(cutoff, len(songs))
    for row in lists:
        row[:places] = random.choice(songs, places, replace=False)
    return lists
