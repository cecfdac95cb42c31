"""The benchmark: all published runs side by side, what accuracy costs, and which model to start with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.pages import compare
from songrec.pages.situations import COSTS, FACTOR, TITLE, costs, full_size, situations
from songrec.results import ALPHA, DAGGER, Estimate, Results
from songrec.show.figure import Figure, legend, log_scale, name_rows, points, reference_line, subplots
from songrec.show.numbers import plain, share, written
from songrec.show.prose import Prose, counted, listed, prose, two_lines
from songrec.show.style import FAINT, INK
from songrec.show.table import (
    BEST,
    RANGE,
    Column,
    Table,
    capped,
    counts,
    frame,
    measured,
    numbers,
    sizes,
    stacked,
    table,
    turned,
    words,
)


def datasets(runs: Sequence[Results]) -> Table:
    """The logs, as they were read and as the filters left them."""
    made = {}
    for run in runs:
        facts = run.facts("ingest")
        rows = pd.DataFrame([facts["read"], facts])[["users", "songs", "triplets"]]
        filled = numbers(100 * rows["triplets"] / rows["users"] / rows["songs"], digits=2)
        which = {"recommended": words([f"{run.item}s", ""]), "": words(["as read", "filtered"])}
        size = frame(rows.rename(columns={"songs": "items"})).columns
        made[run.title] = table(which | size | {"share of cells (%)": filled})
    return stacked(made, "data set")


def across(runs: Sequence[Results], models: list[str] | None = None, metric: str = DECIDING) -> Table:
    """A row a model, a column a log: the metric at ten places; and what a fit takes on the first log.

    Rows stand in the order of the first log.
    """
    known = dict.fromkeys(model for run in runs for model in run.models())
    shown = [model for model in known if models is None or model in models]
    columns = {"model": words(_name(runs, model) for model in shown)}
    for run in runs:
        made = measured(run, metric, 10, shown)
        cells = [
            text + (DAGGER if text and run.capped(model) else "")
            for model, text in zip(shown, made.cells, strict=True)
        ]
        columns[run.title] = Column(cells).marked(made.bold)
    fits = runs[0].table("train", "cost").set_index("model")["fit_seconds"]
    columns["fit (s), first log"] = sizes(fits.reindex(shown))
    ended = next((note for run in runs if (note := capped(run, shown))), "")
    return table(columns, BEST + ended)


def _name(runs: Sequence[Results], model: str) -> str:
    """The model's name; whether time ended its search differs from log to log."""
    return next(run for run in runs if model in run.header["models"]).label(model).removesuffix(DAGGER)


def headline(runs: Sequence[Results], metrics: list[str] = ("precision", "recall", DECIDING)) -> Figure:
    """Every model on every log: a panel a metric, a row a log."""
    models = list(dict.fromkeys(model for run in runs for model in run.models()))
    canvas, panels = subplots(columns=len(metrics), height=1.6 + 1.05 * len(runs), sharey=True)
    drawn = []
    for axes, metric in zip(panels, metrics, strict=True):
        for place, run in enumerate(runs):
            rows = run.rows("evaluate", "metrics", metric=metric, k=10).set_index("model", drop=False)
            mine = [model for model in models if model in rows.index]
            at = [place + 0.8 * ((models.index(model) + 0.5) / len(models) - 0.5) for model in mine]
            for model, y in zip(mine, at, strict=True):
                points(axes, rows.loc[[model]], [y], [model], run, label=_name(runs, model), markersize=4.5)
            drawn.append(rows.loc[mine].assign(log=run.title))
        axes.set(xlim=(0, None), xlabel="mean over users", title=METRICS[metric].title(10))
        for edge in range(1, len(runs)):
            reference_line(axes, y=edge - 0.5, color=FAINT)
    name_rows(panels[0], [two_lines(run.title) for run in runs])
    for axes in panels:
        axes.grid(False, axis="y")
        axes.set_ylim(len(runs) - 0.5, -0.5)
    legend(canvas, panels)
    told = [
        f"{run.title}: "
        + ", ".join(f"{_name(runs, model)} {run.metric(model).value:.3f}" for model in run.models())
        for run in runs
    ]
    return Figure(
        canvas,
        pd.concat(drawn)[["log", "model", "metric", "value", "ci_low", "ci_high"]],
        f"{listed(METRICS[metric].title(10) for metric in metrics)} of every model on every log, with 95 % "
        "intervals.",
        f"Points with bars, a row a log. {TITLE} on {'; on '.join(told)}.",
    )


