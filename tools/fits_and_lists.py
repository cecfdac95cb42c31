"""How long models take to fit and to list, beside other libraries: `make bench`.

fit-als, fit-bpr     vectors of the same length, after as many epochs. Both begin at random, so that only what
                     they cost is compared; that they are as good is a matter of the tests
fit-svd              the same number of singular vectors
fit-ease             the same weights, beside the textbook's lines of NumPy
lists-als            the best songs of many users from the same vectors, without what each has heard
lists-item-knn       the same from the same table of similar songs

All use two threads. What each needs in its own form is made before the clock starts.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import side_by_side
from scipy.sparse import csr_array, csr_matrix, load_npz

THREADS, N = 2, 100
FACTORS, EPOCHS = 64, 5
NEIGHBOURS = 100
L2 = 300.0
LISTED = 20_000
"""Users who get lists, at most."""

Work = tuple[Callable, Callable]
"""What is timed, and what its result comes to."""


def _random(log, users: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    rows, columns = users or log.shape[0], log.shape[1]
    return (random.standard_normal((n, FACTORS)).astype(np.float32) for n in (rows, columns))


def _model_of(model, log) -> Work:
    """A model of the project's, its compiled loops loaded."""
    few = model.__class__(**model.get_params())
    few.fit(log[:200]).recommend(log[:50], N)
    return lambda: model.fit(log), lambda fitted: ""


def als_songrec(log) -> Work:
    from songrec.models import ALS

    return _model_of(ALS(FACTORS, epochs=EPOCHS), log)


def als_implicit(log) -> Work:
    from implicit.als import AlternatingLeastSquares

    options = {"regularization": 10.0, "alpha": 10.0, "iterations": EPOCHS, "num_threads": THREADS}
    model = AlternatingLeastSquares(FACTORS, calculate_training_loss=False, random_state=0, **options)
    return lambda: model.fit(csr_matrix(log), show_progress=False), lambda fitted: ""


def bpr_songrec(log) -> Work:
    from songrec.models import BPR

    return _model_of(BPR(FACTORS, epochs=EPOCHS), log)


def bpr_implicit(log) -> Work:
    from implicit.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(FACTORS, iterations=EPOCHS, num_threads=THREADS, random_state=0)
    return lambda: model.fit(csr_matrix(log), show_progress=False), lambda fitted: ""


def svd_songrec(log) -> Work:
    from songrec.models import PureSVD

    return _model_of(PureSVD(FACTORS), log)


def svd_sklearn(log) -> Work:
    from sklearn.utils.extmath import randomized_svd

    values = log.astype(np.float64)
    return lambda: randomized_svd(values, FACTORS, random_state=0), lambda fitted: ""


def ease_songrec(log) -> Work:
    from songrec.models import EASE

    work, _ = _model_of(EASE(L2), log)
    return work, lambda model: f"{np.abs(model.weights_, dtype=np.float64).sum():.3g}"


def ease_numpy(log) -> Work:
    def fit():
        gram = (log.T @ log).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += L2
        inverse = np.linalg.inv(gram)
        weights = inverse / -np.diag(inverse)
        np.fill_diagonal(weights, 0)
        return weights

    return fit, lambda weights: f"{np.abs(weights).sum():.3g}"


def lists_als_songrec(log) -> Work:
    from songrec.ranking import best_products

    listed = log[:LISTED]
    users, songs = _random(log, listed.shape[0])
    users = users.astype(np.float64)
    best_products(users[:50], songs, None, N, listed[:50])
    return lambda: best_products(users, songs, None, N, listed)[1], _summed


def lists_als_implicit(log) -> Work:
    from implicit.cpu.topk import topk

    listed = csr_matrix(log[:LISTED])
    users, songs = _random(log, listed.shape[0])
    options = {"filter_query_items": listed, "num_threads": THREADS}
    return lambda: topk(songs, users, N, **options)[1], _summed


def _table(log) -> csr_array:
    from songrec.similarity import Similarity, neighbours

    return neighbours(log.T.tocsr(), NEIGHBOURS, Similarity(0.5, 0.5, 0.0, False), threads=THREADS)


def lists_item_knn_songrec(log) -> Work:
    from songrec.ranking import best_sums

    table, listed = _table(log), log[:LISTED]
    best_sums(listed[:50], table, N, listed[:50])
    return lambda: best_sums(listed, table, N, listed)[1], _summed


def lists_item_knn_similaripy(log) -> Work:
    import similaripy

    table, listed = csr_matrix(_table(log)), csr_matrix(log[:LISTED])
    options = {"k": N, "verbose": False, "num_threads": THREADS, "filter_cols": listed}
    return lambda: similaripy.dot_product(listed, table, **options).data, _summed


def lists_item_knn_implicit(log) -> Work:
    from implicit.nearest_neighbours import CosineRecommender

    model, listed = CosineRecommender(NEIGHBOURS, num_threads=THREADS), csr_matrix(log[:LISTED])
    model.similarity, model.scorer = csr_matrix(_table(log)), None
    from implicit._nearest_neighbours import NearestNeighboursScorer

    model.scorer = NearestNeighboursScorer(model.similarity)
    users = np.arange(listed.shape[0])
    return lambda: model.recommend(users, listed, N)[1], _summed


def _summed(scores: np.ndarray) -> str:
    """What no tie changes: the sum of the lists' scores above zero."""
    scores = np.asarray(scores, np.float64)
    return f"{scores[np.isfinite(scores) & (scores > 0)].sum():.4g}"


TASKS = {
    "fit-als/songrec": als_songrec,
    "fit-als/implicit": als_implicit,
    "fit-bpr/songrec": bpr_songrec,
    "fit-bpr/implicit": bpr_implicit,
    "fit-svd/songrec": svd_songrec,
    "fit-svd/scikit-learn": svd_sklearn,
    "fit-ease/songrec": ease_songrec,
    "fit-ease/numpy": ease_numpy,
    "lists-als/songrec": lists_als_songrec,
    "lists-als/implicit": lists_als_implicit,
    "lists-item-knn/songrec": lists_item_knn_songrec,
    "lists-item-knn/similaripy": lists_item_knn_similaripy,
    "lists-item-knn/implicit": lists_item_knn_implicit,
}


def once(name: str, file: str) -> dict:
    """What one run took, and what it came to."""
    log = csr_array(load_npz(file))
    log.data = np.ones(log.nnz, np.float32)
    try:
        work, result = TASKS[name](log)
    except ImportError as error:
        return {"missing": str(error)}
    cost, made = side_by_side.once(name, work)
    return cost | {"entries": int(log.nnz), "result": result(made)}


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(THREADS))
    about = "Fitting models and making lists, side by side."
    sys.exit(side_by_side.main(sys.argv[1:], str(Path(__file__)), about, list(TASKS), once, 3))
