"""How time and memory grow with the size of the log, measured step by step on synthetic logs."""

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.data.interactions import Interactions
from songrec.data.synthetic import SyntheticWorld
from songrec.evaluation import score_lists
from songrec.measure import machine_line
from songrec.models import ALS, EASE, FsSLIM, ItemKNN, Popularity, RP3beta
from songrec.splits.strong import strong

METRICS = ("precision", "recall", "average_precision", "ndcg")
HELD_OUT = 0.1
"""Share of the users who are held out for validation, and as many for test."""

SHORT = 0.2
"""A step is run again until it took so many seconds in all, up to `REPEATS` times; the fastest run counts."""

REPEATS = 3

WARM = 80
"""Users and songs of a log that every step runs on before it is measured."""


@dataclass(frozen=True)
class Settings:
    """What does not change from one log to the next.

    Attributes
    ----------
    neighbours : int
        Of item-KNN, RP3beta and FsSLIM.
    factors : int
        Of ALS.
    epochs : int
        Of ALS.
    ease_songs : int
        EASE is fitted on catalogues of at most so many songs.
    cutoff : int
        Length of the lists that are recommended and evaluated.
    """

    neighbours: int
    factors: int
    epochs: int
    ease_songs: int
    cutoff: int


def measured(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """The result of some work, the seconds and the peak memory (MB, 10^6 bytes) that it takes.

    It runs once for the memory and once more, or oftener, for the time.
    Memory is what `tracemalloc` is told: all arrays of NumPy and all objects of Python that are made on the
    way, the result included and what was there before left out. Work space that compiled code takes by itself
    is not in it: with 8,000 users and 3,200 songs the fits' peaks were from 16 % above (item-KNN, whose
    arrays are not filled to their ends) to 21 % below (EASE) those that Linux counted.
    """
    tracemalloc.start()
    try:
        work()
        peak = tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
    spent: list[float] = []
    while len(spent) < REPEATS and sum(spent) < SHORT:
        start = perf_counter()
        result = work()
        spent.append(perf_counter() - start)
    return result, min(spent), peak


def logs(users: Sequence[int], songs_per_user: float, seed: int) -> Iterator[SyntheticWorld]:
    """A world for each number of users; the catalogue grows with them, as that of a growing service does."""
    for number in users:
        yield SyntheticWorld(number, max(40, round(songs_per_user * number)), seed)


def work_of(worlds: Sequence[SyntheticWorld]) -> pd.DataFrame:
    """How large the logs are: users, songs, entries, mean songs of a user, pairs of songs heard together.

    A pair counts once for each user who has heard both: sum over users of h (h - 1) / 2.
    """
    rows = []
    for world in worlds:
        heard = np.concatenate([np.bincount(users) for _, users, _, _ in world.blocks()])
        pairs = int((heard * (heard - 1) // 2).sum())
        rows.append([world.users, world.songs, int(heard.sum()), float(heard.mean()), pairs])
    return pd.DataFrame(rows, columns=["users", "songs", "entries", "songs_per_user", "pairs"])


def cost(worlds: Sequence[SyntheticWorld], settings: Settings, threads: int) -> pd.DataFrame:
    """Every step on every log.

    Returns
    -------
    DataFrame
        step, users, songs, entries (of the whole log), multiply_adds (NaN where unknown),
        seconds, peak_mb, threads, machine.
    """
    for _ in _steps(SyntheticWorld(WARM, WARM), settings, _untimed):
        pass  # loads the compiled loops, which is no part of any step
    rows = [
        [step, world.users, world.songs, *measures]
        for world in worlds
        for step, *measures in _steps(world, settings)
    ]
    names = ["step", "users", "songs", "entries", "multiply_adds", "seconds", "peak_mb"]
    found = pd.DataFrame(rows, columns=names)
    order = list(dict.fromkeys(found["step"]))
    found = found.sort_values("step", key=lambda steps: steps.map(order.index), kind="stable")
    return found.reset_index(drop=True).assign(threads=threads, machine=machine_line())


def _untimed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    return work(), 0.0, 0.0


def _steps(
    world: SyntheticWorld, settings: Settings, measured: Callable = measured
) -> Iterator[tuple[str, int, float, float, float]]:
    """(step, entries, multiply-adds, seconds, MB), one step after the other."""
    log, *spent = _matrix(world, measured)
    entries = log.plays.nnz
    yield "matrix", entries, np.nan, *spent
    held_out = max(1, round(HELD_OUT * world.users))
    parts = {"validation_users": held_out, "test_users": held_out}
    split, *spent = measured(lambda: strong(log, min_listeners=1, min_songs=5, **parts))
    yield "split", entries, np.nan, *spent
    train, test, k = split.train, split.test, settings.neighbours
    estimators = {
        "popularity": Popularity(),
        "item_knn": ItemKNN(k),
        "rp3beta": RP3beta(k),
        "als": ALS(settings.factors, epochs=settings.epochs),
        "fs_slim": FsSLIM(k, spread=1),
        "ease": EASE(),
    }
    item_knn = estimators["item_knn"]
    work = multiply_adds(train, k)
    for step, model in estimators.items():
        if step != "ease" or train.shape[1] <= settings.ease_songs:
            _, *spent = measured(lambda model=model: model.fit(train))
            yield step, entries, work.get(step, np.nan), *spent
    (songs, _), *spent = measured(lambda: item_knn.recommend(test.fold_in, settings.cutoff, users=test.users))
    yield "recommend", entries, np.nan, *spent
    _, *spent = measured(lambda: score_lists(songs, test.holdout, settings.cutoff, test.users, METRICS))
    yield "evaluate", entries, np.nan, *spent


def _matrix(world: SyntheticWorld, measured: Callable) -> tuple[Interactions, float, float]:
    """From ids, as they come from a file, to the matrix."""
    triplets = [np.concatenate(parts) for parts in zip(*world.triplets(), strict=True)]
    return measured(lambda: Interactions.from_triplets(*triplets))


def multiply_adds(train: csr_array, neighbours: int) -> dict[str, float]:
    """The multiply-adds of those fits whose number the log tells beforehand.

    With h the songs of a user, n songs and K neighbours, at most n - 1: item-KNN counts every pair of songs
    of a user once, sum h (h - 1) / 2; FsSLIM does so twice, for the neighbours and between them, and solves n
    systems by K³/6 each; EASE inverts a symmetric matrix by n³/2.
    """
    heard, n = np.diff(train.indptr).astype(np.int64), train.shape[1]
    pairs = float((heard * (heard - 1) // 2).sum())
    solving = n * min(neighbours, n - 1) ** 3 / 6
    return {"item_knn": pairs, "fs_slim": 2 * pairs + solving, "ease": n**3 / 2}


def exponents(cost: pd.DataFrame) -> pd.DataFrame:
    """How time grows: b of seconds = a · entries^b, and of seconds = a · multiply_adds^b.

    Least squares on the logarithms, over the logs.

    Returns
    -------
    DataFrame
        step, against (entries or multiply_adds), logs, exponent (NaN with fewer than two logs).
    """
    rows = []
    for step, of in cost.groupby("step", sort=False):
        for against in ("entries", "multiply_adds"):
            known = of[of[against].notna()]
            if len(known):
                rows.append([step, against, len(known), exponent(known[against], known["seconds"])])
    return pd.DataFrame(rows, columns=["step", "against", "logs", "exponent"])


def exponent(size: Sequence[float], seconds: Sequence[float]) -> float:
    """The slope of the straight line through the logarithms; NaN where all sizes are the same.

    >>> round(exponent([10, 100, 1000], [3, 300, 30_000]), 6)
    2.0
    """
    x, y = np.log(np.asarray(size, float)), np.log(np.asarray(seconds, float))
    x = x - x.mean()
    return float(x @ y / (x @ x)) if x.any() else np.nan
