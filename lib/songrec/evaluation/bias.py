"""Popularity bias of lists: against the user's own history, and against the most popular songs.

`songs` are lists as in `TopN`: integer (n_users, n), best first, -1 at the end of a short one. A song's
popularity is the share of the users of `train` who listen to it, among those who listen to anything.
"""

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import DataError
from songrec.evaluation.beyond import listening
from songrec.evaluation.hits import find_hits, first_places
from songrec.evaluation.statistics import ratio_interval


def popularity(train: csr_array) -> np.ndarray:
    """Share of the active users who listen to each song: float64 (n_songs,), in 0..1.

    >>> popularity(csr_array([[1, 0, 4], [2, 0, 0], [0, 0, 0]]))
    array([1. , 0. , 0.5])
    """
    listeners, active = listening(train)
    return listeners / active


def mean_popularity(songs: np.ndarray, shares: np.ndarray, k: int) -> np.ndarray:
    r"""Mean popularity of the first k songs of each list.

    Parameters
    ----------
    songs : int array (n_users, n)
        Lists.
    shares : float64 array (n_songs,)
        :math:`p_i`, from `popularity`.
    k : int
        The cut-off.

    Returns
    -------
    float64 array (n_users,)
        :math:`\frac{1}{|L|} \sum_{i \in L} p_i`; NaN for an empty list. The mean over users is what
        Abdollahpouri et al. 2019 call their group average popularity.

    Examples
    --------
    >>> mean_popularity(np.array([[0, 1], [1, -1], [-1, -1]]), np.array([0.5, 0.1]), k=2)
    array([0.3, 0.1, nan])
    """
    first = first_places(songs, len(shares), k)
    listed = first >= 0
    total = np.where(listed, shares[first], 0.0).sum(axis=1)
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


def popularity_lift(listed: np.ndarray, history: np.ndarray) -> dict[str, float]:
    r"""By how much more popular lists are than what their users played before, as a share.

    Parameters
    ----------
    listed : float64 array (n_users,)
        From `mean_popularity`.
    history : float64 array (n_users,)
        From `history_popularity`. Users for whom one of the two is NaN are left out.

    Returns
    -------
    dict
        `value`, `ci_low`, `ci_high` (Fieller's 95 % interval) and `n_users`; values are NaN where nobody is
        left.

    Notes
    -----
    :math:`\Delta GAP = GAP_\text{lists} / GAP_\text{histories} - 1`, where the group average popularity GAP
    is the mean over the users of the mean popularity of their songs: 0 when lists are as popular as
    histories, 1 when twice as popular.

    References
    ----------
    Abdollahpouri et al. 2019, "The unfairness of popularity bias in recommendation".

    Examples
    --------
    >>> popularity_lift(np.array([0.4, 0.6, np.nan]), np.array([0.2, 0.3, 0.1]))["value"]
    1.0
    """
    both = ~(np.isnan(listed) | np.isnan(history))
    if not both.any():
        return {"value": np.nan, "ci_low": np.nan, "ci_high": np.nan, "n_users": 0}
    value, low, high = (
        float(each[0]) - 1 for each in ratio_interval(listed[both, None], history[both, None])
    )
    return {"value": value, "ci_low": low, "ci_high": high, "n_users": int(both.sum())}


def serendipity(songs: np.ndarray, holdout: csr_array, expected: np.ndarray, k: int) -> np.ndarray:
    r"""Share of the first k places that hit although the expected list does not name the song.

    Parameters
    ----------
    songs : int array (n_users, n)
        Lists.
    holdout : csr_array (n_users, n_songs)
        What they should find.
    expected : int array (n_users, m)
        Lists of a primitive model, here popularity; the first k count.
    k : int
        The cut-off.

    Returns
    -------
    float64 array (n_users,)
        :math:`|(L^k \setminus E^k) \cap H| / k` with L the list, E the expected one and H the songs held out.

    Notes
    -----
    That a song is serendipitous when it is relevant and outside the primitive model's list is the definition
    of Ge et al. 2010. They divide by the number of unexpected songs; here it is k, so that serendipity is a
    part of precision, and a list with a single unexpected song is not rewarded for one hit.

    Examples
    --------
    >>> serendipity(np.array([[0, 1, 2]]), csr_array([[1, 1, 0, 1]]), np.array([[0, 3, -1]]), k=3).round(3)
    array([0.333])
    """
    hits = find_hits(songs, holdout).hits
    if len(songs) != len(expected):
        raise DataError(f"{len(songs)} lists but {len(expected)} expected ones: row i belongs to one user")
    songs, expected = (first_places(lists, holdout.shape[1], k) for lists in (songs, expected))
    row = np.arange(len(songs))[:, None] * np.int64(holdout.shape[1])
    known = (row + expected)[expected >= 0]
    surprising = ~np.isin(row + songs, known)
    return (hits[:, :k] & surprising).sum(axis=1) / k


def _over(total: np.ndarray, n: np.ndarray) -> np.ndarray:
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
