"""From lists to numbers: every metric at every cut-off, kept per user."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import csr_array

from songrec.errors import DataError
from songrec.evaluation.beyond import catalogue_coverage, gini, intra_list_diversity, novelty
from songrec.evaluation.hits import check_cutoffs, find_hits
from songrec.evaluation.metrics import ACCURACY
from songrec.files import replacing
from songrec.lists import TopN


@dataclass(frozen=True)
class Evaluation:
    """Metrics of one model's lists.

    Attributes
    ----------
    per_user : DataFrame
        float64, index `user` (codes of the split), columns `metric@k`; not rounded.
    catalogue : DataFrame
        float64, index `k`, columns `coverage` and `gini`: of all lists together.
    """

    per_user: pd.DataFrame
    catalogue: pd.DataFrame


def evaluate(lists: TopN, holdout: csr_array, train: csr_array, cutoffs: Sequence[int]) -> Evaluation:
    """Evaluate lists by every metric at every cut-off.

    Parameters
    ----------
    lists : TopN
        The lists.
    holdout : csr_array (n_users, n_songs)
        Row i is what list i (`lists.users[i]`) should find.
    train : csr_array (any users, n_songs)
        What the model was fitted on: who listens to what, for novelty and diversity.
    cutoffs : sequence of int
        Ascending; each within the lists' length, unless all lists end earlier.

    Returns
    -------
    Evaluation
        The metrics, per user and of all lists.

    Raises
    ------
    DataError
        When the parts do not fit together.
    ConfigError
        For a cut-off that cannot be served.

    Examples
    --------
    >>> lists = TopN(np.array([7]), np.array([[2, 0]]), np.array([[0.9, 0.1]]))
    >>> result = evaluate(lists, csr_array([[1, 1, 0]]), csr_array([[0, 0, 1], [1, 0, 1]]), cutoffs=[1, 2])
    >>> result.per_user.loc[7, ["precision@2", "recall@2", "ndcg@2"]].round(3).to_dict()
    {'precision@2': 0.5, 'recall@2': 0.5, 'ndcg@2': 0.387}
    >>> result.catalogue.round(3).to_dict("index")
    {1: {'coverage': 0.333, 'gini': 0.667}, 2: {'coverage': 0.667, 'gini': 0.333}}
    """
    users = np.asarray(lists.users)
    n_songs = train.shape[1]
    _check(users, lists, holdout, train)
    hits = find_hits(lists.songs, holdout)
    check_cutoffs(cutoffs, hits.n_listed, lists.n)
    columns = {f"{name}@{k}": metric(hits, k) for name, metric in ACCURACY.items() for k in cutoffs}
    columns |= {f"novelty@{k}": novelty(lists.songs, train, k) for k in cutoffs}
    diversity = intra_list_diversity(lists.songs, train, cutoffs)
    columns |= {f"diversity@{k}": diversity[:, place] for place, k in enumerate(cutoffs)}
    catalogue = {
        "coverage": [catalogue_coverage(lists.songs, n_songs, k) for k in cutoffs],
        "gini": [gini(lists.songs, n_songs, k) for k in cutoffs],
    }
    return Evaluation(
        pd.DataFrame(columns, index=pd.Index(users, name="user")),
        pd.DataFrame(catalogue, index=pd.Index(list(cutoffs), name="k")),
    )


def _check(users: np.ndarray, lists: TopN, holdout: csr_array, train: csr_array) -> None:
    if len(users) != len(lists.songs):
        raise DataError(f"{len(users)} users but {len(lists.songs)} lists: each list belongs to one user")
    if len(np.unique(users)) != len(users):
        raise DataError("a user stands twice among the lists: each counts once")
    if holdout.shape[1] != train.shape[1]:
        raise DataError(
            f"the holdout has {holdout.shape[1]} songs, the training matrix {train.shape[1]}: one split each?"
        )
    if not train.has_canonical_format:
        raise DataError(
            "the training matrix holds a (user, song) pair twice or out of order: sum_duplicates() first"
        )


def save_per_user(per_user: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write every model's values by user as `<model>.parquet`, all or none; the same values, the same bytes.

    pandas' own writer would add its version to the file, so the columns are handed to Arrow bare.
    """
    with replacing(folder) as temporary:
        temporary.mkdir()
        for model, values in per_user.items():
            columns = {column: values[column].to_numpy() for column in values}
            table = pa.table({"user": values.index.to_numpy(), **columns})
            pq.write_table(table, temporary / f"{model}.parquet", compression="zstd")


def load_per_user(folder: Path, models: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Read these models' values, as `save_per_user` wrote them.

    Raises
    ------
    DataError
        For a missing or damaged file, which it names.
    """
    found = {}
    for model in models:
        path = folder / f"{model}.parquet"
        try:
            found[model] = pq.read_table(path).to_pandas().set_index("user")
        except (OSError, pa.ArrowException, KeyError) as error:
            raise DataError(f"cannot read per-user values from {path}: {error}") from error
    return found
