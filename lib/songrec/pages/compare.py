"""Comparison: which model is best, how surely, what its lists do to the catalogue, and what it costs."""

from collections.abc import Callable, Iterable
from itertools import combinations

import numpy as np
import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.pages.situations import COSTS
from songrec.results import Estimate, Results
from songrec.show.figure import (
    Figure,
    legend,
    lines,
    log_scale,
    name_rows,
    percent,
    points,
    ranked,
    reference_line,
    subplots,
)
from songrec.show.numbers import p_equals, written
from songrec.show.prose import Prose, prose, told
from songrec.show.style import FAINT, INK, colour
from songrec.show.table import (
    BEST,
    RANGE,
    Column,
    Table,
    capped,
    counts,
    estimates,
    measured,
    numbers,
    p_values,
    sizes,
    table,
    words,
)

STAGE = "compare"
GAINED = ("precision", "recall", DECIDING)
HEADLINE = (*GAINED, "coverage")
HELD_OUT = "held out"
"""The "model" of the study's table `reach` that is what users really chose."""


def results(
    run: Results, metrics: list[str] = HEADLINE, cutoff: int | None = None, models: list[str] | None = None
) -> Table:
    """A row a model, best first by MAP: metrics with their intervals, at the compared cut-off or another.

    Bold marks the best of each metric and all that are not significantly worse, of all models of the run,
    whether shown or not.
    """
    cutoff = cutoff or _cutoff(run)
    shown = [model for model in run.models(cutoff=cutoff) if models is None or model in models]
    columns = {"model": words(run.label(model) for model in shown)}
    columns |= {METRICS[metric].title(cutoff): measured(run, metric, cutoff, shown) for metric in metrics}
    marked = any(METRICS[metric].best for metric in metrics)
    note = BEST if marked else f"{RANGE} No value is best in itself."
    return table(columns, note + capped(run, shown))


def _of(run: Results, metric: str, cutoff: int) -> pd.DataFrame:
    rows = run.rows("evaluate", "metrics", metric=metric, k=cutoff)
    return rows.set_index("model", drop=False)


def gains(run: Results) -> Table:
    """Every model minus the baseline, user by user, by three metrics."""
    than = run.label(_baseline(run))
    note = f"Minus the value of {than}, user by user. {RANGE}"
    return _over_baseline(run, lambda *pair: Estimate.of(run.difference(*pair)), note, signed=True)


def ratios(run: Results) -> Table:
    """Every model over the baseline: how many times its mean, by three metrics."""
    note = f"Times the value of {run.label(_baseline(run))}; in brackets the 95 % interval of the ratio."
    return _over_baseline(run, run.ratio, note)


def _over_baseline(run: Results, compared: Callable[..., Estimate], note: str, signed: bool = False) -> Table:
    models, cutoff = _others(run), _cutoff(run)
    columns = {"model": words(run.label(model) for model in models)}
    for metric in GAINED:
        found = [compared(model, _baseline(run), metric, cutoff) for model in models]
        columns[METRICS[metric].title(cutoff)] = Column(written(found, signed=signed))
    return table(columns, note + capped(run, models), empty="There are no two models to compare.")


def _cutoff(run: Results) -> int:
    """The cut-off at which models are compared."""
    return run.facts(STAGE)["cutoff"]


def _baseline(run: Results) -> str:
    return run.facts(STAGE)["baseline"]


def _others(run: Results) -> list[str]:
    """All models but the baseline; none where the baseline is not among them."""
    models = run.models(cutoff=_cutoff(run))
    return [model for model in models if model != _baseline(run)] if _baseline(run) in models else []


