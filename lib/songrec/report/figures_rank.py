"""Tables and figures of accuracy against the size of a model, for reading. They show `tables_rank`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from songrec.report.numbers import decimals, ends, with_interval
from songrec.report.style import Chart, chart, colour, key, log_scale, marker
from songrec.report.tables_rank import FACTORS, FULL, METRICS, NAMES, SVD
from songrec.report.words import article, share

_LINES = {SVD: SVD, FACTORS: FULL}  # the neighbour model has its own colour in both spaces


def accuracy_cells(table: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    """`tables_rank.accuracy` as text."""
    cells = {
        "model": table["model"].map(NAMES),
        "vector length": [f"{rank:,}" for rank in table["rank"]],
        "log reproduced": table["kept"].map(share),
        "memory (MB)": [megabytes(size) for size in table["bytes"]],
    }
    for metric, name in METRICS.items():
        low, high = table[f"{metric}_low"], table[f"{metric}_high"]
        digits = decimals(float(((high - low) / 2).max()))
        rows = zip(table[metric], low, high, strict=True)
        cells[f"{name}@{cutoff}"] = [with_interval(*row, digits) for row in rows]
    return pd.DataFrame(cells)


def difference_cells(table: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    """`tables_rank.differences` as text, a row a rank."""
    digits = decimals(float(((table["difference_high"] - table["difference_low"]) / 2).max()))
    cells = {"vector length": [f"{rank:,}" for rank in dict.fromkeys(table["rank"])]}
    for model in _LINES:
        rows = table[table["model"] == model]
        cells[f"{NAMES[model]}, MAP@{cutoff}"] = [f"{value:+.{digits}f}" for value in rows["difference"]]
        pairs = zip(rows["difference_low"], rows["difference_high"], strict=True)
        cells[f"{NAMES[model]}, 95 % interval"] = [ends(low, high, digits) for low, high in pairs]
    return pd.DataFrame(cells)


def cost_table(found: Sequence[dict]) -> pd.DataFrame:
    """`tables_rank.costs` as text: two or three digits are all that a timing has."""
    rows = [
        [
            NAMES[one["model"]],
            f"{one['rank']:,}",
            f"{one['fit_seconds']:.3g}",
            f"{one['recommend_ms_per_user']:.3g}",
        ]
        for one in found
    ]
    return pd.DataFrame(rows, columns=["model", "vector length", "fit (s)", "rank, per user (ms)"])


def megabytes(size: float) -> str:
    """Bytes as megabytes (10^6), to three digits: `0.123`, `12.3`, `1,230`."""
    value = size / 1e6
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def by_rank(table: pd.DataFrame, cutoff: int, item: str = "song") -> Chart:
    """MAP against the number of factors, a line a model, bands for the 95 % intervals; dashed: full space."""
    figure = _lines(table, "rank", 1, f"numbers that stand for {article(item)} (log scale)", cutoff)
    ranks = sorted(set(table.loc[table["model"] != FULL, "rank"]))
    figure.axes[0].set_xticks(ranks, [f"{rank:,}" for rank in ranks])
    figure.axes[0].minorticks_off()
    return figure


def by_memory(table: pd.DataFrame, cutoff: int) -> Chart:
    """MAP against the memory of the fitted model; dashed: the full space, with a cross at its memory."""
    figure = _lines(table, "bytes", 1e6, "memory of the fitted model (MB, log scale)", cutoff)
    full = table[table["model"] == FULL].iloc[0]
    figure.axes[0].plot(
        full["bytes"] / 1e6, full["average_precision"], color=colour(FULL), marker="X", markersize=10, ls=""
    )
    return figure


def _lines(table: pd.DataFrame, column: str, unit: float, xlabel: str, cutoff: int) -> Chart:
    figure, (axes,) = chart(height=3.5)
    for model, look in _LINES.items():
        rows = table[table["model"] == model].sort_values(column)
        at = rows[column].to_numpy() / unit
        low, high = rows["average_precision_low"].to_numpy(), rows["average_precision_high"].to_numpy()
        axes.fill_between(at, low, high, color=colour(look), alpha=0.18, lw=0)
        value = rows["average_precision"].to_numpy()
        axes.plot(at, value, color=colour(look), marker=marker(look), label=NAMES[model])
    full = table[table["model"] == FULL].iloc[0]
    if not np.isnan(full["average_precision_low"]):
        axes.axhspan(
            full["average_precision_low"], full["average_precision_high"], color=colour(FULL), alpha=0.1, lw=0
        )
    axes.axhline(full["average_precision"], color=colour(FULL), linestyle="--", label=NAMES[FULL])
    log_scale(axes.xaxis)
    axes.set(xlabel=xlabel, ylabel=f"MAP@{cutoff}", ylim=(0, None))
    key(figure, axes)
    return figure