def front(rows: pd.DataFrame, cost: str) -> list[str]:
    """Models that no other equals in accuracy at less cost (the Pareto front), from cheap to accurate.

    >>> rows = pd.DataFrame({"model": ["a", "b", "c"], "value": [0.3, 0.2, 0.1], "s": [9.0, 1.0, 2.0]})
    >>> front(rows, "s")
    ['b', 'a']
    """
    rows = rows.sort_values([cost, "value"], ascending=[True, False], kind="stable")
    highest = rows["value"].cummax().shift(fill_value=-np.inf)
    return rows.loc[rows["value"] > highest, "model"].tolist()


def cost(run: Results) -> Figure:
    """Accuracy against each cost, with the Pareto front."""
    rows = costs(run)
    canvas, panels = subplots(columns=len(COSTS), height=4.0, sharey=True)
    told = []
    for axes, (name, label) in zip(panels, COSTS.items(), strict=True):
        models = front(rows, name)
        others = rows.drop(index=models)
        axes.plot(others[name].clip(lower=1e-3), others["value"], "o", color=INK, alpha=0.5, markersize=4)
        edge = rows.loc[models]
        at = edge[name].clip(lower=1e-3)
        axes.step(at, edge["value"], where="post", color=INK, linewidth=1, zorder=0)
        points(axes, at, edge, models, run)
        for place, (model, x, y) in enumerate(zip(models, at, edge["value"], strict=True)):
            # A label stands above its point, or below it where the one before stands in its way.
            close = place and y - edge["value"].iloc[place - 1] < 0.04 * rows["value"].max()
            look = {"textcoords": "offset points", "ha": "right", "va": "top" if close else "bottom"}
            axes.annotate(_short(run, model), (x, y), (-4, -5 if close else 4), fontsize=8, **look)
        spread = max(rows[name].max() / max(rows[name].min(), 1e-3), 10)
        axes.set_xlim(max(rows[name].min(), 1e-3) / spread**0.4, rows[name].max() * spread**0.1)
        # Most processes lie within one order of magnitude: a tick at each would be one tick.
        doubled = [each for each in 100 * 2 ** np.arange(12) if each <= rows[name].max()]
        log_scale(axes.xaxis, ticks=doubled if name == "peak_mb" else ())
        axes.set(xlabel=f"{label}, log scale", ylim=(0, None), title=label.partition(" (")[0])
        told.append(f"{label}: {', '.join(map(run.label, models))}")
    panels[0].set_ylabel(TITLE)
    return Figure(
        canvas,
        rows[["model", "value", "ci_low", "ci_high", *COSTS]],
        "What accuracy costs, on logarithmic axes: the line joins the models that no other equals at less "
        "cost. The grey ones below it cost more and find no more.",
        f"Three panels, {TITLE} upwards, a cost on a logarithmic axis to the right; a line of steps joins "
        f"the models that no other equals at less cost. From cheap to accurate: {'; '.join(told)}.",
    )


def _short(run: Results, model: str) -> str:
    """The model's name as it is written into a drawing: what stands in brackets, where something does."""
    label = run.label(model)
    return label.partition("(")[2].partition(")")[0] or label


