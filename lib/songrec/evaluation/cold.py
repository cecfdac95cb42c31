"""How good lists are for whom, and of what, little is known."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.evaluation.hits import find_hits
from songrec.evaluation.metrics import average_precision, recall
from songrec.lists import NOTHING
from songrec.models import Recommender
from songrec.splits.cold import NewUsers


def accuracy(users: np.ndarray, songs: np.ndarray, holdout: csr_array, cutoff: int) -> pd.DataFrame:
    """Per user `average_precision@cutoff` and `recall@cutoff` of the lists `songs` (n, at least cutoff)."""
    judged = find_hits(songs[:, :cutoff], holdout)
    columns = {"average_precision": average_precision, "recall": recall}
    values = {f"{name}@{cutoff}": metric(judged, cutoff) for name, metric in columns.items()}
    return pd.DataFrame(values, index=pd.Index(users, name="user"))


def growth(
    model: Recommender, people: NewUsers, shown: Sequence[int], cutoff: int
) -> dict[int, pd.DataFrame]:
    """The accuracy of a fitted model's lists, of the same hidden songs, once so many songs are shown.

    Returns number of songs -> `accuracy`. A model that has no list yet finds nothing.
    """
    holdout, found = people.holdout, {}
    for n in shown:
        songs, _ = model.recommend(people.fold_in(n), cutoff)
        found[n] = accuracy(people.users, songs, holdout, cutoff)
    return found


def by_kappa(
    hybrid: Recommender, people: NewUsers, shown: Sequence[int], kappas: Sequence[float], cutoff: int
) -> pd.DataFrame:
    """Mean average precision of a fitted hybrid for each kappa: columns `kappa`, `value`, and `n` for each n.

    `value` is the mean over all of `shown`, each weighing the same. The hybrid keeps the best kappa, the
    earliest where several are equal.
    """
    rows = []
    for kappa in kappas:
        grown = growth(hybrid.set_params(kappa=kappa), people, shown, cutoff)
        means = {n: float(values[f"average_precision@{cutoff}"].mean()) for n, values in grown.items()}
        rows.append({"kappa": float(kappa), "value": float(np.mean(list(means.values()))), **means})
    table = pd.DataFrame(rows)
    hybrid.set_params(kappa=float(table.loc[table["value"].idxmax(), "kappa"]))
    return table


def by_chance(songs: np.ndarray, n_users: int, cutoff: int, seed: int = 0) -> np.ndarray:
    """Lists (n_users, cutoff) of songs drawn by lot, filled up with -1 where there are fewer songs."""
    random = np.random.default_rng(seed)
    lists = np.full((n_users, cutoff), NOTHING, np.int32)
    places = min(cutoff, len(songs))
    for row in lists:
        row[:places] = random.choice(songs, places, replace=False)
    return lists
