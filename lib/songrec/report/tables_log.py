"""What a listening log looks like, as tables: each figure of the log is drawn from one of these."""

import numpy as np
import pandas as pd

from songrec.data import Interactions

PLAY_BINS = ((1, 1), (2, 2), (3, 4), (5, 9), (10, 19), (20, 49), (50, None))
TOP_SHARES = (0.01, 0.05, 0.1, 0.25, 0.5)


def songs_per_user(log: Interactions) -> np.ndarray:
    """Number of different songs of each user, int (n_users,)."""
    return np.diff(log.plays.indptr)


def listeners_per_song(log: Interactions) -> np.ndarray:
    """Number of different users of each song, int (n_songs,)."""
    return np.bincount(log.plays.indices, minlength=log.n_songs)


def summary(log: Interactions, item: str) -> pd.DataFrame:
    """The log's size: one row a quantity, columns `quantity`, `value` (text, ready to read)."""
    rows = {
        "users": f"{log.n_users:,}",
        f"{item}s": f"{log.n_songs:,}",
        f"interactions (user, {item})": f"{log.plays.nnz:,}",
        "plays": f"{int(log.plays.data.sum(dtype=np.int64)):,}",
        "density of the matrix": f"{100 * log.density:.3f} %",
        "data fingerprint": log.fingerprint(),
    }
    return pd.DataFrame({"quantity": list(rows), "value": list(rows.values())})


def survival(counts: np.ndarray) -> pd.DataFrame:
    """How much of a distribution lies at or above each value that occurs.

    Columns `value` (ascending) and `share_at_least`: the share of entries with at least that value.

    >>> survival(np.array([1, 1, 5, 2]))
       value  share_at_least
    0      1            1.00
    1      2            0.50
    2      5            0.25
    """
    values, times = np.unique(counts, return_counts=True)
    at_least = times[::-1].cumsum()[::-1] / max(times.sum(), 1)
    return pd.DataFrame({"value": values, "share_at_least": at_least})


def quantiles(distributions: dict[str, np.ndarray]) -> pd.DataFrame:
    """Minimum, median, mean, upper quantiles and maximum of each named distribution, one a row."""
    rows = []
    for name, counts in distributions.items():
        low, median, high, top = np.quantile(counts, [0, 0.5, 0.9, 0.99], method="inverted_cdf")
        mean = float(np.mean(counts))
        rows.append([name, int(low), int(median), mean, int(high), int(top), int(counts.max())])
    columns = ["per", "min", "median", "mean", "90 %", "99 %", "max"]
    return pd.DataFrame(rows, columns=columns)


def long_tail(log: Interactions) -> pd.DataFrame:
    """Songs from the most to the least heard: columns `rank`, `listeners`, `song_share`, `interaction_share`.

    `song_share` and `interaction_share` are cumulative shares: the first so many songs hold that share of
    all interactions.
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


def top_shares(tail: pd.DataFrame) -> pd.DataFrame:
    """What the most-heard songs hold: columns `top`, `songs`, `interactions` (shares of 1)."""
    counts = [max(1, round(share * len(tail))) for share in TOP_SHARES]
    return pd.DataFrame(
        {
            "top": [f"{100 * share:.0f} %" for share in TOP_SHARES],
            "songs": counts,
            "interactions": [float(tail["interaction_share"].iloc[count - 1]) for count in counts],
        }
    )


def play_bins(plays: np.ndarray) -> pd.DataFrame:
    """Share of interactions by number of plays: columns `plays` (text), `share`.

    >>> play_bins(np.array([1, 1, 3, 80])).query("share > 0")
        plays  share
    0       1   0.50
    2  3 to 4   0.25
    6     50+   0.25
    """
    shares = [
        float(np.mean((plays >= low) & (plays <= (np.inf if high is None else high))))
        for low, high in PLAY_BINS
    ]
    return pd.DataFrame({"plays": [_bin(*edges) for edges in PLAY_BINS], "share": shares})


def _bin(low: int, high: int | None) -> str:
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low} to {high}"


def stacked(tables: dict[str, pd.DataFrame], name: str) -> pd.DataFrame:
    """Tables of the same columns below each other, with their names in a first column called `name`."""
    parts = []
    for value, table in tables.items():
        part = table.copy()
        part.insert(0, name, value)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def density_grid(log: Interactions, blocks: int = 40) -> pd.DataFrame:
    """The matrix seen from far: users by activity, songs by popularity, cut into blocks x blocks.

    Long form, columns `user_block`, `song_block` (0 holds the most active, the most heard), `density`: the
    share of the block's cells that are not empty.
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
