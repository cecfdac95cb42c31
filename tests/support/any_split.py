"""Logs of any shape, split by every protocol."""

import dataclasses

import numpy as np
import pytest
from hypothesis import assume
from hypothesis import strategies as st

from songrec.csr import row_of_entries
from songrec.data import Interactions
from songrec.errors import DataError
from songrec.splits import (
    given,
    strong,
    strong_hashed,
    temporal,
    temporal_hashed,
    triplet_holdout,
    weak,
    weak_hashed,
)

SMALL = {"min_listeners": 1, "min_songs": 1, "validation_users": 2, "test_users": 2}


def halves(log, seed):
    """Visible, hidden and other triplets out of one log: the users and songs overlap as chance has it."""
    part = np.random.default_rng(seed).integers(0, 3, log.plays.nnz)
    rows = row_of_entries(log.plays)
    users, songs = log.user_ids[rows], log.song_ids[log.plays.indices]
    return [
        Interactions.from_triplets(users[part == side], songs[part == side], log.plays.data[part == side])
        for side in range(3)
    ]


def split_given(log, seed):
    visible, hidden, other = halves(log, seed)
    return given(other if seed % 2 else None, visible, hidden, validation=0.3, seed=seed)


PROTOCOLS = {
    "weak": lambda log, seed: weak(log, test=0.3, validation=0.2, seed=seed),
    "triplet_holdout": lambda log, seed: triplet_holdout(log, test=0.3, validation=0.2, seed=seed),
    "strong": lambda log, seed: strong(log, **SMALL, holdout=0.3, seed=seed),
    "predefined": split_given,
    "temporal": lambda log, seed: temporal(log, test=0.3, validation=0.2, seed=seed),
    "temporal_until": lambda log, seed: temporal(log, until=0.7, validation=0.2, seed=seed),
    "weak_hashed": lambda log, seed: weak_hashed(log, test=0.3, validation=0.2, seed=seed),
    "strong_hashed": lambda log, seed: strong_hashed(log, **SMALL, holdout=0.3, seed=seed),
    "temporal_hashed": lambda log, seed: temporal_hashed(log, test=0.3, validation=0.2, seed=seed),
}
every_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)


def random_log(seed, users, songs, density):
    """A log of few users and songs, its triplets in any order, each count different from the others.

    Of the times, many are the same; no pair was played later than two days after its first time.
    """
    random = np.random.default_rng(seed)
    user, song = np.nonzero(random.random((users, songs)) < density)
    order = random.permutation(len(user))
    names = np.char.mod("u%02d", user[order]), np.char.mod("s%02d", song[order])
    log = Interactions.from_triplets(*names, 1 + np.arange(len(user)))
    first, longer = 86_400 * random.integers(0, 40, log.plays.nnz), random.integers(0, 172_800, log.plays.nnz)
    return dataclasses.replace(log, first=first, last=first + longer)


random_logs = st.builds(
    random_log,
    seed=st.integers(0, 10_000),
    users=st.integers(5, 14),
    songs=st.integers(6, 14),
    density=st.floats(0.2, 1),
)


def pairs(matrix, user_ids, song_ids, users=None):
    """{(user id, song id): plays} of a matrix."""
    row, song = matrix.nonzero()
    users = np.arange(len(user_ids)) if users is None else users
    assert (matrix.data > 0).all()
    assert len(row) == matrix.nnz
    keys = zip(user_ids[users[row]].tolist(), song_ids[song].tolist(), strict=True)
    return dict(zip(keys, matrix.data.tolist(), strict=True))


def parts(split):
    """The split's matrices by name, as dicts."""
    ids = (split.user_ids, split.song_ids)
    found = {"train": pairs(split.train, *ids), "final": pairs(split.final_train(), *ids)}
    for name in ("validation", "test"):
        held = getattr(split, name)
        for part in ("fold_in", "holdout"):
            found[f"{name}.{part}"] = pairs(getattr(held, part), *ids, held.users)
    return found


def attempt(protocol, log, seed, **parameters):
    """The split by this protocol, a name or a function; a log that is too small for it does not count."""
    try:
        return PROTOCOLS.get(protocol, protocol)(log, seed=seed, **parameters)
    except DataError:
        assume(False)


def log_of_tastes(users, songs):
    """A log of four tastes, each heard half of what is theirs and a little else."""
    likes = np.arange(users)[:, None] % 4 == np.arange(songs) % 4
    user, song = np.nonzero(np.random.default_rng(0).random((users, songs)) < np.where(likes, 0.5, 0.04))
    names = [f"u{u:03}" for u in user], [f"s{s:02}" for s in song]
    return Interactions.from_triplets(*names, np.ones(len(user), int))


def some_log():
    return random_log(seed=0, users=40, songs=30, density=0.4)
