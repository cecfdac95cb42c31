"""Who is served, and with what, as tables."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.evaluation import (
    CLASSES,
    groups_by,
    history_popularity,
    popularity,
    popularity_classes,
    recall_by_class,
)
from songrec.lists import TopN
from songrec.report.style import label
from songrec.report.tables_beyond import means_of, text_of
from songrec.report.tables_models import DECIDING, PerUser
from songrec.report.words import listed, sentence, share
from songrec.splits import HeldOut

TASTES = ("niche", "middle", "mainstream")
ACTIVITY = ("short", "middle", "long")
BY_ACTIVITY, BY_TASTE, BY_SONG = "history", "taste", "hidden song"
"""Ways to divide: users by the length of their history, by how popular it is; hidden songs by popularity."""


def tastes(held: HeldOut, train: csr_array) -> np.ndarray:
    """Thirds of the users by the mean popularity of their history: places in `TASTES`, -1 without one."""
    return groups_by(history_popularity(held.fold_in, popularity(train)), TASTES)


def segments(
    values: PerUser, lists: Mapping[str, TopN], held: HeldOut, train: csr_array, cutoff: int
) -> pd.DataFrame:
    """Accuracy in each segment: columns `by`, `group`, `model`, `value`, `ci_low`, `ci_high`, `n_users`.

    MAP for users by history and by taste; for hidden songs by class, the recall of the songs of that class
    alone, over the users who have one.
    """
    known = np.diff(held.fold_in.indptr).astype(float)
    users = {
        BY_ACTIVITY: (ACTIVITY, groups_by(known, ACTIVITY)),
        BY_TASTE: (TASTES, tastes(held, train)),
    }
    classes = popularity_classes(train)
    found = {m: recall_by_class(lists[m].songs, held.holdout, classes, cutoff) for m in values}
    accuracy = {model: frame[f"{DECIDING}@{cutoff}"].to_numpy() for model, frame in values.items()}
    parts = {
        (by, name): {model: column[groups == place] for model, column in accuracy.items()}
        for by, (names, groups) in users.items()
        for place, name in enumerate(names)
    }
    parts |= {(BY_SONG, c): {m: found[m][:, i] for m in values} for i, c in enumerate(CLASSES)}
    tables = [
        means_of(columns).rename_axis("model").reset_index().assign(by=by, group=group)
        for (by, group), columns in parts.items()
    ]
    order = ["by", "group", "model", "value", "ci_low", "ci_high", "n_users"]
    return pd.concat(tables, ignore_index=True)[order].dropna(subset="value").reset_index(drop=True)


def makeup(held: HeldOut, train: csr_array) -> pd.DataFrame:
    """What the three classes of songs are: `songs`, `number`, and shares of everything."""
    classes = popularity_classes(train)
    listeners = np.bincount(train.indices, minlength=train.shape[1])
    n, listening, hidden = (
        np.bincount(classes, minlength=len(CLASSES)),
        np.bincount(classes, listeners, len(CLASSES)),
        np.bincount(classes[held.holdout.indices], minlength=len(CLASSES)),
    )
    shares = {"catalogue": n / n.sum(), "listening": listening / listening.sum()}
    return pd.DataFrame({"songs": CLASSES, "number": n, **shares, "hidden": hidden / hidden.sum()})


def segment_cells(table: pd.DataFrame, by: str, heading: str) -> pd.DataFrame:
    """One division of `segments` as text: a row a model, a column a group."""
    rows = table[table["by"] == by]
    rows = rows.assign(text=text_of(rows))
    models = list(dict.fromkeys(rows["model"]))
    cells = {heading: [label(model) for model in models]}
    for group, part in rows.groupby("group", sort=False):
        cells[group] = part.set_index("model")["text"].reindex(models).fillna("").to_numpy()
    return pd.DataFrame(cells)


def makeup_note(table: pd.DataFrame, item: str) -> str:
    """What the classes are, in a line below their table."""
    parts = [
        f"the {row.songs} are {row.number:,} {item}s ({share(row.catalogue)} of all), with "
        f"{share(row.listening)} of the listening and {share(row.hidden)} of what was hidden"
        for row in table.itertuples()
    ]
    return sentence(f"{listed(parts)}.")
