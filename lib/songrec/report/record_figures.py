"""Figures of the results on record, each with the words that stand for it where it cannot be seen."""

from collections.abc import Sequence

import numpy as np

from songrec.errors import DataError
from songrec.report import figures_models, record_figures_beyond, tables_models
from songrec.report.record import Record
from songrec.report.record_choice import cost_figure
from songrec.report.style import Chart, chart, colour, label, marker, title
from songrec.report.words import folded

PANELS = {"precision@10": "Precision@10", "recall@10": "Recall@10", "average_precision@10": "MAP@10"}


def headline(records: Sequence[Record]) -> tuple[Chart, str]:
    """Every model on every data set by three metrics, with 95 % intervals: (figure, words for it)."""
    models = list(dict.fromkeys(model for record in records for model in record.ranked()))
    figure, panels = chart(columns=len(PANELS), height=1.2 + 0.85 * len(records), sharey=True)
    for axes, (name, text) in zip(panels, PANELS.items(), strict=True):
        for place, model in enumerate(models):
            for row, record in enumerate(records):
                if model not in record.models():
                    continue
                estimate = record.estimate(model, name)
                axes.errorbar(
                    estimate.value,
                    row + 0.62 * ((place + 0.5) / len(models) - 0.5),
                    xerr=[[estimate.value - estimate.low], [estimate.high - estimate.value]],
                    color=colour(model),
                    marker=marker(model),
                    linestyle="",
                    label=label(model) if row == 0 else None,
                )
        axes.set(xlim=(0, None), xlabel="mean over users")
        title(axes, text)
        axes.grid(False, axis="y")
        for edge in range(1, len(records)):
            axes.axhline(edge - 0.5, color="#bbbbbb", linewidth=0.6)
    panels[0].set_yticks(range(len(records)), [folded(record.run["title"]) for record in records])
    panels[0].set_ylim(len(records) - 0.5, -0.5)
    figure.legend(*_each_once(panels[0]), loc="outside lower center", ncols=5, fontsize=8.5, frameon=False)
    said = [
        f"{record.run['title']}: "
        + ", ".join(
            f"{label(model)} {record.estimate(model, 'precision@10').value:.3f}" for model in record.ranked()
        )
        for record in records
    ]
    return figure, f"Points with intervals, a row a data set. Precision at 10 on {'; on '.join(said)}."


def _each_once(axes) -> tuple[list, list]:
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    return list(once.values()), list(once)


def trade_off(records: Sequence[Record]) -> tuple[Chart, str]:
    """Accuracy against catalogue coverage on one data set."""
    record = records[0]
    table = tables_models.trade_off(record.metrics, 10)
    said = [f"{label(row.model)} {row.value:.3f} at {100 * row.coverage:.1f} %" for row in table.itertuples()]
    figure = figures_models.trade_off(table, 10, record.item)
    return figure, f"Points, one a model, MAP at 10 upwards and coverage to the right: {'; '.join(said)}."


def by_cutoff(records: Sequence[Record]) -> tuple[Chart, str]:
    """Precision, recall and NDCG by cut-off on one data set."""
    record = records[0]
    table = tables_models.by_cutoff(record.metrics, ["precision", "recall", "ndcg"])
    cutoffs = np.unique(table["k"])
    order = ", ".join(label(model) for model in record.ranked())
    return figures_models.by_cutoff(table), (
        f"Lines, one a model, for precision, recall and NDCG at cut-offs {cutoffs.min()} to {cutoffs.max()}. "
        f"From best to worst by MAP at 10: {order}."
    )


FIGURES = {
    "headline": headline,
    "trade_off": trade_off,
    "by_cutoff": by_cutoff,
    "cost": cost_figure,
    "accuracy_against": record_figures_beyond.accuracy_against,
    "lift": record_figures_beyond.lift,
    "thinning": record_figures_beyond.thinning,
    "frontier": record_figures_beyond.frontier,
    "overlap": record_figures_beyond.overlap,
}


def record_figure(kind: str, records: Sequence[Record]) -> tuple[Chart, str]:
    """The figure of this name and its words; those of one data set show the first record."""
    if kind not in FIGURES:
        raise DataError(f"there is no figure {kind!r}: {', '.join(FIGURES)}")
    return FIGURES[kind](records)
