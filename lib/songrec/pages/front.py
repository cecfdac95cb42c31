"""Page one: which model to start with, where that holds and where not, and what was measured."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import ALPHA, VERSION, Results
from songrec.show.figure import Figure, name_rows, points, reference_line, subplots
from songrec.show.numbers import p_equals, share, unbroken
from songrec.show.prose import Prose, capital, counted, listed, prose, two_lines
from songrec.show.style import FAINT, INK, NARROW

PLACES = 10
"""Songs on a list; a precision of 1 is so many songs found."""

FOUND = "precision"

IDEAS = {
    "popularity": ("the same most heard songs for everybody", "models"),
    "user_knn": ("which lists what the listeners most like you play", "models/neighbours"),
    "item_knn": ("which lists songs with the same listeners as yours", "models/neighbours"),
    "item_knn_plays": (
        "which lists songs that are played as often by the same listeners",
        "models/neighbours",
    ),
    "rp3beta": ("which walks from your songs to their listeners and on to their songs", "models/graph"),
    "fs_slim": ("which predicts each song from its nearest songs by a regression", "models/linear"),
    "ease": ("which predicts each song from all others by one regression", "models/linear"),
    "edlae": ("which predicts each song from all others by a regression with dropout", "models/linear"),
    "als": ("which places listeners and songs in a few dimensions", "models/factorisation"),
    "als_plays": (
        "which places listeners and songs in a few dimensions by play counts",
        "models/factorisation",
    ),
}
"""What a model does in half a sentence, and the chapter that has the whole."""

PUBLISHED = {"taste-profile": 2011, "lastfm": 2011}
"""The year in which a log was published, by the beginning of its profile's name."""


def found(runs: Sequence[Results]) -> Figure:
    """Songs found in a list of ten: a row a model, a panel a log, popularity as the yardstick."""
    models = list(dict.fromkeys(model for run in runs for model in run.models()))
    winner, title = runs[0].single(), f"{runs[0].item}s found in a list of {PLACES}"
    height = 1.3 + 0.23 * len(models)
    canvas, panels = subplots(columns=len(runs), height=height, width=NARROW, sharey=True)
    drawn = []
    for axes, run in zip(panels, runs, strict=True):
        rows = _found(run)
        axes.axhspan(models.index(winner) - 0.5, models.index(winner) + 0.5, color=FAINT, linewidth=0)
        reference_line(axes, x=rows.loc["popularity", "value"], linestyle="--", color=INK)
        for model in rows.index:
            hollow = {"markerfacecolor": "none"} if rows.loc[model, "best"] else {}
            points(axes, rows.loc[[model]], [models.index(model)], [model], run, markersize=5, **hollow)
        axes.set_title(two_lines(run.title), fontsize=8)
        axes.set(xlim=(0, None), xlabel=f"{run.item}s in ten")
        drawn.append(rows.assign(log=run.title))
    labels = {model: run.label(model) for run in reversed(runs) for model in run.models()}
    name_rows(panels[0], [labels[model] for model in models])
    for axes in panels:
        axes.grid(False, axis="y")
    told = [
        f"{run.title}: " + ", ".join(f"{run.label(row.model)} {row.value:.2f}" for row in rows.itertuples())
        for run, rows in zip(runs, drawn, strict=True)
    ]
    places = "; ".join(_standing(run, winner) for run in runs)
    return Figure(
        canvas,
        pd.concat(drawn)[["log", "model", "value", "ci_low", "ci_high", "best"]],
        f"{capital(title)}: mean over users with 95 % intervals. Dashed: popularity. Hollow: the best of the "
        f"log and all that are not significantly worse. Shaded: {runs[0].label(winner)}, which is {places}.",
        f"A row a model, a panel a log, a point with a bar for the {title}. {'; '.join(told)}.",
    )


