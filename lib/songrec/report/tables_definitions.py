"""One ranking by many definitions, against a few competitors, and with known songs let in: as tables."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.evaluation import summarise
from songrec.evaluation.order import Agreement, same_order
from songrec.evaluation.variants import OWN, VARIANTS
from songrec.report.numbers import decimals, with_interval
from songrec.report.style import label

Scored = Mapping[str, pd.DataFrame]
"""Model -> per-user values, columns `name@k`."""


def who() -> pd.DataFrame:
    """Every definition and the libraries that use it, a row each; this project's are marked."""
    return pd.DataFrame(
        [
            [variant.family, variant.formula, variant.libraries, name in OWN.values()]
            for name, variant in VARIANTS.items()
        ],
        columns=["called", "definition", "used by", "reported here"],
    )


def means(scored: Scored) -> pd.DataFrame:
    """Mean of every column for every model: `model` and the columns of `summarise`.

    All columns of all models are summarised at once: the bootstrap draws its users one time.
    """
    columns = {(model, column): df[column].to_numpy() for model, df in scored.items() for column in df}
    numbered = {
        f"{place}@{column.rsplit('@', 1)[1]}": v for place, ((_, column), v) in enumerate(columns.items())
    }
    table = summarise(pd.DataFrame(numbered))
    table["metric"] = [column.rsplit("@", 1)[0] for _, column in columns]
    table.insert(0, "model", [model for model, _ in columns])
    return table


def values(scored: Scored) -> pd.DataFrame:
    """`means` of the columns of `variants.by_every_definition`, with `family` and `definition` in words."""
    table = means(scored)
    table.insert(1, "family", [VARIANTS[name].family for name in table["metric"]])
    table.insert(2, "definition", [VARIANTS[name].formula for name in table["metric"]])
    return table


def by_family(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """`values` for reading: a table for each word, a row a model, a column a definition."""
    k = int(table["k"].iloc[0])
    tables = {}
    for family, rows in table.groupby("family", sort=False):
        wide = rows.pivot(index="model", columns="definition", values="value")  # noqa: PD010
        wide = wide.loc[list(dict.fromkeys(rows["model"])), list(dict.fromkeys(rows["definition"]))]
        wide = wide.rename(index=label).rename_axis(index="model", columns=None)
        tables[f"{family}@{k}"] = wide.reset_index()
    return tables


def spread(table: pd.DataFrame) -> pd.DataFrame:
    """How far a word's number moves: `family`, `model`, `smallest`, `largest`, `ratio` (NaN: no hit)."""
    rows = (
        table.groupby(["family", "model"], sort=False)["value"]
        .agg(smallest="min", largest="max")
        .reset_index()
    )
    return rows.assign(ratio=rows["largest"] / rows["smallest"].where(rows["smallest"] > 0))


def spread_cells(table: pd.DataFrame) -> pd.DataFrame:
    """`spread` for reading: a row a model, in each word's column the ratio of its largest to its smallest."""
    families, models = list(dict.fromkeys(table["family"])), list(dict.fromkeys(table["model"]))
    wide = table.pivot(index="model", columns="family", values="ratio").loc[models, families]  # noqa: PD010
    cells = wide.map(lambda ratio: "" if np.isnan(ratio) else f"{ratio:.2f}").rename(index=label)
    return cells.rename_axis(index="model", columns=None).reset_index()


def orders(scored: Scored, cutoff: int) -> pd.DataFrame:
    """Does a definition change the order of the models? Against this project's of the same word, a row each.

    Columns `family`, `metric`, `definition`, `tau`, and numbers of pairs: `pairs`, `reversed`, `clear`.
    """
    rows = []
    for name, variant in VARIANTS.items():
        if name != OWN[variant.family]:
            found = agreement(scored, scored, f"{OWN[variant.family]}@{cutoff}", f"{name}@{cutoff}")
            counts = found.pairs, len(found.reversed), len(found.clear)
            rows.append([variant.family, name, variant.formula, found.tau, *counts])
    columns = ["family", "metric", "definition", "tau", "pairs", "reversed", "clear"]
    return pd.DataFrame(rows, columns=columns)


def agreement(first: Scored, second: Scored, column: str, other: str | None = None) -> Agreement:
    """Whether `column` of the first and `other` (by default the same) of the second agree on the order."""
    return same_order(
        {model: df[column].to_numpy() for model, df in first.items()},
        {model: df[other or column].to_numpy() for model, df in second.items()},
    )


def order_cells(table: pd.DataFrame) -> pd.DataFrame:
    """`orders` for reading."""
    cells = table[["family", "definition", "tau"]].rename(
        columns={"family": "called", "tau": "Kendall's tau"}
    )
    cells["pairs reversed"] = [f"{row.reversed} of {row.pairs}" for row in table.itertuples()]
    return cells.assign(**{"of them clear of noise": table["clear"]})


def two_ways(first: Scored, second: Scored, metric: str, cutoff: int) -> pd.DataFrame:
    """The same metric measured in two ways, models best first by the first way.

    Columns `model`, and for each way w of `first`, `second`: `w`, `w_low`, `w_high`, `w_place` (from 1).
    """
    table = pd.DataFrame({"model": list(first)})
    for name, way in (("first", first), ("second", second)):
        rows = means({model: df[[f"{metric}@{cutoff}"]] for model, df in way.items()})
        table[name], table[f"{name}_low"], table[f"{name}_high"] = (
            rows["value"],
            rows["ci_low"],
            rows["ci_high"],
        )
        table[f"{name}_place"] = table[name].rank(ascending=False, method="min").astype(int)
    return table.sort_values("first", ascending=False, kind="stable").reset_index(drop=True)


def two_way_cells(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """`two_ways` for reading; names : `first` and `second` as the columns are to be called."""
    cells = {"model": table["model"].map(label)}
    for way, title in names.items():
        low, high = table[f"{way}_low"], table[f"{way}_high"]
        digits = decimals(float(((high - low) / 2).max()))
        cells[title] = [with_interval(*row, digits) for row in zip(table[way], low, high, strict=True)]
        cells[f"{title}: place"] = table[f"{way}_place"]
    return pd.DataFrame(cells)


def known_share(songs: np.ndarray, fold_in: csr_array) -> float:
    """Of all places filled, the share that holds a song of the user's fold-in; 0 when none is filled.

    >>> known_share(np.array([[0, 1], [2, -1]]), csr_array([[1, 0, 0], [0, 0, 1]]))
    0.6666666666666666
    """
    n_songs = fold_in.shape[1]
    first = np.arange(len(songs), dtype=np.int64) * n_songs
    known = np.repeat(first, np.diff(fold_in.indptr)) + fold_in.indices
    listed = songs >= 0
    return float(np.isin((first[:, None] + songs)[listed], known).sum() / max(listed.sum(), 1))
