"""Epochs of Bayesian personalised ranking, compiled: random triples, a gradient step each."""

import math

import numpy as np

from songrec.kernels.compiled import compiled
from songrec.kernels.lanes import dot


@compiled
def draw(state, n):
    """A whole number below n, each as often; `state` (uint64 array (1,)) moves on (SplitMix64)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return int((z >> np.uint64(11)) * 2.0**-53 * n)


@compiled
def triple(indptr, indices, rows, negatives, state):
    """A user, a song heard and another: its code is -1 where it turns out to be heard as well.

    The entry is drawn from the log, the other song from the codes in `negatives`, however often each stands.
    """
    entry = draw(state, len(indices))
    user, song = rows[entry], indices[entry]
    other = negatives[draw(state, len(negatives))]
    heard = indices[indptr[user] : indptr[user + 1]]
    place = np.searchsorted(heard, other)
    return user, song, -1 if place < len(heard) and heard[place] == other else other


@compiled
def epoch(indptr, indices, rows, negatives, users, songs, rate, penalty, state):
    """As many triples as the log has entries, each a step up the gradient, but for those that were heard.

    `rows` (entries,) is the user of each entry; `indices` are sorted within a user. `users` (n_users, f + 1)
    end in 1, `songs` (n_songs, f + 1) in their bias; both are changed, float32, as `rate` and `penalty` are.
    """
    f = users.shape[1] - 1
    one = np.float32(1)
    difference = np.empty(f + 1, np.float32)
    for _ in range(len(indices)):
        user, song, other = triple(indptr, indices, rows, negatives, state)
        if other < 0:
            continue
        x, heard, unheard = users[user], songs[song], songs[other]
        for k in range(f + 1):
            difference[k] = heard[k] - unheard[k]
        miss = np.float32(1 / (1 + math.exp(dot(x, difference))))
        for k in range(f):
            before = x[k]
            x[k] += rate * (miss * difference[k] - penalty * before)
            heard[k] += rate * (miss * before - penalty * heard[k])
            unheard[k] -= rate * (miss * before + penalty * unheard[k])
        heard[f] += rate * (miss * one - penalty * heard[f])
        unheard[f] -= rate * (miss * one + penalty * unheard[f])
