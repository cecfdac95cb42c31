"""Strong generalisation: users who are tested on were never in training."""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts, row_of_entries
from songrec.data.interactions import Interactions
from songrec.errors import DataError, positive
from songrec.splits.contract import HeldOut, Split, check_shares, keep

FEWEST = 5
"""A held-out user with fewer songs holds out none (and so is not tested on), as published."""

TASTE_PROFILE = {"triplets": 48_373_586, "users": 1_019_318, "songs": 384_546}
"""The log as it is published, by which it is known (`songrec.data.sources.taste_profile`)."""

PUBLISHED = {"triplets": 33_633_450, "users": 571_355, "songs": 41_140}
"""Of the whole Taste Profile, after the filters that are the defaults here; 471,355 of the users train."""


def strong(
    log: Interactions,
    *,
    min_listeners: int = 200,
    min_songs: int = 20,
    validation_users: int = 50_000,
    test_users: int = 50_000,
    holdout: float = 0.2,
    seed: int = 98765,
) -> Split:
    """The protocol of Mult-VAE (Liang et al. 2018), draw by draw; the defaults are theirs for this data set.

    Parameters
    ----------
    log : Interactions
        The whole log.
    min_listeners, min_songs : int
        Songs with fewer listeners, then users with fewer songs, are left out.
    validation_users, test_users : int
        How many users are held out.
    holdout : float
        Share of a held-out user's songs that must be found.
    seed : int
        Of the two generators.

    Notes
    -----
    1. Keep the songs with at least `min_listeners` listeners, then the users with at least `min_songs` of
       those songs: one pass each, so a song may end below its minimum.
    2. `RandomState(seed)` permutes the users, sorted by id: the last `test_users` are for test, the
       `validation_users` before them for validation, the others train.
    3. The songs are those in training; held-out users lose the others.
    4. For validation, and with the generator seeded anew for test: users in sorted order, each one's n songs
       in the log's order, int(holdout * n) of them held out by `choice(n, size, replace=False)`, the rest
       folds in. A user with fewer than 5 songs holds out none and draws nothing.

    References
    ----------
    Liang et al. 2018, "Variational autoencoders for collaborative filtering", and the code published with it.

    Examples
    --------
    Six users before and after (see `Split.sketch`); song t and user f fall to the filters:

    >>> heard = ["tuvwxy", "uvwxyz", "uvwxyz", "tuvwxz", "uvwxy", "yz"]
    >>> triplets = [(user, song, 1) for user, songs in zip("abcdef", heard) for song in songs]
    >>> log = Interactions.from_triplets(*zip(*triplets))
    >>> log.plays.toarray()
    array([[1, 1, 1, 1, 1, 1, 0],
           [0, 1, 1, 1, 1, 1, 1],
           [0, 1, 1, 1, 1, 1, 1],
           [1, 1, 1, 1, 1, 0, 1],
           [0, 1, 1, 1, 1, 1, 0],
           [0, 0, 0, 0, 0, 1, 1]], dtype=int32)
    >>> print(strong(log, min_listeners=3, min_songs=3, validation_users=1, test_users=2).sketch())
    a f f f f T ·
    b f f f f v f
    c 1 1 1 1 1 1
    d f f f T · f
    e 1 1 1 1 1 ·
    """
    return hold_out(
        log,
        "strong",
        seed,
        (min_listeners, min_songs),
        (validation_users, test_users),
        holdout,
        order=lambda users: np.random.RandomState(seed).permutation(len(users)),
        out=_drawn,
    )