def gains_figure(run: Results) -> Figure:
    """Every model's difference in MAP to the baseline with its interval; 0 is no difference."""
    than, cutoff = run.label(_baseline(run)), _cutoff(run)
    rows = _differences(run, [(model, _baseline(run)) for model in _others(run)])
    rows = rows[["model", "value", "ci_low", "ci_high"]]
    canvas, (axes,) = subplots(height=1.2 + 0.3 * max(len(rows), 2))
    ranked(axes, rows, None, run)
    reference_line(axes, x=0)
    name = METRICS[DECIDING].title(cutoff)
    axes.set_xlabel(f"difference in {name} to {than}, mean over users")
    said = told(run, rows, "{model} {value:+.3f}") or "no other model"
    return Figure(
        canvas,
        rows,
        f"The difference in {name} to {than}, user by user, with 95 % intervals. Zero is no difference.",
        f"A point with a bar for each model beside a line at zero: {said}.",
    )


def _against_best(run: Results) -> pd.DataFrame:
    """Every other model minus the best one, the nearest first."""
    best, *others = run.models(cutoff=_cutoff(run))
    rows = _differences(run, [(model, best) for model in others])
    return rows.sort_values("value", ascending=False, kind="stable")


def against_best(run: Results) -> Table:
    """Every other model minus the best one, with the tests."""
    return _tested(run, _against_best(run))


def pairs(run: Results) -> Table:
    """Every two models by MAP, the better one first, with the tests."""
    return _tested(run, _differences(run, combinations(run.models(cutoff=_cutoff(run)), 2)))