def _found(run: Results) -> pd.DataFrame:
    """By model, best first by the deciding metric: songs found in ten, and `best`."""
    rows = run.rows("evaluate", "metrics", metric=FOUND, k=PLACES).set_index("model", drop=False)
    rows = rows.loc[run.models()]
    rows[["value", "ci_low", "ci_high"]] *= PLACES
    return rows.assign(best=rows["model"].isin(run.best(FOUND, PLACES)))


def _standing(run: Results, model: str) -> str:
    """The model's place among those that are not made of others, by the deciding metric, in words."""
    if model not in run.models():
        return f"not measured on {run.title}"
    known = _where(run, model)
    place = f"{_ordinal(known['place'])} of {known['of']} single models on {run.title}"
    if known["ahead"]:
        return f"{place} ({listed(map(run.label, known['ahead']))} significantly better by MAP@{PLACES})"
    return place + ("" if known["place"] == 1 else " (not significantly behind the first)")


def _ordinal(place: int) -> str:
    """The place as a word of order.

    >>> [_ordinal(place) for place in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    last = {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{'th' if place % 100 in (11, 12, 13) else last}"


def _where(run: Results, model: str) -> dict[str, Any]:
    """How a model stands among the single models of a log, by the deciding metric.

    `ahead` are the models with a significantly higher mean, best first; `rival` is the best other one, and
    `lead` the comparison of the better of the two with the worse.
    """
    single = [each for each in run.models() if not run.made_of_others(each)]
    others = [each for each in single if each != model]
    place = single.index(model)
    return {
        "title": run.title,
        "place": place + 1,
        "of": len(single),
        "ahead": [each for each in single[:place] if _pair(run, each, model)["sure"]],
        "rival": run.label(others[0]) if others else "",
        "lead": _pair(run, *sorted([model, others[0]], key=single.index)) if others else None,
    }


def _pair(run: Results, model: str, than: str) -> dict[str, Any]:
    """The comparison of two models by the deciding metric; `sure` where it is significant."""
    row = run.difference(model, than)
    return row | {"sure": bool(row["p_holm"] < ALPHA), "p": p_equals(row["p_holm"], run.least_p())}


def answer(runs: Sequence[Results]) -> Prose:
    """Which model to start with, what it finds, and how it does on the other logs."""
    run, *others = runs
    model = run.single()
    idea, chapter = IDEAS.get(model, ("", ""))
    blends = [each for each in run.models() if run.made_of_others(each)]
    return prose(
        "front.jinja",
        run,
        model=model,
        idea=idea,
        chapter=chapter,
        finds=PLACES * run.metric(model, FOUND, PLACES).value,
        popular=PLACES * run.metric("popularity", FOUND, PLACES).value,
        reached=run.metric(model, "hit_rate", PLACES),
        by_popularity=run.metric("popularity", "hit_rate", PLACES),
        here=_where(run, model),
        others=[_where(other, model) for other in others if model in other.models()],
        blend=_pair(run, blends[0], model) if blends else None,
        metric=METRICS[DECIDING].title(PLACES),
    )


def source(runs: Sequence[Results]) -> Prose:
    """The first log's data, year, users, split, version and commit, in one line."""
    run = runs[0]
    header, ingest, split = run.header, run.facts("ingest"), run.facts("split")
    year = next((year for name, year in PUBLISHED.items() if run.name.startswith(name)), None)
    part = split["parameters"].get("test")
    facts = [
        f"{run.title}{f' (published {year})' if year else ''}",
        f"{counted(ingest['triplets'], 'triplet')} of {counted(ingest['users'], 'user')}, "
        f"{run.metric(run.single(), FOUND, PLACES).n_users:,} of them scored",
        f"split `{split['protocol']}`" + (f", {share(part)} hidden" if isinstance(part, float) else ""),
        f"measured {header['date']}, commit `{header['commit']}`",
        f"songrec {VERSION}",
    ]
    return Prose(unbroken(" · ".join(facts)))
