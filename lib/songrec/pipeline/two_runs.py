"""What differs between two runs of a log: parameters, models, and metrics in pairs where users agree."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from songrec.errors import DataError
from songrec.evaluation import paired_difference
from songrec.evaluation.metrics import METRICS
from songrec.files import read_json
from songrec.paths import RESULTS, Paths
from songrec.results import HEADER, Results
from songrec.splits import Split


def find_run(name: str) -> Results:
    """The run of a profile here, else the published one of that name."""
    if (Paths(name).tables / HEADER).is_file():
        return Results.of_run(name)
    return Results.published(name)


def parameters(first: Results, second: Results) -> pd.DataFrame:
    """Where settings and hyper-parameters differ: what, first, second; empty text where one has none."""
    ours, theirs = (flattened(_settings(run)) for run in (first, second))
    names = [name for name in {**ours, **theirs} if ours.get(name, "") != theirs.get(name, "")]
    rows = [(name, str(ours.get(name, "")), str(theirs.get(name, ""))) for name in names]
    return pd.DataFrame(rows, columns=["what", "first", "second"])


def _settings(run: Results) -> dict[str, Any]:
    settings = run.header.get("parameters")
    if settings is None and _is_here(run):
        planned = read_json(Paths(run.name).plan, dict)
        settings = {
            stage: {key: value for key, value in entry["parameters"].items() if key != "profile"}
            for stage, entry in planned.items()
            if stage == entry["stage"]
        }
    found = {model: facts["hyperparameters"] for model, facts in run.facts("tune").items()}
    return {**(settings or {}), "models": found}


def _is_here(run: Results) -> bool:
    """Whether it is a run of this machine, with all that it made; of a published one only tables are here."""
    return RESULTS not in run.folder.parents


def flattened(tree: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """A tree of settings as one mapping: `stage.parameter` -> value."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= (
            flattened(value, f"{before}{name}.") if isinstance(value, Mapping) else {f"{before}{name}": value}
        )
    return flat


def metrics(first: Results, second: Results, cutoff: int = 10) -> pd.DataFrame:
    """The models that both have, by each metric that is a mean over users.

    Returns
    -------
    DataFrame
        model, metric, first, second (means), value, ci_low, ci_high (second minus first, on the users whom
        both test; NaN where the values by user are not here), n_users (of these).
    """
    shared = [model for model in first.models() if model in second.models()]
    rows = []
    users = [_tested(run) for run in (first, second)]
    for model in shared:
        pairs = _paired([_by_user(run, model, ids) for run, ids in zip((first, second), users, strict=True)])
        for metric in METRICS:
            means = [
                run.rows("evaluate", "metrics", metric=metric, k=cutoff, model=model)
                for run in (first, second)
            ]
            if any(mean.empty for mean in means):
                continue
            found = pairs.loc[f"{metric}@{cutoff}"] if f"{metric}@{cutoff}" in pairs.index else None
            difference = (
                (np.nan,) * 3 + (0,) if found is None else found[["value", "ci_low", "ci_high", "n_users"]]
            )
            rows.append((model, metric, *(mean["value"].iloc[0] for mean in means), *difference))
    names = ["model", "metric", "first", "second", "value", "ci_low", "ci_high", "n_users"]
    return pd.DataFrame(rows, columns=names)


def _tested(run: Results) -> np.ndarray | None:
    """Ids of the users whom the run tests; None where only its tables are here."""
    folder = Paths(run.name).processed / "split"
    if not _is_here(run) or not folder.exists():
        return None
    split = Split.load(folder)
    return split.user_ids[split.test.users]


def _by_user(run: Results, model: str, ids: np.ndarray | None) -> pd.DataFrame | None:
    file: Path = Paths(run.name).processed / "per_user" / f"{model}.parquet"
    return (
        None
        if ids is None or not file.exists()
        else pd.read_parquet(file).set_index(ids).drop(columns="user")
    )


def _paired(tables: list[pd.DataFrame | None]) -> pd.DataFrame:
    """`paired_difference` on the users that both have; empty where there are none."""
    if any(table is None for table in tables):
        return pd.DataFrame()
    shared = tables[0].index.intersection(tables[1].index)
    columns = tables[0].columns.intersection(tables[1].columns)
    if len(shared) < 2:
        return pd.DataFrame()
    first, second = (table.loc[shared, columns] for table in tables)
    found = paired_difference(second, first)
    return found.set_index(found["metric"] + "@" + found["k"].astype(str))


def told(first: Results, second: Results, cutoff: int = 10) -> str:
    """What `songrec compare` prints."""
    if first.item != second.item:
        raise DataError(
            f"{first.name} is a log of {first.item}s, {second.name} of {second.item}s: not compared"
        )
    if first.folder == second.folder:
        raise DataError(f"{first.name} is one run: name two")
    named = {"first": first.name, "second": second.name}
    lines = [f"{first.name}: {first.title}", f"{second.name}: {second.title}", ""]
    differing = parameters(first, second)
    lines += ["Settings that differ" if len(differing) else "All settings are the same."]
    lines += _lines(differing.rename(columns=named))
    for run, other in ((first, second), (second, first)):
        if only := [model for model in run.models() if model not in other.models()]:
            lines += ["", f"Only in {run.name}: {', '.join(map(run.label, only))}"]
    table = metrics(first, second, cutoff)
    same = first.facts("ingest")["fingerprint"] == second.facts("ingest")["fingerprint"]
    lines += ["", f"The log is {'the same' if same else 'not the same'}."]
    if len(table):
        lines.append(
            f"Differences: {second.name} minus {first.name}, paired on {paired:,} users, with 95 % intervals."
            if (paired := table["n_users"].max())
            else "Not paired: no user is tested in both, or the values by user are not here."
        )
        shown = table.assign(
            model=[second.label(model) for model in table["model"]],
            metric=[METRICS[metric].title(cutoff) for metric in table["metric"]],
        )
        for column in ("first", "second"):
            shown[column] = [f"{value:.3f}" for value in table[column]]
        shown["difference"] = [
            f"{value:+.4f} ({low:+.4f} to {high:+.4f})" if value == value else ""
            for value, low, high in zip(table["value"], table["ci_low"], table["ci_high"], strict=True)
        ]
        named = {"first": first.name, "second": second.name}
        lines += [
            "",
            *_lines(shown[["model", "metric", "first", "second", "difference"]].rename(columns=named)),
        ]
    return "\n".join(lines)


def _lines(table: pd.DataFrame) -> list[str]:
    if table.empty:
        return []
    columns = [[str(name), *map(str, table[name])] for name in table]
    widths = [max(map(len, column)) for column in columns]
    rows = zip(*columns, strict=True)
    return ["  " + "  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
