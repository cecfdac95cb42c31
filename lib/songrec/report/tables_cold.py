"""What can be said of new users and of new songs, as tables: the figure is drawn from one of these."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from songrec.data import Catalogue, codes_of
from songrec.evaluation import paired_difference, summarise
from songrec.report.numbers import decimals, ends, with_interval
from songrec.report.style import label
from songrec.report.tables_models import NAMES

METRIC = "average_precision"

Grown = Mapping[str, Mapping[int, pd.DataFrame]]
"""Model -> number of songs shown -> per-user accuracy (`songrec.evaluation.cold.growth`)."""


def metadata(catalogue: Catalogue, song_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(artist codes int (n_songs,), -1 where not known; release years float (n_songs,), NaN where not known).

    >>> known = Catalogue.from_columns(["s1", "s2"], ["One", "Two"], ["A", None], [1999, 0])
    >>> metadata(known, np.array(["s1", "s2", "s3"]))
    (array([ 0, -1, -1]), array([1999.,   nan,   nan]))
    """
    names = catalogue.artists(song_ids)
    named = names != None  # noqa: E711
    artists = np.full(len(names), -1)
    artists[named] = np.unique(names[named].astype(str), return_inverse=True)[1]
    years = np.append(catalogue.year, None)[codes_of(catalogue.song_ids, song_ids)]
    return artists, np.array([np.nan if year is None else year for year in years], np.float64)


def people(known, choosing, tested, item: str) -> pd.DataFrame:
    """Who is set aside: a row a part; `known` the plays that models learn from, the others `NewUsers`."""
    parts = {"training": known, "choosing kappa": choosing.plays, "the verdict": tested.plays}
    hidden = {"choosing kappa": choosing.holdout, "the verdict": tested.holdout}
    rows = [
        [part, plays.shape[0], plays.nnz, hidden[part].nnz / plays.shape[0] if part in hidden else np.nan]
        for part, plays in parts.items()
    ]
    return pd.DataFrame(rows, columns=["part", "users", f"{item}s heard", f"hidden {item}s a user"])


def curves(grown: Grown) -> pd.DataFrame:
    """Means: columns `model`, `metric`, `k`, `shown`, `value`, `se`, `ci_low`, `ci_high`, `n_users`."""
    tables = [
        summarise(values).assign(model=model, shown=n)
        for model, by in grown.items()
        for n, values in by.items()
    ]
    order = ["model", "metric", "k", "shown", "value", "se", "ci_low", "ci_high", "n_users"]
    return pd.concat(tables, ignore_index=True)[order]


def gains(grown: Grown, baseline: str, cutoff: int) -> pd.DataFrame:
    """Every model against the baseline with as much shown, user by user, by average precision.

    Columns `model`, `shown`, `value`, `baseline`, `difference`, `se`, `ci_low`, `ci_high`, `n_users`.
    """
    column, tables = [f"{METRIC}@{cutoff}"], []
    for model, by in grown.items():
        if model == baseline:
            continue
        for n, values in by.items():
            row = paired_difference(values[column], grown[baseline][n][column])
            tables.append(row.drop(columns=["metric", "k"]).assign(model=model, shown=n))
    order = ["model", "shown", "value", "baseline", "difference", "se", "ci_low", "ci_high", "n_users"]
    return pd.concat(tables, ignore_index=True)[order] if tables else pd.DataFrame(columns=order)


def ahead_from(table: pd.DataFrame) -> dict[str, int | None]:
    """From `gains`: the fewest songs from which on a model is ahead, clear of 0, with all that are tried.

    None for a model that is not ahead even with the most.
    """
    found: dict[str, int | None] = {}
    for model, rows in table.groupby("model", sort=False):
        found[model] = None
        for row in rows.sort_values("shown", ascending=False).itertuples():
            if not row.ci_low > 0:
                break
            found[model] = row.shown
    return found


def growth_cells(table: pd.DataFrame, metric: str, cutoff: int) -> pd.DataFrame:
    """`curves` as text: a row a model, a column for each number of songs shown."""
    rows = table[(table["metric"] == metric) & (table["k"] == cutoff)]
    digits = decimals(float(((rows["ci_high"] - rows["ci_low"]) / 2).max()))
    cells: dict[str, dict[str, str]] = {}
    for row in rows.itertuples():
        text = with_interval(row.value, row.ci_low, row.ci_high, digits)
        cells.setdefault(label(row.model), {})[str(row.shown)] = text
    named = pd.DataFrame.from_dict(cells, orient="index")
    named.insert(0, f"{NAMES[metric]}@{cutoff} with so many shown", named.index)
    return named.reset_index(drop=True)


def gain_cells(table: pd.DataFrame) -> pd.DataFrame:
    """`gains` as text: a row a model, a column for each number of songs shown: the difference's interval."""
    digits = decimals(float(((table["ci_high"] - table["ci_low"]) / 2).max())) if len(table) else 3
    cells: dict[str, dict[str, str]] = {}
    for row in table.itertuples():
        cells.setdefault(label(row.model), {})[str(row.shown)] = ends(row.ci_low, row.ci_high, digits)
    named = pd.DataFrame.from_dict(cells, orient="index")
    named.insert(0, "model", named.index)
    return named.reset_index(drop=True)


def kappa_cells(table: pd.DataFrame) -> pd.DataFrame:
    """`songrec.evaluation.cold.by_kappa` as text, with means to four digits."""
    cells = (
        table.drop(columns="value")
        .map("{:.4f}".format)
        .set_axis([str(name) for name in table.columns if name != "value"], axis="columns")
    )
    cells["kappa"] = table["kappa"].map("{:g}".format)
    return cells.assign(mean=table["value"].map("{:.4f}".format))


def new_song_rows(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Ways to rank new songs: columns `way`, `metric`, `k`, `value`, `se`, `ci_low`, `ci_high`, `n_users`."""
    tables = [summarise(values).assign(way=way) for way, values in found.items()]
    order = ["way", "metric", "k", "value", "se", "ci_low", "ci_high", "n_users"]
    return pd.concat(tables, ignore_index=True)[order]


def new_song_cells(table: pd.DataFrame) -> pd.DataFrame:
    """`new_song_rows` as text: a row a way, a column a metric."""
    cells: dict[str, dict[str, str]] = {}
    for (metric, k), rows in table.groupby(["metric", "k"], sort=False):
        digits = decimals(float(((rows["ci_high"] - rows["ci_low"]) / 2).max()))
        for row in rows.itertuples():
            text = with_interval(row.value, row.ci_low, row.ci_high, digits)
            cells.setdefault(row.way, {})[f"{NAMES[metric]}@{k}"] = text
    named = pd.DataFrame.from_dict(cells, orient="index")
    named.insert(0, "ranked by", named.index)
    return named.reset_index(drop=True)