def hold_out(
    log: Interactions,
    protocol: str,
    seed: int,
    fewest: tuple[int, int],
    users: tuple[int, int],
    holdout: float,
    order: Callable[[np.ndarray], np.ndarray],
    out: Callable[[Interactions, float, int], np.ndarray],
) -> Split:
    """The split of `strong`, with draws of any kind.

    Parameters
    ----------
    log : Interactions
        The whole log.
    protocol : str
        What the split is called.
    seed : int
        Of the draws.
    fewest : tuple of int
        `min_listeners`, `min_songs`.
    users : tuple of int
        `validation_users`, `test_users`.
    holdout : float
        Share of a held-out user's songs that must be found.
    order : callable
        Ids of the users, sorted, to an order of their codes: the last are for test, the ones before for
        validation.
    out : callable
        (part of the log, holdout, seed) to a mask of its entries: which of them must be found.
    """
    check_shares(holdout=holdout)
    read = _counts(log)
    log = _filtered(log, *fewest)
    if read == TASTE_PROFILE and fewest == (200, 20) and _counts(log) != PUBLISHED:
        raise DataError(
            f"the filtered Taste Profile has {_counts(log)}, published are {PUBLISHED}: the log has the "
            "published counts, but it is not the published one. Fetch it again"
        )
    kind = _kinds(log.user_ids, *users, order)
    log = _select(log, songs=column_counts(log.plays[kind == 0]) > 0)
    train = keep(log.plays, kind[row_of_entries(log.plays)] == 0)
    validation, test = (_fold(log, np.flatnonzero(kind == part), holdout, seed, out) for part in (1, 2))
    if not len(test.users):
        raise DataError(f"no test user has the {FEWEST} songs it takes to hold one out: bring more data")
    return Split(protocol, seed, log.user_ids, log.song_ids, train, validation, test)


def _counts(log: Interactions) -> dict[str, int]:
    return {"triplets": log.plays.nnz, "users": log.n_users, "songs": log.n_songs}


def _filtered(log: Interactions, min_listeners: int, min_songs: int) -> Interactions:
    listeners = column_counts(log.plays) >= min_listeners
    log = _select(log, songs=listeners)
    return _select(log, np.diff(log.plays.indptr) >= max(1, min_songs))


def _select(log: Interactions, users=slice(None), songs=slice(None)) -> Interactions:
    """Some users and songs; `order` keeps the positions in the whole log, which is all that is needed
    here."""
    order = csr_array((log.order, log.plays.indices, log.plays.indptr), shape=log.plays.shape)
    plays, order = (matrix[users][:, songs] for matrix in (log.plays, order))
    return Interactions(plays, log.user_ids[users], log.song_ids[songs], order.data)


def _kinds(
    user_ids: np.ndarray, validation_users: int, test_users: int, order: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """0 training, 1 validation, 2 test, for each user code."""
    positive("validation_users", validation_users)
    positive("test_users", test_users)
    n_users = len(user_ids)
    if n_users <= validation_users + test_users:
        raise too_few(n_users, validation_users, test_users)
    ordered = order(user_ids)
    kind = np.zeros(n_users, np.int8)
    kind[ordered[n_users - test_users :]] = 2
    kind[ordered[n_users - test_users - validation_users : n_users - test_users]] = 1
    return kind


def too_few(n_users: int, validation_users: int, test_users: int) -> DataError:
    """What is wrong where so many users cannot be held out."""
    return DataError(
        f"{validation_users} validation and {test_users} test users are asked for, but only {n_users} "
        "users are left after the filters, and some must train: hold out fewer (split.validation_users, "
        "split.test_users), or lower split.min_listeners or split.min_songs"
    )


def _fold(log: Interactions, users: np.ndarray, holdout: float, seed: int, out) -> HeldOut:
    part = _select(log, users)
    found = out(part, holdout, seed)
    fold_in, held = keep(part.plays, ~found), keep(part.plays, found)
    tested = np.flatnonzero(np.diff(held.indptr))
    return HeldOut(users[tested].astype(np.int32), fold_in[tested], held[tested])


def _drawn(part: Interactions, holdout: float, seed: int) -> np.ndarray:
    """As published: user by user, each one's songs in the order of the log."""
    random = np.random.RandomState(seed)
    rows = part.plays
    out = np.zeros(rows.nnz, bool)
    for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        n = end - start
        if n >= FEWEST:
            in_file_order = start + np.argsort(part.order[start:end])
            out[in_file_order[random.choice(n, size=int(holdout * n), replace=False)]] = True
    return out
