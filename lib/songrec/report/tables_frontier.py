"""How much log a model needs, and what another order costs, as tables."""

from collections.abc import Mapping
from math import isnan

import numpy as np
import pandas as pd

from songrec.evaluation import paired_difference, ratio_gain
from songrec.evaluation.cold import accuracy
from songrec.lists import TopN
from songrec.report.numbers import decimals, ends
from songrec.report.tables_beyond import means_of
from songrec.report.tables_models import DECIDING, NAMES
from songrec.splits import HeldOut


def thinning(
    thinned: Mapping[str, Mapping[float, np.ndarray]],
    lists: Mapping[str, TopN],
    held: HeldOut,
    baseline: str,
    cutoff: int,
) -> pd.DataFrame:
    """Accuracy by share of the log, most first: `model`, `share`, `value`, `ci_low`, `ci_high`, `n_users`,
    `kept`, `kept_low`, `kept_high` (the ratio to the same model with all of it, Fieller's interval), and
    `ahead_low`, the lower end of the paired difference to the baseline with as much log (NaN for itself).

    thinned : `evaluation.thinning.lists_when_thinned`; the whole log's lists are those of `lists`.
    """
    column, rows = [f"{DECIDING}@{cutoff}"], []
    judged = {
        model: {
            share: accuracy(held.users, songs, held.holdout, cutoff)[column]
            for share, songs in sorted({1.0: lists[model].songs, **by}.items(), reverse=True)
        }
        for model, by in thinned.items()
    }
    means = means_of({(m, share): v[column[0]] for m, by in judged.items() for share, v in by.items()})
    means = means.to_dict("index")
    for model, by in judged.items():
        for share, values in by.items():
            kept = ratio_gain(values, by[1.0]).iloc[0]
            row = {"model": model, "share": share, **means[model, share]}
            row |= {"kept": kept["ratio"], "kept_low": kept["ci_low"], "kept_high": kept["ci_high"]}
            ahead = np.nan
            if model != baseline:
                ahead = paired_difference(values, judged[baseline][share])["ci_low"].iloc[0]
            rows.append(row | {"ahead_low": ahead})
    return pd.DataFrame(rows)


def frontier(parts: Mapping[str, tuple[Mapping, Mapping]], cutoff: int) -> pd.DataFrame:
    """What each lambda gives: `part`, `lambda`, `coverage`, and mean and interval of accuracy and diversity.

    parts : name of the part -> `evaluation.rerank.by_lambda`. Columns `value`, `ci_low`, `ci_high` for MAP
    and `diversity`, `diversity_low`, `diversity_high`, `novelty`.
    """
    tables = []
    for part, (values, coverage) in parts.items():
        table = means_of({value: frame[f"{DECIDING}@{cutoff}"] for value, frame in values.items()})
        varied = means_of({value: frame[f"diversity@{cutoff}"] for value, frame in values.items()})
        table["diversity"], table["diversity_low"], table["diversity_high"] = (
            varied["value"],
            varied["ci_low"],
            varied["ci_high"],
        )
        table["novelty"] = [frame[f"novelty@{cutoff}"].mean() for frame in values.values()]
        table["coverage"] = list(coverage.values())
        tables.append(table.rename_axis("lambda").reset_index().assign(part=part))
    return pd.concat(tables, ignore_index=True)


def exchange(values: Mapping[float, pd.DataFrame], chosen: float) -> pd.DataFrame:
    """The chosen order against the one as it was (`baseline`), user by user.

    Columns `metric`, `k`, `baseline`, `value`, `difference`, `ci_low`, `ci_high`, of the two means `ratio`,
    `ratio_low`, `ratio_high`; `n_users`.
    """
    table = paired_difference(values[chosen], values[0.0])
    ratio = ratio_gain(values[chosen], values[0.0])
    table["ratio"], table["ratio_low"], table["ratio_high"] = (
        ratio["ratio"],
        ratio["ci_low"],
        ratio["ci_high"],
    )
    order = ["metric", "k", "baseline", "value", "difference", "ci_low", "ci_high"]
    return table[[*order, "ratio", "ratio_low", "ratio_high", "n_users"]]


def exchange_cells(table: pd.DataFrame) -> pd.DataFrame:
    """`exchange` as text: a row a metric."""
    rows = []
    for row in table.itertuples():
        digits = decimals((row.ci_high - row.ci_low) / 2)
        rows.append(
            {
                "metric": f"{NAMES[row.metric]}@{row.k}",
                "as it was": f"{row.baseline:.{digits}f}",
                "re-ranked": f"{row.value:.{digits}f}",
                "difference": f"{row.difference:+.{digits}f}",
                "95 % interval": ends(row.ci_low, row.ci_high, digits),
                "ratio": "" if isnan(row.ratio) else f"{row.ratio:.3f}",
                "95 % interval of the ratio": ends(row.ratio_low, row.ratio_high, 3),
            }
        )
    return pd.DataFrame(rows)
