"""What a smaller model costs: accuracy, memory and time against the number of factors, measured."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, issparse, vstack

from songrec.evaluation import Evaluation, evaluate, paired_difference, summarise
from songrec.lists import TopN
from songrec.measure import timed
from songrec.models import ItemKNN, PureSVD, Recommender
from songrec.models.dense import single_threaded_blas, song_neighbours
from songrec.splits import Split

FULL, FACTORS, SVD = "item_knn", "reduced_item_knn", "pure_svd"
NAMES = {FULL: "item-KNN, full space", FACTORS: "item-KNN on the factors", SVD: "PureSVD"}
METRICS = {"precision": "Precision", "recall": "Recall", "average_precision": "MAP", "ndcg": "NDCG"}
BLOCK = 1_000
"""Songs whose cosines to all others are held at once."""


@dataclass(frozen=True)
class Run:
    """One model of one size, fitted and judged.

    rank : numbers that stand for a song; in the full space as many as there are training users.
    kept : share of the log's squared entries that the factors reproduce (1 in the full space).
    size : bytes of the fitted arrays.
    """

    model: str
    rank: int
    kept: float
    size: int
    fit_seconds: float
    recommend_ms_per_user: float
    evaluation: Evaluation


def runs(split: Split, ranks: Sequence[int], neighbours: int, cutoff: int) -> list[Run]:
    """Item-KNN in the full space; then, for each rank, PureSVD and item-KNN on its factors.

    All are fitted on training and validation together and judged on the test part.
    """
    train = split.final_train()
    binary = csr_array((train > 0).astype(np.float64))
    with timed() as fitting:
        model = ItemKNN(neighbours).fit(train)
    found = [_judged(split, train, model, FULL, train.shape[0], 1.0, fitting.seconds, cutoff)]
    for asked in ranks:
        with timed() as fitting:
            svd = PureSVD(factors=asked).fit(train)
        rank = svd.song_factors_.shape[1]  # no more than the log has
        with timed() as further, single_threaded_blas():
            strengths = np.linalg.norm(binary @ svd.song_factors_.astype(np.float64), axis=0)
            reduced = item_knn_on(svd.song_factors_ * strengths, neighbours)
        kept = float((strengths**2).sum() / binary.nnz)
        seconds = fitting.seconds + further.seconds
        found.append(_judged(split, train, svd, SVD, rank, kept, fitting.seconds, cutoff))
        found.append(_judged(split, train, reduced, FACTORS, rank, kept, seconds, cutoff))
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


def _judged(
    split: Split, train: csr_array, model: Recommender, name: str, rank: int, kept: float, fit: float, k: int
) -> Run:
    users = split.test.users
    with timed() as ranking:
        songs, scores = model.recommend(split.test.fold_in, k, users=users)
    evaluation = evaluate(TopN(users, songs, scores), split.test.holdout, train, [k])
    each = 1000 * ranking.seconds / max(len(users), 1)
    return Run(name, rank, kept, fitted_bytes(model), fit, each, evaluation)


def fitted_bytes(model: Recommender) -> int:
    """Bytes of a model's fitted arrays: what its memory, its file and its loading grow with."""
    total = 0
    for name, value in vars(model).items():
        if name.endswith("_"):
            parts = (value.data, value.indices, value.indptr) if issparse(value) else (np.asarray(value),)
            total += sum(part.nbytes for part in parts)
    return total


def accuracy(found: Iterable[Run], cutoff: int) -> pd.DataFrame:
    """One row a run: `model`, `rank`, `kept`, `bytes`; for each metric m: `m`, `m_low`, `m_high` (95 %)."""
    rows = []
    for run in found:
        row = {"model": run.model, "rank": run.rank, "kept": run.kept, "bytes": run.size}
        columns = [f"{metric}@{cutoff}" for metric in METRICS]
        for mean in summarise(run.evaluation.per_user[columns]).itertuples():
            row |= {mean.metric: mean.value, f"{mean.metric}_low": mean.ci_low}
            row[f"{mean.metric}_high"] = mean.ci_high
        rows.append(row)
    return pd.DataFrame(rows)


def differences(found: Sequence[Run], cutoff: int) -> pd.DataFrame:
    """Each smaller model's MAP against item-KNN in the full space, user by user.

    Columns `model`, `rank`, `difference`, `difference_low`, `difference_high` (95 %).
    """
    column = [f"average_precision@{cutoff}"]
    full, *smaller = found
    rows = []
    for run in smaller:
        pair = paired_difference(run.evaluation.per_user[column], full.evaluation.per_user[column]).iloc[0]
        rows.append([run.model, run.rank, pair["difference"], pair["ci_low"], pair["ci_high"]])
    columns = ["model", "rank", "difference", "difference_low", "difference_high"]
    return pd.DataFrame(rows, columns=columns)


def costs(found: Iterable[Run]) -> list[dict[str, str | int | float]]:
    """What each run took: `model`, `rank`, `fit_seconds`, `recommend_ms_per_user`."""
    return [
        {
            "model": run.model,
            "rank": run.rank,
            "fit_seconds": run.fit_seconds,
            "recommend_ms_per_user": run.recommend_ms_per_user,
        }
        for run in found
    ]
