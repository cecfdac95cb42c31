"""The make-up of a log: songs per user, listeners per song, plays; and the same figures of real logs."""

from importlib.resources import files
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd

from songrec.csr import column_counts
from songrec.data.interactions import Interactions
from songrec.errors import DataError
from songrec.files import read_json

REFERENCES = Path(str(files("songrec.data") / "reference_marginals.json"))
"""Measured on the real data by tests/data/test_marginals.py, which also says when the file is out of date."""

QUANTILES = {"10 %": 0.1, "median": 0.5, "90 %": 0.9, "99 %": 0.99}
TOPS = {"top 0.1 % of songs": 0.001, "top 1 % of songs": 0.01, "top 10 % of songs": 0.1}
RANKS = (1, 10, 100, 1000)


def marginals(log: Interactions) -> pd.DataFrame:
    """The figures of a log.

    Parameters
    ----------
    log : Interactions
        At least one triplet.

    Returns
    -------
    DataFrame
        One column `value`, one row for each (of, figure).

    Raises
    ------
    DataError
        For a log without triplets.

    Notes
    -----
    size
        Users, songs (that somebody heard), triplets, and the share of the users x songs cells they fill.
    songs per user, listeners per song, plays per triplet
        Least, mean, most, and quantiles (the least value that so large a share does not exceed); `share of
        ones` is the share that equals 1.
    share of listening
        What part of all triplets the most heard songs make up (the Lorenz curve read from its top), and the
        Gini index of listeners per song: 0 where all songs have as many, near 1 where one has all.
    share of users
        Those who heard the song of rank 1, 10, 100, 1000; no row beyond the last song.

    Examples
    --------
    >>> log = Interactions.from_triplets(["u", "u", "v"], ["a", "b", "a"], [1, 1, 4])
    >>> value = marginals(log)["value"]
    >>> float(value["plays per triplet", "mean"]), float(value["share of users", "song of rank 1"])
    (2.0, 1.0)
    """
    if not log.plays.nnz:
        raise DataError("a log without triplets has no marginals: ingest a file that holds some")
    listeners = column_counts(log.plays)
    return _table({"value": figures(listeners, log.n_users, np.diff(log.plays.indptr), log.plays.data)})


def reference_marginals() -> pd.DataFrame:
    """The figures of the real logs, one column each; NaN where a log does not give them.

    Notes
    -----
    taste-profile-3k-users
        Users of the Taste Profile with full histories, over the whole catalogue.
    taste-profile-10k-songs
        The head of a file that holds 10,000 chosen songs; histories are cut to those.
    msd-challenge
        The visible half of every history of 110,000 users; listeners per song only.
    lastfm-2k
        Another service; its songs are artists, and each user's list ends at the 50 most played.
    """
    return _table({name: reference["figures"] for name, reference in read_json(REFERENCES).items()})


def compare(log: Interactions) -> pd.DataFrame:
    """The log's own figures (`this log`) beside the real ones.

    Not every column can be held against every row:

    * Songs per user and plays do not depend on how many users were sampled. The 3,000 users are the faithful
      reference for both; the other histories are cut by song, by halving or at 50.
    * Listeners per song grow with the users, and the share of songs heard once falls: both compare only
      between logs of as many users over the same catalogue.
    * Shares of listening and Gini have no unit, but a small sample flattens them too (a song heard once is
      near the mean already): the same Taste Profile has a Gini index of .51 from 3,000 users and .75 from
      110,000.
    * The share of users who heard a song halves where histories are halved, and is larger where the
      catalogue is smaller.
    """
    own = marginals(log).rename(columns={"value": "this log"})
    real = reference_marginals()
    return own.join(real, how="outer").reindex(own.index.union(real.index, sort=False))


def figures(listeners, users: int, songs_per_user=None, plays=None) -> dict[str, dict[str, float]]:
    """The figures of `marginals` from counts alone; those that need counts not given are left out."""
    heard = np.sort(np.asarray(listeners, dtype=np.int64))[::-1]
    heard = heard[heard > 0]
    songs, triplets = len(heard), int(heard.sum())
    upwards = int(heard[::-1] @ np.arange(1, songs + 1))
    found = {
        "size": {"users": users, "songs": songs, "triplets": triplets, "density": triplets / users / songs},
        "songs per user": {} if songs_per_user is None else _spread(songs_per_user),
        "listeners per song": _spread(heard),
        "plays per triplet": {} if plays is None else _spread(plays),
        "share of listening": {
            **{name: int(heard[: ceil(songs * top)].sum()) / triplets for name, top in TOPS.items()},
            "Gini index": 2 * upwards / songs / triplets - (songs + 1) / songs,
        },
        "share of users": {f"song of rank {r}": int(heard[r - 1]) / users for r in RANKS if r <= songs},
    }
    return {of: rows for of, rows in found.items() if rows}


def _spread(counts) -> dict[str, float]:
    counts = np.asarray(counts)
    cuts = np.quantile(counts, list(QUANTILES.values()), method="inverted_cdf")
    return {
        "least": int(counts.min()),
        **{name: int(cut) for name, cut in zip(QUANTILES, cuts, strict=True)},
        "most": int(counts.max()),
        "mean": int(counts.sum(dtype=np.int64)) / len(counts),
        "share of ones": int(np.count_nonzero(counts == 1)) / len(counts),
    }


def _table(columns: dict[str, dict[str, dict[str, float]]]) -> pd.DataFrame:
    flat = {
        name: {(of, figure): float(value) for of, rows in found.items() for figure, value in rows.items()}
        for name, found in columns.items()
    }
    index = dict.fromkeys(key for rows in flat.values() for key in rows)  # in the order they are first met
    table = pd.DataFrame({name: [rows.get(key, np.nan) for key in index] for name, rows in flat.items()})
    table.index = pd.MultiIndex.from_tuples(index, names=["of", "figure"])
    return table
