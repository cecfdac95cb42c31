"""What a listening log looks like: its size, activity, long tail and plays, and real logs beside it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from songrec.csr import column_counts
from songrec.data import Interactions
from songrec.data.marginals import QUANTILES, TOPS, compare
from songrec.studies.distributions import named, survival

PLAY_BINS = ((1, 1), (2, 2), (3, 4), (5, 9), (10, 19), (20, 49), (50, None))

_USERS, _PLAYS, _LISTENING = "songs per user", "plays per triplet", "share of listening"


def songs_per_user(log: Interactions) -> np.ndarray:
    """Number of different songs of each user, int (n_users,)."""
    return np.diff(log.plays.indptr)


def listeners_per_song(log: Interactions) -> np.ndarray:
    """Number of different users of each song, int (n_songs,)."""
    return column_counts(log.plays)


def summary(log: Interactions) -> pd.DataFrame:
    """The log's size in one row: users, songs, triplets, plays, density."""
    plays = int(log.plays.data.sum(dtype=np.int64))
    row = [log.n_users, log.n_songs, int(log.plays.nnz), plays, log.density]
    return pd.DataFrame([row], columns=["users", "songs", "triplets", "plays", "density"])


def long_tail(log: Interactions) -> pd.DataFrame:
    """Songs from the most to the least heard.

    Returns
    -------
    DataFrame
        rank, listeners, song_share, interaction_share: the first so many songs (cumulative shares) hold that
        share of all interactions.
    """
    listeners = np.sort(listeners_per_song(log))[::-1]
    rank = np.arange(1, log.n_songs + 1)
    return pd.DataFrame(
        {
            "rank": rank,
            "listeners": listeners,
            "song_share": rank / log.n_songs,
            "interaction_share": listeners.cumsum() / listeners.sum(),
        }
    )


def thinned(tail: pd.DataFrame, points: int = 400) -> pd.DataFrame:
    """Enough rows of `long_tail` to draw it on either scale, the first and the last included."""
    ranks = np.concatenate([np.geomspace(1, len(tail), points), np.linspace(1, len(tail), points)])
    ranks = np.unique(ranks.round().astype(int))
    return tail.iloc[ranks - 1].reset_index(drop=True)


def top_shares(tail: pd.DataFrame, tops: Sequence[float] = (0.01, 0.05, 0.1, 0.25, 0.5)) -> pd.DataFrame:
    """What the most heard songs hold: top (share of the songs), songs, interactions (share of all)."""
    songs = [max(1, round(share * len(tail))) for share in tops]
    held = tail["interaction_share"].to_numpy()[np.array(songs) - 1]
    return pd.DataFrame({"top": tops, "songs": songs, "interactions": held})


def play_bins(plays: np.ndarray) -> pd.DataFrame:
    """Interactions by number of plays: plays (from and to), share.

    >>> play_bins(np.array([1, 1, 3, 80])).query("share > 0")
        plays  share
    0       1   0.50
    2  3 to 4   0.25
    6     50+   0.25
    """
    rows = []
    for low, high in PLAY_BINS:
        name = f"{low}+" if high is None else str(low) if low == high else f"{low} to {high}"
        rows.append([name, float(np.mean((plays >= low) & (plays <= (high or np.inf))))])
    return pd.DataFrame(rows, columns=["plays", "share"])


def density_grid(log: Interactions, blocks: int = 40) -> pd.DataFrame:
    """The matrix from afar: users by activity, songs by popularity, cut into blocks x blocks.

    Returns
    -------
    DataFrame
        user_block, song_block (0 holds the most active, the most heard), density: the share of the block's
        cells that are not empty.
    """
    user_block = _blocks(songs_per_user(log), blocks)
    song_block = _blocks(listeners_per_song(log), blocks)
    rows = np.repeat(user_block, np.diff(log.plays.indptr))
    filled = np.zeros((user_block.max() + 1, song_block.max() + 1))
    np.add.at(filled, (rows, song_block[log.plays.indices]), 1)
    cells = np.outer(np.bincount(user_block), np.bincount(song_block))
    users, songs = np.indices(filled.shape)
    return pd.DataFrame(
        {"user_block": users.ravel(), "song_block": songs.ravel(), "density": (filled / cells).ravel()}
    )


def _blocks(counts: np.ndarray, blocks: int) -> np.ndarray:
    """For each entry, the block it falls into when sorted by falling count; blocks of about equal size."""
    place = np.empty(len(counts), int)
    place[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return place * min(blocks, len(counts)) // len(counts)


def beside_real(log: Interactions) -> pd.DataFrame:
    """The log's own figures beside the real ones: of, figure, `this log` and a column a real log."""
    return compare(log).reset_index()


def own_curves(log: Interactions) -> pd.DataFrame:
    """The log's own three curves: of, x, y.

    Of songs per user and of plays, the share `y` with at least `x`; of listening, the share `y` that the most
    heard share `x` of the songs holds.
    """
    curves = {_USERS: survival(songs_per_user(log)), _PLAYS: survival(log.plays.data)}
    curves[_LISTENING] = thinned(long_tail(log))[["song_share", "interaction_share"]]
    return named({of: curve.set_axis(["x", "y"], axis=1) for of, curve in curves.items()}, "of")


def real_points(beside: pd.DataFrame) -> pd.DataFrame:
    """Where real logs lie on those curves: of, log, x, y.

    Songs per user and plays are those of whole histories; `songrec.data.compare` says which log can be
    held against which figure.
    """
    figures = beside.set_index(["of", "figure"])
    whole = "taste-profile-3k-users"
    rows = [
        [of, whole, figures.loc[(of, name), whole], 1 - quantile]
        for of in (_USERS, _PLAYS)
        for name, quantile in QUANTILES.items()
    ]
    for log in (whole, "msd-challenge"):
        rows += [[_LISTENING, log, top, figures.loc[(_LISTENING, name), log]] for name, top in TOPS.items()]
    return pd.DataFrame(rows, columns=["of", "log", "x", "y"])


def few_listeners(log: Interactions, fewer_than: int = 10) -> float:
    """Share of the songs that have so few listeners."""
    return float(np.mean(listeners_per_song(log) < fewer_than))