def decision(run: Results) -> Table:
    """Situations, where to start in each, what was measured, the runner-up, and whether the two differ."""
    rows = situations(run, full_size())
    note = (
        f"Accuracy is measured on {run.title}; models that run others are left out. {RANGE} Accuracy differs "
        f"where the difference, user by user, has a corrected p below {ALPHA:g}. New users' models are not "
        f"compared in pairs. Time and memory were measured once: below a factor of {FACTOR} is no difference."
    )
    return table(
        {
            "situation": words(row["situation"] for row in rows),
            "start with": words(run.label(row["model"]) for row in rows),
            "measured": words(row["measured"] for row in rows),
            "runner-up": words(row["rival"] and run.label(row["rival"]) for row in rows),
            "do they differ?": words(row["differ"] for row in rows),
        },
        note + capped(run, [model for row in rows for model in (row["model"], row["rival"]) if model]),
    )


def selection(runs: Sequence[Results]) -> Table:
    """Chosen by validation, beside the first on test: of all models, and of those not made of others.

    The first of many on test owes a part of its place to these very users. What stands first on validation
    was chosen by other interactions, and its value on test has no such part.
    """
    made = {}
    for run in runs:
        rows = [_selected(run, single) for single in (False, True)]
        made[run.title] = table(
            {
                "": words(["of all", "of single models"]),
                "chosen by validation": words(run.label(chosen) for chosen, _ in rows),
                f"its {TITLE} on test": Column(written([run.metric(chosen) for chosen, _ in rows])),
                "first on test": words(run.label(first) for _, first in rows),
                "ahead by": Column([_ahead(run, first, chosen) for chosen, first in rows]),
            }
        )
    note = f"{RANGE} Ahead by: the difference, user by user."
    return stacked(made, "data set", note)


def _selected(run: Results, single: bool) -> tuple[str, str]:
    return run.chosen(single), run.single() if single else run.models()[0]


def _ahead(run: Results, first: str, chosen: str) -> str:
    if first == chosen:
        return "same model"
    return written([Estimate.of(run.difference(first, chosen))], interval="brackets")[0]


def findings(runs: Sequence[Results]) -> Prose:
    """Who leads on each log and by how much, what is significantly better than popularity, what is chosen."""
    return prose("benchmark.jinja", runs[0], logs=[_log(run) for run in runs], metric=TITLE)


def _log(run: Results) -> dict[str, Any]:
    """What is said of a log: its best and second model, those above popularity, what validation chose."""
    models = run.models()
    singles = [model for model in models if not run.made_of_others(model)]
    above = [model for model in models if model != BASELINE]
    weak = [model for model in above if not _above(run, model)]
    reach = max(singles, key=lambda model: run.metric(model, "coverage").value)
    return {
        "title": run.title,
        "best": _reached(run, models[0]),
        "single": _reached(run, singles[0]),
        "popularity": _reached(run, BASELINE),
        "alike": [run.label(model) for model in models[1:] if model in run.best()],
        "weak": [run.label(model) for model in weak],
        "chosen": _reached(run, run.chosen(single=True)),
        "reach": {"name": run.label(reach), "value": run.metric(reach, "coverage").value},
    }


def _reached(run: Results, model: str) -> dict[str, Any]:
    return {"name": run.label(model), "estimate": run.metric(model)}


def _above(run: Results, model: str) -> bool:
    """Whether the model is significantly better than popularity."""
    pair = run.difference(model, BASELINE)
    return pair["value"] > 0 and pair["p_holm"] < ALPHA


def provenance(runs: Sequence[Results]) -> Table:
    """Where the numbers come from: a row a fact, a column a log; below it, what all logs share."""
    facts = [_provenance(run) for run in runs]
    lines = {name: words(of[name] for of in facts) for name in facts[0]}
    alike = [name for name, line in lines.items() if len(set(line.cells)) == 1 < len(runs)]
    shared = "; ".join(f"{name}: {lines.pop(name).cells[0]}" for name in alike)
    note = f"The same for all. {shared}." if shared else ""
    return turned(lines, "", (run.title for run in runs), note)


