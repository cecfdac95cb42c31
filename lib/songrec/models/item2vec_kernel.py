"""Epochs of skip-gram with negative sampling, compiled: a random pair of a user's songs, a step for each."""

import math

import numpy as np

from songrec.kernels.compiled import compiled
from songrec.kernels.lanes import dot
from songrec.models.bpr_kernel import draw

WHOLE = 1 << 30
"""What the shares of the negatives add up to."""


@compiled
def epoch(indptr, indices, rows, shares, negatives, heard, found, rate, state):
    """As many pairs as the log has entries: an entry, another song of its user, `negatives` songs of chance.

    `rows` (entries,) is the user of each entry; `shares` (n_songs,) grow to `WHOLE`, by a song's own share of
    the draws. `heard` and `found` (n_songs, f), float32, are changed; `rate` is float32.
    """
    f = heard.shape[1]
    change = np.empty(f, np.float32)
    for _ in range(len(indices)):
        entry = draw(state, len(indices))
        first, last = indptr[rows[entry]], indptr[rows[entry] + 1]
        if last - first < 2:
            continue
        other = first + draw(state, last - first - 1)
        other += other >= entry
        x = heard[indices[entry]]
        change[:] = 0
        for each in range(negatives + 1):
            song = indices[other]
            if each:
                song = np.searchsorted(shares, draw(state, WHOLE), side="right")
                if song == indices[other]:
                    continue
            y = found[song]
            step = rate * np.float32((each == 0) - 1 / (1 + math.exp(-dot(x, y))))
            for k in range(f):
                change[k] += step * y[k]
                y[k] += step * x[k]
        for k in range(f):
            x[k] += change[k]
