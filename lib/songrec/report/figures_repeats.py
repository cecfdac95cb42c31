"""The figure of repeated splits, drawn from a table of `tables_repeats`."""

import numpy as np
import pandas as pd

from songrec.report.style import Chart, chart, colour, key, label, marker
from songrec.report.tables_models import DECIDING, NAMES


def lines(table: pd.DataFrame, cutoff: int) -> Chart:
    """A line a model over the seeds, with the 95 % interval between users at each.

    table : `tables_repeats.by_seed`.
    """
    rows = table[(table["metric"] == DECIDING) & (table["k"] == cutoff)]
    seeds = list(dict.fromkeys(rows["seed"]))
    figure, (axes,) = chart(height=3.8)
    for place, (model, of) in enumerate(rows.groupby("model", sort=False)):
        at = np.array([seeds.index(seed) for seed in of["seed"]]) + 0.03 * place
        value, low, high = (of[name].to_numpy() for name in ("value", "ci_low", "ci_high"))
        axes.errorbar(
            at,
            value,
            np.maximum([value - low, high - value], 0),
            color=colour(model),
            marker=marker(model),
            elinewidth=1,
            label=label(model),
        )
    axes.set_xticks(np.arange(len(seeds)), [str(seed) for seed in seeds])
    axes.set(xlabel="seed of the split", ylabel=f"{NAMES[DECIDING]}@{cutoff}", ylim=(0, None))
    key(figure, axes)
    return figure