def _provenance(run: Results) -> dict[str, str]:
    ingest, split, header = run.facts("ingest"), run.facts("split"), run.header
    machine, test = header["machine"], split["test"]
    # To ask for one user or one song asks for nothing.
    filters = {name: least for name, least in ingest["filters"].items() if least != 1}
    parameters = {
        name: share(value) if isinstance(value, float) and value < 1 else plain(value)
        for name, value in split["parameters"].items()
    }
    return {
        "recommended": f"{run.item}s",
        "as read": _size(ingest["read"]),
        "filters": _pairs({{"core": "core of"}.get(name, name): least for name, least in filters.items()}),
        "filtered": _size(ingest),
        "items with a title": share(ingest["known_titles"]),
        "protocol": split["protocol"].replace("_", " "),
        "split": _pairs(parameters),
        "users evaluated": plain(test["users"]),
        "triplets held out for test": plain(test["holdout"]),
        "of these, of items that nobody has in training": plain(split["test_unseen"]),
        "seeds": _pairs(header["seeds"]),
        "fingerprint": header["fingerprint"],
        "commit": header["commit"],
        "date": header["date"],
        "machine": f"{machine['processor']}, {counted(machine['cores'], 'core')}, "
        f"{machine['memory_gib']} GiB, {machine['system']}, Python {machine['python']}",
        "packages": _pairs(header["packages"]),
    }


def _size(of: dict[str, int]) -> str:
    return f"{of['users']:,} users, {of['songs']:,} items, {of['triplets']:,} triplets"


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {plain(value)}" for name, value in values.items()) or "none"


BASELINE = "popularity"

EVALUATORS = {"songrec": "this project", "lenskit": "LensKit", "rectools": "RecTools"}


def evaluators(runs: Sequence[Results]) -> Table:
    """Libraries that evaluate lists, side by side: metrics, and times with several cut-offs and with one."""
    rows = runs[0].beside("bench/evaluators").dropna(subset=["seconds"])
    names = list(dict.fromkeys(rows["evaluator"]))
    first = rows.drop_duplicates("evaluator").set_index("evaluator").loc[names]
    titles = [EVALUATORS.get(name, name) for name in names]
    columns = {
        "evaluator": words(f"{title} {of}" for title, of in zip(titles, first["version"], strict=True)),
        "metrics": counts(first["metrics"]),
    }
    for cutoffs, of in rows.groupby("cutoffs", sort=False):
        mine, asked = of.set_index("evaluator").reindex(names), counted(cutoffs, "cut-off")
        columns[f"{asked}, ms"] = sizes(1000 * mine["seconds"])
        columns[f"processor, {asked}, ms"] = sizes(1000 * mine["cpu_seconds"])
        columns[f"times this project's, {asked}"] = sizes(mine["times"])
    most = rows["runs"].max()
    fewer = "".join(
        f" {EVALUATORS.get(row.evaluator, row.evaluator)} with {counted(row.cutoffs, 'cut-off')}: "
        f"{counted(row.runs, 'run')}."
        for row in rows[rows["runs"] < most].itertuples()
    )
    size = rows.iloc[0]
    return table(
        columns,
        f"{size['users']:,} lists of {size['n']:,} places: the median of {counted(most, 'run')}, wall clock "
        f"and processor, all evaluators in turn on the same lists.{fewer} {size['machine']}",
    )


def readme(run: Results) -> str:
    """What stands in the README of the main log: its size, where to start, and the models named there."""
    facts, rows = run.facts("ingest"), situations(run)
    named = {run.models()[0], run.facts("compare")["baseline"], *(row["model"] for row in rows)}
    made = compare.results(run, models=[model for model in run.models() if model in named])
    what = f"{facts['users']:,} users, {facts['songs']:,} {run.item}s and {facts['triplets']:,} triplets"
    return (
        f"On real data, **{run.title}** ({what}), where to start:\n\n{decision(run).markdown()}\n\n"
        f"These models and the best one; the book has all {len(run.models())}:\n\n{made.markdown()}\n"
    )
