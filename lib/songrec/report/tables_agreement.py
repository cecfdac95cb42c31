"""Where models agree and where they do not, as tables."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from songrec.data import Catalogue
from songrec.evaluation import overlaps
from songrec.lists import TopN
from songrec.report.examples import examples
from songrec.report.style import label
from songrec.report.tables_beyond import means_of
from songrec.splits import Split


def overlap(lists: Mapping[str, TopN], cutoff: int) -> pd.DataFrame:
    """How alike every two models' lists are: `one`, `other`, and the mean Jaccard with its interval."""
    pairs = overlaps(lists, cutoff)
    table = means_of(pairs) if pairs else pd.DataFrame(columns=["value", "ci_low", "ci_high", "n_users"])
    table.insert(0, "one", [one for one, _ in pairs])
    table.insert(1, "other", [other for _, other in pairs])
    return table.reset_index(drop=True)


def titles(
    profile: str,
    models: Sequence[str],
    split: Split,
    lists: Mapping[str, TopN],
    catalogue: Catalogue,
    user_ids: Sequence[str],
    n: int,
) -> pd.DataFrame:
    """Histories and lists by title, for reading: `user`, `rank`, `played most`, and a column a model.

    A song that was hidden, and that the user did play, is marked with a tick.
    """
    tables = []
    for user in user_ids:
        columns = {}
        for model in models:
            rows = examples(profile, model, split, lists[model], catalogue, [user], n)
            history, listed = (rows[rows["kind"] == kind] for kind in ("history", "recommended"))
            columns["played most"] = history.set_index("rank")["label"]
            ticks = np.where(listed["hit"].to_numpy(bool), "✓ ", "")
            columns[label(model)] = pd.Series(ticks + listed["label"].to_numpy(), listed["rank"].to_numpy())
        wide = pd.DataFrame(columns, index=range(1, n + 1)).fillna("").rename_axis("rank").reset_index()
        tables.append(wide.assign(user=user))
    return pd.concat(tables, ignore_index=True)


def by_user(table: pd.DataFrame, disputed: Sequence[str]) -> dict[str, pd.DataFrame]:
    """`titles`, a table a user; those on whom the models agree least are said to be so."""
    return {
        f"User {user}" + (", on whom the models agree least" if user in disputed else ""): rows.drop(
            columns="user"
        )
        for user, rows in table.groupby("user", sort=False)
    }
