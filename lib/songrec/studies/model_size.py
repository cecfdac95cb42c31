"""What a smaller model costs: accuracy, memory and time against the number of factors, measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, issparse, vstack

from songrec.evaluation import paired_difference, score_lists, summarise
from songrec.evaluation.metrics import DECIDING
from songrec.kernels.threads import single_threaded_blas
from songrec.measure import timed
from songrec.models import ItemKNN, PureSVD, Recommender
from songrec.models.dense import song_neighbours
from songrec.splits import Split
from songrec.studies.stacked import ESTIMATE, stacked

FULL, FACTORS, SVD = "item_knn", "reduced_item_knn", "pure_svd"
METRICS = ("precision", "recall", DECIDING, "ndcg")
BLOCK = 1_000
"""Songs whose cosines to all others are held at once."""


@dataclass(frozen=True)
class Run:
    """One model of one size, fitted and evaluated.

    Attributes
    ----------
    model : str
        Its label.
    rank : int
        Numbers that stand for a song; in the full space as many as there are training users.
    kept : float
        Share of the log's squared entries that the factors reproduce (1 in the full space).
    size : int
        Bytes of the fitted arrays.
    fit_seconds : float
        Measured on this machine.
    recommend_ms_per_user : float
        Likewise.
    per_user : DataFrame
        The metrics of `METRICS` by user.
    """

    model: str
    rank: int
    kept: float
    size: int
    fit_seconds: float
    recommend_ms_per_user: float
    per_user: pd.DataFrame


def runs(split: Split, ranks: Sequence[int], neighbours: int, cutoff: int) -> list[Run]:
    """Item-KNN in the full space; then, for each rank, PureSVD and item-KNN on its factors.

    All are fitted on training and validation together and evaluated on the test part.
    """
    train = split.final_train()
    binary = csr_array((train > 0).astype(np.float64))
    with timed() as fitting:
        model = ItemKNN(neighbours).fit(train)
    found = [_evaluated(split, train, model, FULL, train.shape[0], 1.0, fitting.seconds, cutoff)]
    for asked in ranks:
        with timed() as fitting:
            svd = PureSVD(factors=asked).fit(train)
        rank = svd.song_factors_.shape[1]  # no more than the log has
        with timed() as further, single_threaded_blas():
            strengths = np.linalg.norm(binary @ svd.song_factors_.astype(np.float64), axis=0)
            reduced = item_knn_on(svd.song_factors_ * strengths, neighbours)
        kept = float((strengths**2).sum() / binary.nnz)
        seconds = fitting.seconds + further.seconds
        found.append(_evaluated(split, train, svd, SVD, rank, kept, fitting.seconds, cutoff))
        found.append(_evaluated(split, train, reduced, FACTORS, rank, kept, seconds, cutoff))
    return found


def item_knn_on(vectors: np.ndarray, neighbours: int) -> ItemKNN:
    """Item-KNN whose table of neighbours is made from vectors of the songs, (n_songs, f), by their cosine."""
    n = len(vectors)
    model = ItemKNN(neighbours)
    blocks = []
    for start in range(0, n, BLOCK):
        block = np.arange(start, min(start + BLOCK, n))
        songs, cosines = song_neighbours(vectors, block, min(neighbours, n))
        row, place = np.nonzero(songs >= 0)
        entries = (cosines[row, place], (row, songs[row, place]))
        blocks.append(csr_array(entries, shape=(len(block), n)))
    model.similarity_, model.n_songs_ = vstack(blocks, format="csr"), n
    return model


def _evaluated(
    split: Split, train: csr_array, model: Recommender, name: str, rank: int, kept: float, fit: float, k: int
) -> Run:
    users = split.test.users
    with timed() as ranking:
        songs, _ = model.recommend(split.test.fold_in, k, users=users)
    per_user = score_lists(songs, split.test.holdout, k, users, METRICS)
    each = 1000 * ranking.seconds / max(len(users), 1)
    return Run(name, rank, kept, fitted_bytes(model), fit, each, per_user)


def fitted_bytes(model: Recommender) -> int:
    """Bytes of a model's fitted arrays: what its memory, its file and its loading grow with."""
    total = 0
    for name, value in vars(model).items():
        if name.endswith("_"):
            parts = (value.data, value.indices, value.indptr) if issparse(value) else (np.asarray(value),)
            total += sum(part.nbytes for part in parts)
    return total


def accuracy(found: Iterable[Run]) -> pd.DataFrame:
    """Means: model, rank, kept, bytes, metric, k, value, se, ci_low, ci_high, n_users."""
    tables = [
        summarise(run.per_user).assign(model=run.model, rank=run.rank, kept=run.kept, bytes=run.size)
        for run in found
    ]
    return stacked(tables, f"model rank kept bytes metric k {ESTIMATE}")


def differences(found: Sequence[Run], cutoff: int) -> pd.DataFrame:
    """Each smaller model's MAP minus that of item-KNN in the full space, user by user.

    Returns
    -------
    DataFrame
        model, rank, metric, k, value, se, ci_low, ci_high, n_users.
    """
    column = [f"{DECIDING}@{cutoff}"]
    full, *smaller = found
    tables = [
        paired_difference(run.per_user[column], full.per_user[column]).assign(model=run.model, rank=run.rank)
        for run in smaller
    ]
    return stacked(tables, f"model rank metric k {ESTIMATE}")


def cost(found: Iterable[Run], threads: int) -> pd.DataFrame:
    """What each run took: model, rank, fit_seconds, recommend_ms_per_user, threads."""
    rows = [[run.model, run.rank, run.fit_seconds, run.recommend_ms_per_user, threads] for run in found]
    return pd.DataFrame(rows, columns=["model", "rank", "fit_seconds", "recommend_ms_per_user", "threads"])
