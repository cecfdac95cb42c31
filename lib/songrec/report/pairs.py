"""Models compared user by user, as the results on record keep it (gains.csv)."""

from collections.abc import Mapping

import pandas as pd

from songrec.evaluation import paired_difference, ratio_gain
from songrec.report.tables_models import DECIDING

PAIRED = [
    "model",
    "than",
    "metric",
    "k",
    "difference",
    "difference_low",
    "difference_high",
    "ratio",
    "ratio_low",
    "ratio_high",
    "n_users",
]


def gains(per_user: Mapping[str, pd.DataFrame], cutoff: int, baseline: str = "popularity") -> pd.DataFrame:
    """For every metric at the cut-off: each model against the baseline, and the best against each other one.

    By the deciding metric (average precision) every two models are compared, the better one first.

    per_user : each model's values, a row a user, a column `metric@k` (what the evaluate stage keeps).

    Returns the columns `PAIRED`: `model` minus `than` and `model` over `than`, with paired 95 % intervals;
    numbers have four significant digits.

    >>> one, two = pd.DataFrame({"recall@10": [0.1, 0.3, 0.2]}), pd.DataFrame({"recall@10": [0.2, 0.5, 0.5]})
    >>> gains({"popularity": one, "item_knn": two}, 10)[["model", "than", "difference", "ratio"]]
          model        than  difference  ratio
    0  item_knn  popularity         0.2    2.0
    """
    first = next(iter(per_user.values()))
    tables = []
    for column in (name for name in first.columns if name.endswith(f"@{cutoff}")):
        ranked = sorted(per_user, key=lambda model: -per_user[model][column].mean())
        leaders = ranked if column == f"{DECIDING}@{cutoff}" else ranked[:1]
        pairs = [(model, baseline) for model in per_user if model != baseline]
        ordered = [(ahead, than) for place, ahead in enumerate(leaders) for than in ranked[place + 1 :]]
        pairs += [pair for pair in ordered if pair not in pairs]
        tables += [_pair(per_user, model, than, column) for model, than in pairs]
    return pd.concat(tables, ignore_index=True)


def _pair(per_user: Mapping[str, pd.DataFrame], model: str, than: str, column: str) -> pd.DataFrame:
    ours, theirs = per_user[model][[column]], per_user[than][[column]]
    difference, ratio = paired_difference(ours, theirs), ratio_gain(ours, theirs)
    row = difference.rename(columns={"ci_low": "difference_low", "ci_high": "difference_high"})
    row = row.assign(ratio=ratio["ratio"], ratio_low=ratio["ci_low"], ratio_high=ratio["ci_high"])
    row = row.assign(model=model, than=than)[PAIRED]
    numbers = row.columns[4:10]
    row[numbers] = row[numbers].map(lambda value: float(f"{value:.4g}"))
    return row
