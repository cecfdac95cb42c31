"""The search for hyper-parameters: what was tried and chosen for each model."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from songrec.results import Results
from songrec.show.figure import Figure, legend, log_scale, subplots
from songrec.show.numbers import plain
from songrec.show.prose import Prose, listed, prose
from songrec.show.style import colour, marker
from songrec.show.table import Table, Tables, counts, numbers, sizes, stacked, table, words

STAGE = "tune"
PANELS = 4
"""Panels side by side."""

WIDE = 50
"""From this ratio of the largest to the smallest value on, a panel's axis is logarithmic."""

NOTHING = "No model had anything to search."


def flat(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Hyper-parameters by name, those of a part by dotted name; of a member its class."""
    found: dict[str, Any] = {}
    for name, value in hyperparameters.items():
        parts = value if isinstance(value, dict) else {}
        found |= {f"{name}.{part}": each for part, each in parts.items()} if parts else {name: value}
    return {name: _one(value) for name, value in found.items()}


def _one(value: Any) -> Any:
    return value.get("estimator", "") if isinstance(value, dict) else value


def asked(facts: Mapping[str, Any]) -> str:
    """How many trials a model had of those that it was to have.

    >>> asked({"trials": 7, "asked": 20}), asked({"trials": 20, "asked": 20})
    ('7 of 20', '20')
    """
    complete = facts["trials"] == facts["asked"]
    return plain(facts["trials"]) if complete else f"{plain(facts['trials'])} of {plain(facts['asked'])}"


def edges(facts: Mapping[str, Any], key: str = "edges") -> str:
    """Which chosen values lie at the edge of their range, or beyond which the search went; empty for none."""
    return ", ".join(f"{name} ({end})" for name, end in facts.get(key, {}).items())


def sources(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """The models whose hyper-parameters are those of another search, by its name."""
    taken = {model: each["source"] for model, each in facts.items() if each.get("source")}
    return {name: [model for model in taken if taken[model] == name] for name in taken.values()}


def ended(facts: Mapping[str, Mapping[str, Any]], models: Iterable[str]) -> dict[str, Any]:
    """How the searches of these models ended: by time, at an edge of a range; what was taken from another."""
    return {
        "capped": {model: asked(facts[model]) for model in models if facts[model]["capped"]},
        "beyond": {model: edges(facts[model], "beyond") for model in models if facts[model].get("beyond")},
        "at_edge": {model: edges(facts[model]) for model in models if facts[model]["edges"]},
        "sources": sources(facts),
    }


def values(run: Results) -> Table:
    """What each model has on validation with its defaults and with what was chosen."""
    facts = {model: each for model, each in run.facts(STAGE).items() if each["asked"]}
    return table(
        {
            "model": words(map(run.label, facts)),
            "trials": counts(map(asked, facts.values())),
            "defaults": numbers((each["untuned_value"] for each in facts.values()), digits=4),
            "chosen": numbers((each["value"] for each in facts.values()), digits=4),
            "went beyond": words(edges(each, "beyond") or "none" for each in facts.values()),
            "at an edge": words(edges(each) or "none" for each in facts.values()),
        },
        note="MAP@10 of the validation users. A search whose best point lay at an edge of a range went on "
        f"beyond it once, unless that is a natural end.{capped_note(run)}",
        empty=NOTHING,
    )


def chosen(run: Results) -> Table:
    """Every model's hyper-parameters: what was chosen, what it has untuned, and where it comes from."""
    made = {}
    for model, facts in run.facts(STAGE).items():
        values, untuned = flat(facts["hyperparameters"]), flat(facts.get("untuned", {}))
        made[run.label(model)] = table(
            {
                "hyper-parameter": words(values),
                "chosen": counts(values.values()),
                "untuned": counts(untuned.get(name) for name in values),
                "how": words(_how(name, facts) for name in values),
            }
        )
    note = "At an edge: the chosen value is the lowest or highest that was to be tried, or nearly."
    return stacked(made, first="model", note=note + capped_note(run), empty="No model has a hyper-parameter.")


def ranges(run: Results) -> Table:
    """Where each model's hyper-parameters were looked for, as the header of the run has it."""
    made = {}
    for model, facts in run.facts(STAGE).items():
        space = run.header["models"].get(model, {}).get("space", {})
        entries = {name: space.get(name, space.get(f"{name.split('.')[0]}.*")) for name in facts["searched"]}
        entries = {name: entry for name, entry in entries.items() if entry and facts["asked"]}
        if entries:
            made[run.label(model)] = table(
                {
                    "hyper-parameter": words(entries),
                    "looked for in": words(_range(entry) for entry in entries.values()),
                    "only where": words(_condition(entry) for entry in entries.values()),
                }
            )
    return stacked(made, first="model", note="log: evenly over orders of magnitude.", empty=NOTHING)


def _range(entry: Mapping[str, Any]) -> str:
    """One range in words.

    >>> _range({"low": 1, "high": 1000, "log": True}), _range({"low": 0.5, "high": 2.0, "times": "alpha"})
    ('1 to 1,000 (log)', '0.5 to 2 times alpha')
    >>> _range({"stop": 30}), _range({"choices": ["cosine", False]})
    ('up to 30', 'cosine, no')
    """
    if "stop" in entry:
        return f"up to {plain(entry['stop'])}"
    if "choices" in entry:
        return ", ".join(plain(choice) for choice in entry["choices"])
    times = f" times {entry['times']}" if entry.get("times") else ""
    return f"{plain(entry['low'])} to {plain(entry['high'])}{times}{' (log)' if entry.get('log') else ''}"


def _condition(entry: Mapping[str, Any]) -> str:
    """Of which values of other hyper-parameters a range depends; empty for none."""
    return "; ".join(
        f"{name} is {listed([plain(value) for value in values], 'or')}"
        for name, values in entry.get("when", {}).items()
    )


def _how(name: str, facts: Mapping[str, Any]) -> str:
    if source := facts.get("source"):
        return f"from {source}"
    if name not in facts["searched"]:
        return "fixed"
    return f"searched, at the {facts['edges'][name]} edge" if name in facts["edges"] else "searched"


def capped_note(run: Results) -> str:
    """What the dagger means, where a model has one; else nothing."""
    cut = [facts for model, facts in run.facts(STAGE).items() if run.capped(model)]
    return " † Time ended the search before it had all its trials." if cut else ""


def parameters(run: Results) -> Table:
    """The hyper-parameters of each model, a row a model."""
    facts = run.facts(STAGE)
    texts = [
        ", ".join(f"{name} = {_setting(run, value)}" for name, value in each["hyperparameters"].items())
        for each in facts.values()
    ]
    columns = {"model": words(map(run.label, facts)), "hyper-parameters": words(texts)}
    return table(columns, note=capped_note(run).strip())


def _setting(run: Results, value: Any) -> str:
    """A hyper-parameter; of a model's members only their names, for each has a row of its own."""
    if isinstance(value, dict):
        weights = {name: "" if isinstance(each, dict) else f" {plain(each)}" for name, each in value.items()}
        return ", ".join(f"{run.label(name)}{weight}" for name, weight in weights.items())
    return plain(value)


def trials(run: Results, n: int = 5) -> Tables:
    """Each model's best trials, best first: the value, how it ended, and what was tried."""
    made = {}
    for model, rows in run.table(STAGE, "trials").groupby("model", sort=False):
        best = rows.sort_values(["value", "trial"], ascending=[False, True]).head(n)
        tried = [json.loads(point) for point in best["point"]]
        columns = {"trial": counts(best["trial"]), "MAP@10 on validation": numbers(best["value"], digits=4)}
        columns["ended"] = words(best["state"])
        for name in dict.fromkeys(name for point in tried for name in point):
            columns[name] = counts(point.get(name) for point in tried)
        made[run.label(model)] = table(columns)
    return Tables(made, empty=NOTHING)


def points(run: Results) -> pd.DataFrame:
    """A row for each trial and hyper-parameter: model, hyperparameter, setting, value, chosen."""
    rows = []
    for model, of in run.table(STAGE, "trials").groupby("model", sort=False):
        tried = [json.loads(point) for point in of["point"]]
        kept = flat(run.facts(STAGE)[model]["hyperparameters"])
        chosen = next((at for at, point in enumerate(tried) if point.items() <= kept.items()), None)
        names = list(dict.fromkeys(name for point in tried for name in point))
        rows += [
            [model, name, point[name], value, at == chosen]
            for name in names
            for at, (point, value) in enumerate(zip(tried, of["value"], strict=True))
            if point.get(name) is not None
        ]
    columns = ["model", "hyperparameter", "setting", "value", "chosen"]
    return pd.DataFrame(rows, columns=columns).astype({"chosen": bool})


def sensitivity(run: Results) -> Figure:
    """A panel for each hyper-parameter of each model: MAP on validation by its value, a dot a trial."""
    drawn = points(run)
    panels = list(drawn.groupby(["model", "hyperparameter"], sort=False))
    rows = max(1, -(-len(panels) // PANELS))
    canvas, axes = subplots(columns=PANELS, rows=rows, height=0.4 + 1.75 * rows)
    for each, ((model, name), mine) in zip(axes, panels, strict=False):
        _panel(each, mine, run)
        each.set_title(f"{run.label(model)}:\n{name}", fontsize=7.5)
    for each in axes[len(panels) :]:
        each.set_axis_off()
    logarithmic = any(each.get_xscale() == "log" for each in axes)
    scale = " Where values span orders of magnitude, the axis is logarithmic." if logarithmic else ""
    best = [
        f"{run.label(model)}, {name}: {plain(of['setting'].iloc[0])}"
        for (model, name), of in drawn[drawn["chosen"]].groupby(["model", "hyperparameter"], sort=False)
    ]
    return Figure(
        canvas,
        drawn,
        "MAP on validation by the value of each hyper-parameter, a dot a trial; the model's marker is what "
        f"was chosen.{scale}",
        f"A panel for each hyper-parameter of each model, MAP on validation over its values.{scale} "
        f"Chosen: {'; '.join(best) or 'nothing'}.",
    )


def _panel(axes, rows: pd.DataFrame, run: Results) -> None:
    """The trials of one hyper-parameter of one model."""
    model, settings = rows["model"].iloc[0], rows["setting"]
    if any(isinstance(each, str | bool) for each in settings):
        names = sorted(set(settings.astype(str)))
        settings = settings.astype(str).map(names.index)
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
        axes.set_xlim(-0.5, len(names) - 0.5)
    elif min(settings) > 0 and max(settings) / min(settings) > WIDE:
        log_scale(axes.xaxis)
    kept = rows["chosen"].to_numpy(bool)
    x, y = settings.to_numpy(float), rows["value"].to_numpy(float)
    look = {"linestyle": "", "color": colour(run, model)}
    axes.plot(x[~kept], y[~kept], marker=".", markersize=5, **look)
    if kept.any():  # an empty line that is not clipped has no place, and the layout would not find one
        axes.plot(x[kept], y[kept], marker=marker(run, model), markersize=7, clip_on=False, **look)
    axes.tick_params(labelsize=6.5)


def progress(run: Results) -> Figure:
    """The best value so far, relative to the end of the search, by the number of trials."""
    rows = run.table(STAGE, "trials")
    by = rows.astype({"value": float}).groupby("model", sort=False)["value"]
    end = by.transform("max").clip(lower=np.finfo(float).tiny)
    drawn = rows[["model"]].assign(trial=rows["trial"] + 1, best=by.cummax() / end)
    canvas, (axes,) = subplots(height=3.4)
    for model, of in drawn.groupby("model", sort=False):
        look = {"marker": marker(run, model), "markevery": [int(of["best"].argmax())], "clip_on": False}
        look |= {"color": colour(run, model), "label": run.label(model)}
        axes.step(of["trial"], of["best"], where="post", **look)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="trials", ylabel="best so far, relative to the end", title="MAP on validation")
    legend(canvas, axes)
    first = drawn[drawn["best"] == 1].groupby("model", sort=False)["trial"].min()
    found = listed([f"{run.label(model)} {at}" for model, at in first.items()]) if len(first) else "none"
    return Figure(
        canvas,
        drawn,
        "The best value so far in each search, as a share of the final one; the marker is the trial that was "
        "chosen. Lines that still rise at the end say that more trials would have found more.",
        f"A rising step line a model over the number of trials. The best trial was: {found}.",
    )


def cost(run: Results) -> Table:
    """What the searches took."""
    facts, trials = run.facts(STAGE), run.table(STAGE, "cost")
    searched = [model for model, each in facts.items() if each["trials"]]
    by = trials[trials["model"].isin(searched)].groupby("model", sort=False)
    rows = by.agg({"seconds": "sum", "threads": "max"})
    return table(
        {
            "model": words(map(run.label, rows.index)),
            "trials": words(asked(facts[model]) for model in rows.index),
            "search (s)": sizes(rows["seconds"]),
            "threads": counts(rows["threads"]),
        },
        empty=NOTHING,
    )


def facts(run: Results) -> dict:
    """What the findings say: who was searched, who gained most, who was stopped, and what lies at an edge."""
    every = run.facts(STAGE)
    searched = {model: each for model, each in every.items() if each["asked"]}
    gains = {model: each["value"] - each["untuned_value"] for model, each in searched.items()}
    most = max(gains, key=gains.__getitem__, default=None)
    return {
        "searched": list(searched),
        "trials": sorted({each["asked"] for each in searched.values()}),
        "most": most,
        "before": {"value": searched[most]["untuned_value"]} if most else None,
        "after": {"value": searched[most]["value"]} if most else None,
        "gained": [model for model, gain in gains.items() if gain > 0],
        "same": [model for model, gain in gains.items() if not gain > 0],
        **ended(every, searched),
    }


def findings(run: Results) -> Prose:
    """What the searches found on validation."""
    return prose("tune.jinja", run, **facts(run))
