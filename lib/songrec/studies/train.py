"""One model's lists in numbers. Making them fits the model: so this depends on nothing but the lists."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.csr import column_counts
from songrec.lists import TopN

TOPS = (0.001, 0.01, 0.1, 0.5)
"""Shares of the songs, most heard first."""


def concentration(lists: TopN, train: csr_array, holdout: csr_array, cutoff: int) -> pd.DataFrame:
    """How much of the lists the most heard songs fill.

    Songs stand in the order of their listeners in `train`, most first (ties by the lower code).

    Parameters
    ----------
    lists : TopN
    train, holdout : csr_array (n_users, n_songs)
        What the model was fitted on, and what the lists should find.
    cutoff : int
        Only so many places of each list count.

    Returns
    -------
    DataFrame
        top (a share of all songs), songs (how many that is), recommended (the share of the places that these
        songs fill), listened (the share that they are of what is held out).
    """
    n = train.shape[1]
    order = np.argsort(-column_counts(train), kind="stable")
    first = lists.songs[:, :cutoff]
    songs = [max(1, round(top * n)) for top in TOPS]
    columns = {"top": TOPS, "songs": songs}
    for name, named in (("recommended", first[first >= 0]), ("listened", holdout.indices)):
        places = np.bincount(named, minlength=n)[order].cumsum()
        columns[name] = [float(places[count - 1] / max(places[-1], 1)) for count in songs]
    return pd.DataFrame(columns)


def list_facts(lists: TopN, concentration: pd.DataFrame, n_songs: int, cutoff: int) -> dict[str, float | int]:
    """The lists in numbers.

    `users`, `n` (longest length), `full` (share of lists that are full), `songs` (of the catalogue),
    `cutoff`; of the places up to there `distinct` songs and `top` (share of the most heard 1 % of the songs).
    """
    first = lists.songs[:, :cutoff]
    return {
        "users": len(lists.users),
        "n": lists.n,
        "full": float(np.mean(lists.songs[:, -1] >= 0)),
        "songs": n_songs,
        "cutoff": cutoff,
        "distinct": len(np.unique(first[first >= 0])),
        "top": float(concentration.set_index("top")["recommended"][0.01]),
    }


def changed(lists: TopN, untuned: TopN, cutoff: int) -> pd.DataFrame:
    """How far the lists differ from those without tuning.

    Returns
    -------
    DataFrame
        One row: same (the share of lists that agree place by place), common (mean number of songs in common).
    """
    ours, plain = lists.songs[:, :cutoff], untuned.songs[:, :cutoff]
    common = [np.isin(a[a >= 0], b).sum() for a, b in zip(ours, plain, strict=True)]
    return pd.DataFrame({"same": [np.all(ours == plain, axis=1).mean()], "common": [np.mean(common)]})


def cost(fitting: float, ranking: float, n_users: int, peak_mb: float, threads: int) -> pd.DataFrame:
    """What the model takes, in one row: fit_seconds, recommend_ms_per_user, peak_mb, threads."""
    row = {"fit_seconds": fitting, "recommend_ms_per_user": 1000 * ranking / n_users}
    return pd.DataFrame([row | {"peak_mb": peak_mb, "threads": threads}])
