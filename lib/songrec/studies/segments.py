"""Who is served, and with what: accuracy by groups of users and by classes of songs."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.csr import column_counts
from songrec.evaluation import (
    CLASSES,
    groups_by,
    history_popularity,
    means_of,
    popularity,
    popularity_classes,
    recall_by_class,
)
from songrec.evaluation.metrics import DECIDING
from songrec.lists import TopN
from songrec.splits import HeldOut
from songrec.studies.stacked import stacked

TASTES = ("niche", "middle", "mainstream")
ACTIVITY = ("short", "middle", "long")
BY_ACTIVITY, BY_TASTE, BY_SONG = "history", "taste", "hidden song"
"""Ways to divide: users by the length of their history, by how popular it is; hidden songs by popularity."""


def tastes(held: HeldOut, train: csr_array) -> np.ndarray:
    """Thirds of the users by the mean popularity of their history: places in `TASTES`, -1 without one."""
    return groups_by(history_popularity(held.fold_in, popularity(train)), TASTES)


def segments(
    per_user: Mapping[str, pd.DataFrame],
    lists: Mapping[str, TopN],
    held: HeldOut,
    train: csr_array,
    cutoff: int,
) -> pd.DataFrame:
    """Accuracy in each segment.

    Parameters
    ----------
    per_user : mapping
        Model -> values by user, MAP@cutoff among them.
    lists : mapping
        Model -> its lists for the same users.
    held : HeldOut
        Their histories and hidden songs.
    train : csr_array (n_users, n_songs)
        What says how popular a song is.
    cutoff : int
        Length of the lists.

    Returns
    -------
    DataFrame
        by, group, model, value, ci_low, ci_high, n_users: MAP for users by history and by taste; for
        hidden songs by class, the recall of the songs of that class alone, over the users who have one.
    """
    known = np.diff(held.fold_in.indptr).astype(float)
    users = {
        BY_ACTIVITY: (ACTIVITY, groups_by(known, ACTIVITY)),
        BY_TASTE: (TASTES, tastes(held, train)),
    }
    classes = popularity_classes(train)
    found = {model: recall_by_class(lists[model].songs, held.holdout, classes, cutoff) for model in per_user}
    accuracy = {model: frame[f"{DECIDING}@{cutoff}"].to_numpy() for model, frame in per_user.items()}
    parts = {
        (by, name): {model: column[groups == place] for model, column in accuracy.items()}
        for by, (names, groups) in users.items()
        for place, name in enumerate(names)
    }
    parts |= {(BY_SONG, name): {m: found[m][:, i] for m in per_user} for i, name in enumerate(CLASSES)}
    tables = [
        means_of(columns).rename_axis("model").reset_index().assign(by=by, group=group)
        for (by, group), columns in parts.items()
    ]
    table = stacked(tables, "by group model value ci_low ci_high n_users")
    return table.dropna(subset="value").reset_index(drop=True)


def class_sizes(held: HeldOut, train: csr_array) -> pd.DataFrame:
    """How large the three classes of songs are.

    Returns
    -------
    DataFrame
        songs (the class), number, and its shares of the catalogue, of the listening and of what was hidden.
    """
    classes = popularity_classes(train)
    listeners = column_counts(train)
    counts = {
        "catalogue": np.bincount(classes, minlength=len(CLASSES)),
        "listening": np.bincount(classes, listeners, len(CLASSES)),
        "hidden": np.bincount(classes[held.holdout.indices], minlength=len(CLASSES)),
    }
    shares = {name: n / n.sum() for name, n in counts.items()}
    return pd.DataFrame({"songs": CLASSES, "number": counts["catalogue"], **shares})
