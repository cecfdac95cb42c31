"""Protocols whose draws follow from ids alone: who holds a user's songs knows which of them are held out.

A stream of random numbers gives each user the numbers that come after those of the users before. A cluster,
where nobody stands before anybody, draws by hashing what is drawn for: `weak_hashed`, `strong_hashed` and
`temporal_hashed` give the same split whatever the order of the log, and however it is divided among machines.
"""

from dataclasses import replace
from hashlib import blake2b

import numpy as np

from songrec.csr import row_of_entries
from songrec.data.interactions import Interactions
from songrec.splits.contract import Split, check_shares, places
from songrec.splits.strong import FEWEST, hold_out
from songrec.splits.temporal import temporal
from songrec.splits.weak import check_enough, divided, shares_by

_GAP = np.uint64(0x9E3779B97F4A7C15)
_STEPS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def hashes(ids) -> np.ndarray:
    """A hash of each id: BLAKE2b of its UTF-8, the first eight bytes, the lowest first; uint64 (n,).

    >>> [f"{one:016x}" for one in hashes(["SOAKIMP12A8C130995", "é"])]
    ['44e30e0f6c5a5c51', '2f19f3ef8bbf1acb']
    """
    digests = b"".join(blake2b(one.encode(), digest_size=8).digest() for one in np.asarray(ids, str).tolist())
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def draws(seed: int, *hashed: np.ndarray) -> np.ndarray:
    """A number for each combination of hashes, as good as random: int64 (n,), from 0 to 2**63 - 1.

    Parameters
    ----------
    seed : int
        Another seed, other numbers.
    *hashed : uint64 array (n,)
        Of users; or of users and of songs.

    Notes
    -----
    With m the mixing function of SplitMix64 (Steele, Lea & Flood 2014) it is m(m(m(seed) ^ user) ^ song),
    without the lowest bit, so that a language without unsigned numbers holds it.

    Examples
    --------
    >>> draws(7, hashes(["u1", "u2"]), hashes(["s1", "s1"]))
    array([2035091348134980826, 5585830200859378890])
    """
    mixed = _mixed(np.array(seed % 2**64, np.uint64))
    for each in hashed:
        mixed = _mixed(mixed ^ np.asarray(each).view(np.uint64))
    return (mixed >> np.uint64(1)).astype(np.int64)


def _mixed(state: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # modulo 2**64, as it must be
        state = state + _GAP
        for bits, factor in _STEPS:
            state = (state ^ (state >> np.uint64(bits))) * np.uint64(factor)
    return state ^ (state >> np.uint64(31))


def draws_of_entries(log: Interactions, seed: int) -> np.ndarray:
    """The number drawn for each (user, song) of a log: int64 (log.plays.nnz,)."""
    users, songs = hashes(log.user_ids), hashes(log.song_ids)
    return draws(seed, users[row_of_entries(log.plays)], songs[log.plays.indices])


def weak_hashed(log: Interactions, *, test: float = 0.2, validation: float = 0.1, seed: int = 0) -> Split:
    """`weak` with draws that follow from the ids: of a user's songs the ones with the lowest are for test.

    Parameters and errors are those of `weak`.

    Examples
    --------
    >>> heard = ["vwxyz", "wxyz", "uwxyz", "vx", "uvwxyz", "z"]
    >>> triplets = [(user, song, 1) for user, songs in zip("abcdef", heard) for song in songs]
    >>> log = Interactions.from_triplets(*zip(*triplets))
    >>> print(weak_hashed(log, test=0.4, validation=0.2).sketch())
    a · v T 1 1 T
    b · · 1 T 1 1
    c v · T 1 T 1
    d · 1 · 1 · ·
    e T T v 1 1 1
    f · · · · · 1
    """
    check_shares(test=test, validation=validation)
    check_enough(log)
    in_test, in_validation = shares_by(log.plays, draws_of_entries(log, seed), test, validation)
    return divided(log, in_test, in_validation, "weak_hashed", seed)


def strong_hashed(
    log: Interactions,
    *,
    min_listeners: int = 200,
    min_songs: int = 20,
    validation_users: int = 50_000,
    test_users: int = 50_000,
    holdout: float = 0.2,
    seed: int = 98765,
) -> Split:
    """`strong` with draws that follow from the ids.

    Parameters and errors are those of `strong`. Of the users those with the lowest draws are for test, the
    next ones for validation; of a held-out user's songs those with the lowest draws must be found.
    """
    return hold_out(
        log,
        "strong_hashed",
        seed,
        (min_listeners, min_songs),
        (validation_users, test_users),
        holdout,
        order=lambda users: np.argsort(-draws(seed, hashes(users)), kind="stable"),
        out=_lowest,
    )


def _lowest(part: Interactions, holdout: float, seed: int) -> np.ndarray:
    """Which entries must be found: bool (part.plays.nnz,)."""
    n = np.diff(part.plays.indptr)
    taken = np.where(n >= FEWEST, np.floor(holdout * n), 0)
    return places(part.plays, draws_of_entries(part, seed)) < taken[row_of_entries(part.plays)]


def temporal_hashed(
    log: Interactions,
    *,
    test: float = 0.2,
    validation: float = 0.1,
    until: str | float = "",
    seed: int = 0,
) -> Split:
    """`temporal` with songs that were first played in the same second in the order of their draws.

    Parameters and errors are those of `temporal`, which takes them in the order of the log.
    """
    order = np.empty(log.plays.nnz, np.int64)
    order[np.argsort(draws_of_entries(log, seed), kind="stable")] = np.arange(log.plays.nnz)
    split = temporal(replace(log, order=order), test=test, validation=validation, until=until, seed=seed)
    return replace(split, protocol="temporal_hashed")
