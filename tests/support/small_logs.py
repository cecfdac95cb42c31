"""Small logs of plays, and the lists that a dense matrix of scores stands for."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.data import Interactions
from songrec.models import create


def random_plays(seed=0, users=60, songs=40, density=0.15):
    """Plays by chance, users x songs."""
    random = np.random.default_rng(seed)
    plays = random.integers(1, 9, (users, songs)) * (random.random((users, songs)) < density)
    return csr_array(plays.astype(np.int32))


def steep_log(users=200, songs=40, most=0.6):
    """Who heard what, 0 and 1: popularity falls steeply, and the last song is heard by nobody."""
    heard = np.random.default_rng(0).random((users, songs)) < most * np.linspace(1, 0, songs) ** 2
    heard[:, -1] = False
    return heard.astype(np.float64)


def lists_by_sorting(scores, k):
    """The k first songs of each row and their scores, ties to the lower code, -1 where a score is -inf."""
    songs = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(scores, songs, axis=1)
    return np.where(values > -np.inf, songs, -1), values


def same(found, expected):
    """Whether lists, songs and scores, are the same."""
    return all((a == b).all() for a, b in zip(found, expected, strict=True))


def log_of(histories, plays=1):
    """A log of user -> songs, each an id or a letter."""
    triplets = [(user, song, plays) for user, songs in histories.items() for song in songs]
    return Interactions.from_triplets(*zip(*triplets, strict=True))


def read_log(file):
    """Real triplets as they come: a frame user, song, plays."""
    return pd.read_csv(file, sep="\t", names=["user", "song", "plays"])


def interactions(frame):
    return Interactions.from_triplets(frame["user"], frame["song"], frame["plays"])


def quick_model(name):
    """A model of that name, without the passes over the log that only quality needs."""
    return create(name, **({"epochs": 10} if name in ("BPR", "Item2Vec") else {}))


def neighbourhoods(similarity, k, reverse, normalize, q=1.0):
    """The k highest of each row, or where `reverse` of each column, to the power q; the rest is 0.

    Ties go to the lower code; normalised, those k are divided by their sum.
    """
    kept = np.zeros(similarity.shape)
    for row, line in enumerate(similarity.T if reverse else similarity):
        best = np.argsort(-line, kind="stable")[:k]
        values = line[best].astype(float) ** q
        kept[(best, row) if reverse else (row, best)] = values / (values.sum() or 1) if normalize else values
    return kept
