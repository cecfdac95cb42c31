r"""How far lists lean on what everybody hears: against the user's own history, and against the charts.

`songs` are lists as in `TopN`: integer (n_users, n), best first, -1 at the end of a short one. A song's
popularity is the share of the users of `train` who listen to it, among those who listen to anything.
"""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.errors import DataError
from songrec.evaluation.hits import check_cutoff, check_lists, find_hits
from songrec.evaluation.statistics import paired_ratio


def popularity(train: csr_array) -> np.ndarray:
    """Share of the active users who listen to each song: float64 (n_songs,), in 0..1.

    >>> popularity(csr_array([[1, 0, 4], [2, 0, 0], [0, 0, 0]]))
    array([1. , 0. , 0.5])
    """
    active = int(np.count_nonzero(np.diff(train.indptr)))
    if not active:
        raise DataError("nobody listens to anything in the training matrix: no song has a popularity")
    return np.bincount(train.indices, minlength=train.shape[1]) / active


def mean_popularity(songs: np.ndarray, shares: np.ndarray, k: int) -> np.ndarray:
    r"""Mean popularity of the first k songs of each list: float64 (n_users,).

    $\frac{1}{|L|} \sum_{i \in L} p_i$, with `shares` the $p_i$ of `popularity`; the mean over users is what
    Abdollahpouri et al. 2019 call their group average popularity. NaN for an empty list, which has none.

    >>> mean_popularity(np.array([[0, 1], [1, -1], [-1, -1]]), np.array([0.5, 0.1]), k=2)
    array([0.3, 0.1, nan])
    """
    songs = check_lists(songs, len(shares))
    check_cutoff(k, (songs >= 0).sum(axis=1), songs.shape[1])
    listed = songs[:, :k] >= 0
    total = np.where(listed, shares[songs[:, :k]], 0.0).sum(axis=1)
    return _over(total, listed.sum(axis=1))


def history_popularity(plays: csr_array, shares: np.ndarray) -> np.ndarray:
    """Mean popularity of the songs that each user has played (rows of `plays`), however often: (n_users,).

    NaN for a user without a song.

    >>> history_popularity(csr_array([[7, 1], [0, 2], [0, 0]]), np.array([0.5, 0.1]))
    array([0.3, 0.1, nan])
    """
    counts = np.diff(plays.indptr)
    row = np.repeat(np.arange(plays.shape[0]), counts)
    return _over(np.bincount(row, shares[plays.indices], plays.shape[0]), counts)


def popularity_lift(listed: np.ndarray, heard: np.ndarray) -> dict[str, float]:
    r"""By how much more popular lists are than what their users played before, as a share.

    $\Delta GAP = GAP_{lists} / GAP_{histories} - 1$, where the group average popularity GAP is the mean over
    the users of the mean popularity of their songs (Abdollahpouri et al. 2019, The unfairness of popularity
    bias in recommendation): 0 when lists are as popular as histories, 1 when twice as popular.

    listed, heard : float64 (n_users,) of `mean_popularity` and `history_popularity`; users for whom one of
    them is NaN are left out. Returns `value`, `ci_low`, `ci_high` (Fieller's 95 % interval) and `n_users`;
    values are NaN where nobody is left.

    >>> popularity_lift(np.array([0.4, 0.6, np.nan]), np.array([0.2, 0.3, 0.1]))["value"]
    1.0
    """
    both = ~(np.isnan(listed) | np.isnan(heard))
    if not both.any():
        return {"value": np.nan, "ci_low": np.nan, "ci_high": np.nan, "n_users": 0}
    ours, theirs = (pd.DataFrame({"popularity@1": values[both]}) for values in (listed, heard))
    row = paired_ratio(ours, theirs).iloc[0]
    return {
        "value": float(row["value"]) - 1,
        "ci_low": float(row["ci_low"]) - 1,
        "ci_high": float(row["ci_high"]) - 1,
        "n_users": int(both.sum()),
    }


def serendipity(songs: np.ndarray, holdout: csr_array, expected: np.ndarray, k: int) -> np.ndarray:
    r"""Share of the first k places that hit although the expected list does not name the song: (n_users,).

    $|(L^k \setminus E^k) \cap H| / k$ with L the list, H the songs held out and E what a primitive model
    would have listed; here the charts. That a song is serendipitous when it is useful and outside the
    primitive model's list is the definition of Ge et al. 2010; they divide by the number of unexpected songs,
    here it is k, so that it is a part of precision and a list with a single unexpected song is not praised
    for one hit.

    expected : lists (n_users, m) of the primitive model, of which the first k count, row by row as `songs`.

    >>> serendipity(np.array([[0, 1, 2]]), csr_array([[1, 1, 0, 1]]), np.array([[0, 3, -1]]), k=3).round(3)
    array([0.333])
    """
    hits = find_hits(songs, holdout).hits
    songs, expected = check_lists(songs, holdout.shape[1]), check_lists(expected, holdout.shape[1])
    if len(songs) != len(expected):
        raise DataError(f"{len(songs)} lists but {len(expected)} expected ones: row i belongs to one user")
    for lists in (songs, expected):
        check_cutoff(k, (lists >= 0).sum(axis=1), lists.shape[1])
    row = np.arange(len(songs))[:, None] * np.int64(holdout.shape[1])
    known = (row + expected[:, :k])[expected[:, :k] >= 0]
    surprising = ~np.isin(row + songs[:, :k], known)
    return (hits[:, :k] & surprising).sum(axis=1) / k


def _over(total: np.ndarray, n: np.ndarray) -> np.ndarray:
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