def _differences(run: Results, asked: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """The rows of the comparison by MAP of these pairs, the first model minus the second."""
    rows = [run.difference(*pair, DECIDING, _cutoff(run)) for pair in asked]
    return pd.DataFrame(rows, columns=run.table(STAGE, "differences").columns)


def _tested(run: Results, rows: pd.DataFrame) -> Table:
    return table(
        {
            "model": words(map(run.label, rows["model"])),
            "minus": words(map(run.label, rows["than"])),
            "difference": estimates(rows, signed=True, interval="none"),
            "95 % interval": estimates(rows, signed=True, interval="ends"),
            "p": p_values(rows["p"]),
            "p, Holm": p_values(rows["p_holm"], run.least_p()),
            "p, Wilcoxon, Holm": p_values(rows["wilcoxon_holm"]),
            "Cohen's d": estimates(rows[["effect"]], signed=True, column="effect"),
            "better minus worse": estimates(
                rows[["win_rate_difference"]], "%", signed=True, column="win_rate_difference"
            ),
            "detectable": numbers(rows["minimum_detectable"], digits=4),
        },
        empty="There are no two models to compare.",
    )


def forest(run: Results) -> Figure:
    """Every other model minus the best, over what was too small to be detected, with the corrected p."""
    cutoff = _cutoff(run)
    rows, best = _against_best(run), run.models(cutoff=cutoff)[0]
    name, marked = METRICS[DECIDING].title(cutoff), run.best(DECIDING, cutoff)
    canvas, (axes,) = subplots(height=1.3 + 0.3 * max(len(rows), 2))
    edge = _edge(rows)
    for place, row in enumerate(rows.to_dict("records")):
        if row["minimum_detectable"] == row["minimum_detectable"]:
            small = min(row["minimum_detectable"], edge)
            axes.barh(place, 2 * small, left=-small, height=0.66, color=FAINT, zorder=1)
        shade = colour(run, row["model"])
        if row["value"] < -edge:
            far = f"\N{BLACK LEFT-POINTING SMALL TRIANGLE} \N{MINUS SIGN}{-row['value']:.3g}"
            axes.text(0.01, place, far, transform=axes.get_yaxis_transform(), color=shade, va="center")
        else:
            fill = {"markerfacecolor": "none"} if row["model"] in marked else {}
            points(axes, pd.DataFrame([row]), [place], [row["model"]], run, **fill)
    name_rows(axes, [run.label(model) for model in rows["model"]])
    right = axes.secondary_yaxis("right")
    shown = [p_equals(p, run.least_p()) for p in rows["p_holm"]]
    right.set_yticks(range(len(rows)), shown)
    right.tick_params(length=0, labelsize=8.5, labelcolor=INK)
    right.spines["right"].set_visible(False)
    reference_line(axes, x=0, zorder=1.5)
    axes.set_xlabel(f"difference in {name} to {run.label(best)}, the best; mean over users")
    said = told(run, rows.assign(p=shown), "{model} {value:.3f} ({p})") or "no other model"
    return Figure(
        canvas,
        rows[["model", "value", "ci_low", "ci_high", "p_holm", "minimum_detectable"]],
        f"Every other model minus the best one in {name}, user by user, with 95 % intervals. Filled marks: "
        "significantly worse after Holm's correction, whose p is on the right; hollow ones: not. Grey: "
        "differences too small to be found reliably on these users.",
        f"A row a model, the nearest to {run.label(best)} at the top: {said}.",
    )


def _edge(rows: pd.DataFrame) -> float:
    """How far to the left differences are drawn: one model far behind would leave the others no room."""
    far = -rows["value"].to_numpy(float)
    return max(float(far.max(initial=0)) if len(far) < 3 else 4 * float(np.median(far)), 1e-9)


def by_cutoff(run: Results, metrics: list[str] = ("recall", DECIDING, "ndcg")) -> Figure:
    """Metrics by cut-off, a panel a metric, a line a model."""
    rows = run.table("evaluate", "metrics")
    rows = rows[rows["metric"].isin(metrics)]
    cutoffs = sorted(rows["k"].unique())
    canvas, panels = subplots(columns=len(metrics), height=4.0)
    for axes, metric in zip(panels, metrics, strict=True):
        lines(axes, rows[rows["metric"] == metric], "k", run)
        log_scale(axes.xaxis, ticks=cutoffs)
        axes.set(xlabel="cut-off k (log scale)", ylim=(0, None), title=f"{METRICS[metric].label}@k")
    panels[0].set_ylabel("mean over users")
    legend(canvas, panels[0])
    labels = [METRICS[metric].label for metric in metrics]
    order = ", ".join(map(run.label, run.models(cutoff=_cutoff(run))))
    return Figure(
        canvas,
        rows[["model", "metric", "k", "value", "ci_low", "ci_high"]],
        f"{', '.join(labels)} by the number of places looked at, with bands for the 95 % intervals. The "
        "horizontal axis is logarithmic.",
        f"A panel for each of {', '.join(labels)}, a line a model over cut-offs {cutoffs[0]} to "
        f"{cutoffs[-1]} on a logarithmic axis. Models from the highest MAP to the lowest: {order}.",
    )


def trade_off(run: Results) -> Figure:
    """Accuracy against coverage of the catalogue, a point a model."""
    cutoff = _cutoff(run)
    models = run.models(cutoff=cutoff)
    accuracy = _of(run, DECIDING, cutoff).loc[models]
    coverage = _of(run, "coverage", cutoff)["value"].loc[models]
    canvas, (axes,) = subplots(height=4.0)
    # A coverage of nearly 0 lies on the axis.
    points(axes, coverage, accuracy, models, run, markersize=8, clip_on=False)
    axes.set(
        xlabel=f"catalogue coverage@{cutoff}",
        ylabel=METRICS[DECIDING].title(cutoff),
        xlim=(0, min(1.0, coverage.max() * 1.1 + 0.02)),
        ylim=(0, None),
    )
    percent(axes.xaxis)
    legend(canvas, axes)
    drawn = accuracy.assign(coverage=coverage)[["model", "value", "ci_low", "ci_high", "coverage"]]
    each = drawn.assign(coverage=100 * coverage).reset_index(drop=True)
    said = told(run, each, "{model} {value:.3f} at {coverage:.1f} %")
    return Figure(
        canvas,
        drawn,
        f"{METRICS[DECIDING].title(cutoff)} with its 95 % interval over the share of the catalogue that "
        "is in at least one list: up is more accurate, right covers more of the catalogue.",
        f"A point a model, MAP upwards and coverage to the right: {said}.",
    )


def reach(run: Results) -> Figure:
    """Popularity bias: the share of all recommended places that the most popular songs fill."""
    rows, cutoff = run.table(STAGE, "reach"), _cutoff(run)
    models, real = rows[rows["model"] != HELD_OUT], rows[rows["model"] == HELD_OUT]
    canvas, (axes,) = subplots(height=4.3)
    lines(axes, models, "song_share", run, y="place_share", every=25)
    axes.plot(real["song_share"], real["place_share"], "--", color=INK, label="users themselves (held out)")
    log_scale(axes.xaxis, share=True)
    axes.set(
        xlabel=f"{run.item}s, most popular first (share of the catalogue, log scale)",
        ylabel=f"share of all top-{cutoff} places",
        ylim=(0, 1.03),
    )
    percent(axes.yaxis)
    legend(canvas, axes, columns=4)
    top = top_share(run)
    said = told(run, (100 * top.drop(HELD_OUT)).rename("value").reset_index(), "{model} {value:.0f} %")
    return Figure(
        canvas,
        rows,
        f"Popularity bias: the share of all recommended places that the most popular {run.item}s fill, "
        "beside the same of what users chose in the held-out part (dashed). The higher a line lies above "
        f"that, the more a model leans on popular {run.item}s. The horizontal axis is logarithmic.",
        f"Lines that rise to 1 over the share of the catalogue on a logarithmic axis. The most popular 1 % "
        f"of {run.item}s fill: {said}; of what users chose {100 * top[HELD_OUT]:.0f} %.",
    )


def top_share(run: Results, share: float = 0.01) -> pd.Series:
    """For each model, the part of all places that the first `share` of the songs fill."""
    rows = run.table(STAGE, "reach")
    within = rows[rows["song_share"] <= max(share, rows["song_share"].min())]
    return within.groupby("model", sort=False)["place_share"].max()


def cost(run: Results) -> Table:
    """What each model costs: time to fit, time for one user's list, peak memory of the process."""
    rows = run.table("train", "cost").set_index("model")
    models = [model for model in run.models(cutoff=_cutoff(run)) if model in rows.index]
    rows = rows.loc[models]
    columns = {"model": words(map(run.label, models))}
    columns |= {head: sizes(rows[name]) for name, head in COSTS.items()}
    return table(columns | {"threads": counts(rows["threads"])}, capped(run, models).strip())


def facts(run: Results) -> dict:
    """What the findings say: who is best, how many pairs differ, the gain, coverage, and popularity bias."""
    asked = run.facts(STAGE)
    cutoff, baseline = asked["cutoff"], asked["baseline"]
    models, alike = run.models(cutoff=cutoff), run.best(DECIDING, cutoff)
    best, compared = models[0], baseline in models and baseline != models[0]
    coverage, top = _of(run, "coverage", cutoff)["value"], top_share(run)
    least = run.rows(STAGE, "differences", metric=DECIDING)["minimum_detectable"].dropna()
    return {
        **asked,
        "models": models,
        "best": _estimate(run, best, cutoff),
        "alike": [_estimate(run, each, cutoff) for each in models[1:] if each in alike],
        "detectable": [least.min(), least.max()] if len(least) else [],
        "level": _estimate(run, baseline, cutoff) if compared else None,
        "gain": run.difference(best, baseline, DECIDING, cutoff) if compared else None,
        "ratio": run.ratio(best, baseline, DECIDING, cutoff) if compared else None,
        "coverage": {model: coverage[model] for model in dict.fromkeys([best, coverage[models].idxmax()])},
        "widest": int((coverage[models] == coverage[models].max()).sum()),
        "head": max(1, int(0.01 / run.table(STAGE, "reach")["song_share"].min() + 1e-9)),
        "top": {model: top[model] for model in dict.fromkeys([best, baseline]) if model in top},
        "listened": top[HELD_OUT],
    }


def _estimate(run: Results, model: str, cutoff: int) -> dict:
    return _of(run, DECIDING, cutoff).loc[model].to_dict()


def findings(run: Results) -> Prose:
    """Which model is best, how surely, by how much, and what its lists do to the catalogue."""
    return prose("compare.jinja", run, **facts(run))
