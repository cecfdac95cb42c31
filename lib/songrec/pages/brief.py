"""The brief's figures, promised before anything was measured, beside those measured."""

from collections.abc import Sequence

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Results
from songrec.show.numbers import written
from songrec.show.table import RANGE, Column, Table, table, words

BRIEF = {
    "popularity": {"precision": 0.12, "recall": 0.08, DECIDING: 0.07, "coverage": 0.15},
    "user_knn": {"precision": 0.31, "recall": 0.24, DECIDING: 0.22, "coverage": 0.48},
    "item_knn": {"precision": 0.34, "recall": 0.27, DECIDING: 0.25, "coverage": 0.52},
}
"""What was promised, for popularity, user-CF and item-CF."""


def brief(runs: Sequence[Results]) -> Table:
    """The brief's figures beside those measured on each log of songs."""
    songs = [run for run in runs if run.item == "song"]
    asked = [(metric, model) for metric in BRIEF["popularity"] for model in BRIEF]
    columns = {
        "metric": words(METRICS[metric].title(10) for metric, _ in asked),
        "model": words(songs[0].label(model) for _, model in asked),
        "brief": Column([_stated(metric, BRIEF[model][metric]) for metric, model in asked]),
    }
    for run in songs:
        cells = []
        for metric in BRIEF["popularity"]:
            cells += written([run.metric(model, metric) for model in BRIEF], METRICS[metric].unit)
        columns[run.title] = Column(cells)
    return table(columns, RANGE)


def _stated(metric: str, value: float) -> str:
    return f"{100 * value:.0f} %" if METRICS[metric].unit == "%" else f"{value:.2f}"


def implied(run: Results) -> Table:
    """What the brief's figures say about its unnamed data, beside the same quantities measured.

    Precision over recall: with h hits in ten places and n songs held out, P@10 = h / 10 and R@10 = h / n, so
    10 P@10 / R@10 is about n. Coverage: popularity lists about the same few songs on any catalogue, and they
    are 15 % of a small one.
    """
    rows = []
    for model, stated in BRIEF.items():
        precision, recall = (run.metric(model, metric).value for metric in ("precision", "recall"))
        name = f"{run.item}s held out per user, 10 × P@10 / R@10 of {run.label(model)}"
        rows.append(
            [name, f"{10 * stated['precision'] / stated['recall']:.0f}", f"{10 * precision / recall:.1f}"]
        )
    songs = run.facts("ingest")["songs"]
    listed = run.metric("popularity", "coverage").value * songs
    size = "size of the catalogue; for the brief, that in which as many are 15 %"
    promised = BRIEF["item_knn"]["precision"] / BRIEF["popularity"]["precision"]
    (gain,) = written([run.ratio("item_knn", "popularity", "precision")])
    rows += [
        [f"{run.item}s in popularity's lists", "", f"{listed:,.0f}"],
        [size, f"{listed / BRIEF['popularity']['coverage']:,.0f}", f"{songs:,}"],
        ["precision@10 of item-KNN over that of popularity", f"{promised:.1f}", gain],
    ]
    quantity, stated, measured = zip(*rows, strict=True)
    return table({"quantity": words(quantity), "brief": Column(stated), "measured": Column(measured)})
