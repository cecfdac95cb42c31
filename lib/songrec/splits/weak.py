"""Weak generalisation: every user is in training with some songs and is tested on others."""

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import row_of_entries
from songrec.data.interactions import Interactions
from songrec.errors import DataError
from songrec.splits.contract import (
    Split,
    check_shares,
    held_out,
    keep,
    nobody,
    places,
    shares_of,
)


def weak(log: Interactions, *, test: float = 0.2, validation: float = 0.1, seed: int = 0) -> Split:
    """Hold out a share of each user's songs.

    Parameters
    ----------
    log : Interactions
        The whole log.
    test, validation : float
        A user with n songs has int(test * n) of them held out for test and int(validation * n) for
        validation; the rest is for training. With the defaults a user needs 5 songs to be tested and 10 to be
        validated on. Where nobody has so many, one song of each user is held out (`shares_of`).
    seed : int
        Of the draws.

    Notes
    -----
    `np.random.RandomState(seed)`, whose stream NumPy keeps for good, draws one uniform number for each (user,
    song), users and within them songs in the order of their ids. A user's lowest numbers go to test, the next
    to validation. So the split does not depend on the order of the log's rows.

    Examples
    --------
    Six users before and after (see `Split.sketch`):

    >>> heard = ["vwxyz", "wxyz", "uwxyz", "vx", "uvwxyz", "z"]
    >>> triplets = [(user, song, 1) for user, songs in zip("abcdef", heard) for song in songs]
    >>> log = Interactions.from_triplets(*zip(*triplets))
    >>> log.plays.toarray()
    array([[0, 1, 1, 1, 1, 1],
           [0, 0, 1, 1, 1, 1],
           [1, 0, 1, 1, 1, 1],
           [0, 1, 0, 1, 0, 0],
           [1, 1, 1, 1, 1, 1],
           [0, 0, 0, 0, 0, 1]], dtype=int32)
    >>> print(weak(log, test=0.4, validation=0.2).sketch())
    a · v 1 1 T T
    b · · 1 T 1 1
    c T · 1 T v 1
    d · 1 · 1 · ·
    e T 1 T 1 1 v
    f · · · · · 1
    """
    check_shares(test=test, validation=validation)
    check_enough(log)
    in_test, in_validation = draw_shares(log.plays, seed, test, validation)
    return divided(log, in_test, in_validation, "weak", seed)


def triplet_holdout(log: Interactions, *, test: float = 0.2, validation: float = 0.1, seed: int = 0) -> Split:
    """Hold out a share of all triplets, whoever's they are.

    Parameters
    ----------
    log : Interactions
        The whole log.
    test, validation : float
        Shares of the triplets. A user may have any number held out, or none.
    seed : int
        Of the draws.

    Notes
    -----
    `np.random.default_rng(seed).random(n) < test` over the n triplets in the log's order marks those for
    test; of the rest, a second draw of n numbers marks those below validation / (1 - test), which makes
    `validation` a share of the whole log.

    Examples
    --------
    Six users before and after (see `Split.sketch`):

    >>> heard = ["vwxyz", "wxyz", "uwxyz", "vx", "uvwxyz", "z"]
    >>> triplets = [(user, song, 1) for user, songs in zip("abcdef", heard) for song in songs]
    >>> log = Interactions.from_triplets(*zip(*triplets))
    >>> log.plays.toarray()
    array([[0, 1, 1, 1, 1, 1],
           [0, 0, 1, 1, 1, 1],
           [1, 0, 1, 1, 1, 1],
           [0, 1, 0, 1, 0, 0],
           [1, 1, 1, 1, 1, 1],
           [0, 0, 0, 0, 0, 1]], dtype=int32)
    >>> print(triplet_holdout(log, test=0.4, validation=0.2).sketch())
    a · 1 T T T 1
    b · · 1 1 1 1
    c v · 1 T v T
    d · 1 · T · ·
    e 1 1 T 1 T T
    f · · · · · 1
    """
    check_shares(test=test, validation=validation)
    check_enough(log)
    rng = np.random.default_rng(seed)
    n = log.plays.nnz
    in_test = (rng.random(n) < test)[log.order]
    in_validation = (rng.random(n) < validation / (1 - test))[log.order]
    return divided(log, in_test, ~in_test & in_validation, "triplet_holdout", seed)


def draw_shares(plays: csr_array, seed: int, *shares: float) -> list[np.ndarray]:
    """Draw some of each user's songs, one uniform number of `RandomState(seed)` for each stored entry.

    Parameters
    ----------
    plays : csr_array (n_users, n_songs)
        What is drawn from.
    seed : int
        Of the draws.
    *shares : float
        How much is wanted for each part.

    Returns
    -------
    list of bool array (plays.nnz,)
        A mask for each part: of a user's songs as many as `shares_of` says, the lowest draws in the first
        part, the next ones in the second.
    """
    return shares_by(plays, np.random.RandomState(seed).random_sample(plays.nnz), *shares)


def shares_by(plays: csr_array, draws: np.ndarray, *shares: float) -> list[np.ndarray]:
    """What `draw_shares` says, by numbers that were drawn already, one for each stored entry."""
    place, rows = places(plays, draws), row_of_entries(plays)
    found, first = [], np.zeros(plays.nnz, int)
    for taken in shares_of(np.diff(plays.indptr), *shares):
        end = first + taken[rows]
        found.append((place >= first) & (place < end))
        first = end
    return found


def check_enough(log: Interactions) -> None:
    """`DataError` for a log of fewer than two triplets."""
    if log.plays.nnz < 2:
        raise DataError(f"the log holds {log.plays.nnz} triplets: there is nothing to divide")


def divided(
    log: Interactions, in_test: np.ndarray, in_validation: np.ndarray, protocol: str, seed: int
) -> Split:
    """The split of which test and validation hold out these entries, masks (log.plays.nnz,)."""
    train = keep(log.plays, ~(in_test | in_validation))
    validation = held_out(train, keep(log.plays, in_validation))
    test = held_out(keep(log.plays, ~in_test), keep(log.plays, in_test))
    if not len(test.users):
        raise nobody("test", np.diff(log.plays.indptr).max())
    return Split(protocol, seed, log.user_ids, log.song_ids, train, validation, test)
