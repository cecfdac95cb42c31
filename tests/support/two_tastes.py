"""A small log of two tastes, a part of it held out, and models' lists for its users."""

import numpy as np
from scipy.sparse import csr_array

from songrec.lists import TopN
from songrec.models import create
from songrec.splits.contract import HeldOut


def two_tastes():
    """120 users, 40 songs of which ten are of both tastes: training matrix and held-out part."""
    rng = np.random.default_rng(0)
    likes = np.where(np.arange(120)[:, None] % 3 == 0, np.arange(40) < 20, np.arange(40) >= 10)
    heard = (rng.random((120, 40)) < np.where(likes, 0.45, 0.05)).astype(np.int32)
    hidden = heard * (rng.random(heard.shape) < 0.3)
    hidden[np.arange(120), heard.argmax(axis=1)] = heard.max(axis=1)
    train = csr_array(heard - hidden)
    users = np.flatnonzero(hidden.any(axis=1)).astype(np.int32)
    return train, HeldOut(users, train[users], csr_array(hidden[users]))


def lists_by(estimators, train, held, n):
    """Model -> lists of n songs, by the models' classes."""
    fitted = {name: create(each).fit(train) for name, each in estimators.items()}
    users = held.users
    return {name: TopN(users, *each.recommend(held.fold_in, n, users=users)) for name, each in fitted.items()}
