"""The evaluators that are timed side by side, each behind the same two steps: prepare once, then evaluate.

Run as a program it is one contestant in a process of its own, so that each may have an environment of its
own: it needs numpy, scipy and the library that it times, and answers on its standard output, a line of JSON
for each line that it is sent.

    python contestants.py NAME LISTS.npz CUTOFFS
"""

import json
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from time import perf_counter, process_time

import numpy as np
from scipy.sparse import csr_array, csr_matrix

Means = dict[str, float]
Evaluate = Callable[[], Means]


def songrec(lists: np.ndarray, holdout: csr_array, cutoffs: Sequence[int]) -> tuple[Evaluate, int]:
    """All accuracy metrics of this project, a value for each user; then their means."""
    from songrec.evaluation import ACCURACY, find_hits

    def evaluate() -> Means:
        hits = find_hits(lists, holdout)
        per_user = {f"{m}@{k}": metric(hits, k) for m, metric in ACCURACY.items() for k in cutoffs}
        return {name: float(values.mean()) for name, values in per_user.items()}

    return evaluate, len(ACCURACY)


def implicit(lists: np.ndarray, holdout: csr_array, cutoffs: Sequence[int]) -> tuple[Evaluate, int]:
    """Its four metrics, means only, once for each cut-off: it takes one at a time.

    It asks a model for lists; here one that hands out those that are there.
    """
    from implicit.evaluation import ranking_metrics_at_k

    class HandsOut:
        def recommend(self, users, _, N):
            return lists[users, :N], None

    hidden = csr_matrix((holdout.data, holdout.indices.astype(np.int32), holdout.indptr.astype(np.int32)))
    hidden.resize(holdout.shape)
    nothing = csr_matrix(holdout.shape, dtype=np.int32)
    names = {"map": "average_precision", "ndcg": "ndcg"}

    def evaluate() -> Means:
        found = {
            k: ranking_metrics_at_k(HandsOut(), nothing, hidden, K=k, show_progress=False) for k in cutoffs
        }
        return {f"{ours}@{k}": float(found[k][theirs]) for theirs, ours in names.items() for k in cutoffs}

    return evaluate, 4


def lenskit(lists: np.ndarray, holdout: csr_array, cutoffs: Sequence[int]) -> tuple[Evaluate, int]:
    """Its precision, recall, average precision and NDCG in one run over all lists, a value for each."""
    from lenskit.data import ItemList, ItemListCollection
    from lenskit.metrics import NDCG, Precision, Recall, RunAnalysis
    from lenskit.metrics.ranking import AveragePrecision

    hidden = np.split(holdout.indices, holdout.indptr[1:-1])
    outputs = ItemListCollection.from_dict(
        {user: ItemList(item_ids=row, ordered=True) for user, row in enumerate(lists)}, "user_id"
    )
    truth = ItemListCollection.from_dict(
        {user: ItemList(item_ids=row) for user, row in enumerate(hidden)}, "user_id"
    )
    kinds = {
        "precision": Precision,
        "recall_capped": Recall,
        "average_precision": AveragePrecision,
        "ndcg_clipped": NDCG,
    }
    analysis = RunAnalysis()
    for name, kind in kinds.items():
        for k in cutoffs:
            analysis.add_metric(kind(k), label=f"{name}@{k}")

    def evaluate() -> Means:
        means = analysis.measure(outputs, truth).list_metrics().mean()
        return {name: float(value) for name, value in means.items()}

    return evaluate, len(kinds)


def rectools(lists: np.ndarray, holdout: csr_array, cutoffs: Sequence[int]) -> tuple[Evaluate, int]:
    """Its precision, recall, F1, MAP, NDCG, hit rate and MRR from data frames, means only."""
    import pandas as pd
    from rectools.metrics import MAP, MRR, NDCG, F1Beta, HitRate, Precision, Recall, calc_metrics

    n_users, n = lists.shape
    recommended = pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(n_users), n),
            "item_id": lists.ravel(),
            "rank": np.tile(np.arange(1, n + 1), n_users),
        }
    )
    owner = np.repeat(np.arange(n_users), np.diff(holdout.indptr))
    hidden = pd.DataFrame({"user_id": owner, "item_id": holdout.indices})
    kinds = {
        "precision": Precision,
        "recall": Recall,
        "f1": F1Beta,
        "average_precision_by_n": MAP,
        "ndcg_full_ideal": NDCG,
        "hit_rate": HitRate,
        "reciprocal_rank": MRR,
    }
    metrics = {f"{name}@{k}": kind(k=k) for name, kind in kinds.items() for k in cutoffs}

    def evaluate() -> Means:
        return {name: float(x) for name, x in calc_metrics(metrics, recommended, hidden).items()}

    return evaluate, len(kinds)


def ranx(lists: np.ndarray, holdout: csr_array, cutoffs: Sequence[int]) -> tuple[Evaluate, int]:
    """Its precision, recall, F1, MAP, NDCG, hit rate and MRR, compiled by numba, a value for each list."""
    from ranx import Qrels, Run
    from ranx import evaluate as measure

    worth = {place: float(len(lists[0]) - place) for place in range(lists.shape[1])}
    run = Run.from_dict(
        {
            str(user): {str(song): worth[place] for place, song in enumerate(row)}
            for user, row in enumerate(lists)
        }
    )
    hidden = np.split(holdout.indices, holdout.indptr[1:-1])
    truth = Qrels.from_dict({str(user): {str(song): 1 for song in row} for user, row in enumerate(hidden)})
    names = {
        "precision": "precision",
        "recall": "recall",
        "f1": "f1",
        "map": "average_precision_by_n",
        "ndcg": "ndcg",
        "hit_rate": "hit_rate",
        "mrr": "reciprocal_rank",
    }
    metrics = {f"{theirs}@{k}": f"{ours}@{k}" for theirs, ours in names.items() for k in cutoffs}

    def evaluate() -> Means:
        found = measure(truth, run, list(metrics))
        found = found if isinstance(found, dict) else {next(iter(metrics)): found}
        return {metrics[name]: float(value) for name, value in found.items()}

    return evaluate, len(names)


CONTESTANTS = {each.__name__: each for each in (songrec, implicit, lenskit, rectools, ranx)}
DISTRIBUTIONS = {"rectools": "RecTools"}


def answer(name: str, path: str, cutoffs: Sequence[int]) -> None:
    """Say who is there, or that nobody is; then time one evaluation for each line of standard input."""
    stored = np.load(path)
    holdout = csr_array((stored["data"], stored["indices"], stored["indptr"]), shape=tuple(stored["shape"]))
    holdout.has_canonical_format = True
    try:
        evaluate, metrics = CONTESTANTS[name](stored["lists"], holdout, cutoffs)
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        return
    known = version(DISTRIBUTIONS.get(name, name))
    print(json.dumps({"version": known, "metrics": metrics}), flush=True)
    for _ in sys.stdin:
        start, busy = perf_counter(), process_time()
        means = evaluate()
        spent = {"seconds": perf_counter() - start, "cpu_seconds": process_time() - busy}
        print(json.dumps({**spent, "means": means}), flush=True)


if __name__ == "__main__":
    answer(sys.argv[1], sys.argv[2], [int(k) for k in sys.argv[3].split(",")])
