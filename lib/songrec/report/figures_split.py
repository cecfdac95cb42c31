"""The figure of the split."""

import pandas as pd

from songrec.report.style import Chart, chart, key, log_scale, percent

_LOOKS = (("#0b6e6e", "-"), ("#8a3b7a", "--"))


def holdout_sizes(table: pd.DataFrame, item: str = "song") -> Chart:
    """How many songs a test user shows and hides: survival curves.

    table : `tables_split.sizes`.
    """
    figure, (axes,) = chart(height=3.3)
    for (part, rows), (shade, dash) in zip(table.groupby("part", sort=False), _LOOKS, strict=True):
        axes.step(rows["value"], rows["share_at_least"], where="pre", color=shade, linestyle=dash, label=part)
    log_scale(axes.xaxis)
    axes.set(xlabel=f"{item}s of a user (log scale)", ylabel="users with at least that many", ylim=(0, 1.03))
    percent(axes.yaxis)
    key(figure, axes)
    return figure
