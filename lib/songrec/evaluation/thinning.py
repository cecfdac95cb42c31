"""How much log a model needs: the same question with less to learn from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.models import create
from songrec.splits import HeldOut
from songrec.splits.contract import keep


def thinned(train: csr_array, share: float, seed: int = 0) -> csr_array:
    """`train` with about this share of its entries, drawn by lot; same shape.

    Each entry has one number, drawn once for a seed, and stays when it lies below the share: what is kept
    of a smaller share is part of what is kept of a larger one.

    >>> thinned(csr_array(np.ones((100, 100), int)), 0.25).nnz
    2524
    """
    if isinstance(share, bool) or not 0 < share <= 1:
        raise ConfigError(f"a share of the log lies above 0 and is at most 1, not {share!r}")
    return keep(train, np.random.default_rng(seed).random(train.nnz) < share)


def lists_when_thinned(
    models: Mapping[str, Mapping[str, Any]],
    train: csr_array,
    held: HeldOut,
    shares: Sequence[float],
    k: int,
    seed: int = 0,
) -> dict[str, dict[float, np.ndarray]]:
    """Lists (n_users, k) of every model, fitted on each share of the log: model -> share -> songs.

    models : label -> `estimator` and `hyperparameters`, as `songrec.tuning.read_tuned` gives them.
    held : users whose fold-in and holdout stay whole: only what a model learns from is thinned, so that the
    question, and what is known of the user when it is asked, are the same throughout.
    """
    found: dict[str, dict[float, np.ndarray]] = {model: {} for model in models}
    for share in shares:
        less = thinned(train, share, seed)
        for model, of in models.items():
            fitted = create(of["estimator"], **of["hyperparameters"]).fit(less)
            found[model][share], _ = fitted.recommend(held.fold_in, k, users=held.users)
    return found
