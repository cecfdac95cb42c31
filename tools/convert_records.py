"""Convert published records from the layout before studies and pages to that of `songrec.results`.

    python tools/convert_records.py [FOLDER OF RECORDS]      # data/results by default

Nothing is computed anew: numbers are copied as the text that they are. Only the mark of the best models is
derived, from the p-values on record. A folder is written whole or not at all; one that is converted already
is refused. Folders without `run.json` (data/results/bench) are left as they are.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from songrec.errors import DataError
from songrec.evaluation import ACCURACY
from songrec.files import read_json, replacing, write_json
from songrec.paths import REPOSITORY, RESULTS

PROTOCOLS = {"given": "predefined"}
"""Protocols that were renamed."""

LOOKS = {
    "popularity": ("#6b6b6b", "o", "popularity"),
    "user_knn": ("#0072b2", "s", "user-KNN"),
    "item_knn": ("#d55e00", "^", "item-KNN"),
    "item_knn_plays": ("#f0a878", "<", "item-KNN on plays"),
    "edlae": ("#b8860b", "H", "EDLAE"),
    "fs_slim": ("#8b1a1a", "h", "fsSLIM"),
    "als": ("#009e73", "D", "ALS"),
    "als_plays": ("#66c2a4", ">", "ALS on plays"),
    "bpr": ("#1b2a78", "8", "BPR"),
    "pure_svd": ("#cc79a7", "v", "PureSVD"),
    "ease": ("#e69f00", "P", "EASE"),
    "rp3beta": ("#56b4e9", "X", "RP3beta"),
    "mult_vae": ("#000000", "*", "Mult-VAE"),
    "ncf": ("#8c6bb1", "p", "NCF (NeuMF)"),
    "hybrid": ("#6b6b00", "x", "hybrid"),
    "blend": ("#e0115f", "d", "blend"),
}
"""Colour, marker and title of each model, as the records' pages showed them."""

ALPHA = 0.05
DECIDING = "average_precision"
CUTOFF = "10"
"""Of the searches and of every study but the comparison: no profile changed it."""

INTERVAL = ["value", "ci_low", "ci_high", "n_users"]

Tables = dict[str, pd.DataFrame]
Old = Callable[[str], pd.DataFrame]
"""Reads a table of the old record by its path, every cell as text; empty where there is none."""


def convert(folder: Path, profile: Mapping[str, Any]) -> None:
    """Convert one record in place.

    Parameters
    ----------
    folder : Path
        The record, `run.json` in it.
    profile : mapping
        The profile that it was made with, as its YAML file holds it.

    Raises
    ------
    DataError
        When the folder is no record of the old layout.
    """
    if not (folder / "params.json").is_file() or not (folder / "metrics.csv").is_file():
        raise DataError(f"{folder} is no record of the old layout: it may be converted already")
    run, params = read_json(folder / "run.json"), read_json(folder / "params.json")

    def old(name: str) -> pd.DataFrame:
        path = folder / f"{name}.csv"
        return pd.read_csv(path, dtype=str, keep_default_na=False) if path.is_file() else pd.DataFrame()

    stages = {
        "ingest": ({}, _ingest_facts(run)),
        "split": ({}, _split_facts(run)),
        "tune": _tune(old, profile, params),
        "train": _train(old, profile, params),
        "tuning_gain": ({"gain": tuning_gain(old("tuning"))}, {"cutoff": int(CUTOFF)}),
        "evaluate": _evaluate(old, profile),
        "compare": _compare(old),
        "beyond": _beyond(old, profile),
        "definitions": _definitions(old, run),
        "repeats": _repeats(old, profile),
        "cold_start": _cold_start(old, profile),
        "model_size": _model_size(old, run),
        "recommend": _recommend(old, run),
    }
    with replacing(folder) as new:
        new.mkdir()
        write_json(new / "run.json", _header(run, profile, params))
        for stage, (tables, facts) in stages.items():
            if not facts:  # a study that the profile did not run
                continue
            (new / stage).mkdir()
            for name, table in tables.items():
                table.to_csv(new / stage / f"{name}.csv", index=False, lineterminator="\n")
            write_json(new / stage / "facts.json", facts)


# The header and the facts of the first stages


def _header(run: Mapping[str, Any], profile: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    models = {}
    for label in params:
        colour, marker, title = LOOKS[label]
        entry = profile["models"][label]
        models[label] = {
            "title": title,
            "look": [colour, marker],
            "estimator": entry["estimator"],
            "members": entry.get("members", []),
            "hyperparameters": entry.get("hyperparameters", {}),
        }
    first = {key: run[key] for key in ("profile", "title", "description", "synthetic", "item")}
    where = ("commit", "date", "machine", "packages", "fingerprint", "seeds")
    return first | {"models": models} | {key: run[key] for key in where}


def _ingest_facts(run: Mapping[str, Any]) -> dict[str, Any]:
    keys = (
        "synthetic",
        "item",
        "users",
        "songs",
        "triplets",
        "fingerprint",
        "known_titles",
        "filters",
        "read",
    )
    return {key: run[key] for key in keys}


def _split_facts(run: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "protocol": PROTOCOLS.get(run["protocol"], run["protocol"]),
        "seed": run["seeds"]["split"],
        **{key: run[key] for key in ("fingerprint", "synthetic", "users", "songs")},
        "test": {"users": run["tested_users"], "holdout": run["hidden_triplets"]},
        "test_unseen": run["unseen_triplets"],
        "parameters": run["split"],
    }


# Stages that run once a model


def _tune(old: Old, profile: Mapping, params: Mapping) -> tuple[Tables, dict]:
    trials, facts = old("trials"), {}
    for row in old("tuning").to_dict("records"):
        model = row["model"]
        points = trials.loc[trials["model"] == model, "point"].map(json.loads)
        facts[model] = {
            "estimator": profile["models"][model]["estimator"],
            "hyperparameters": params[model],
            "searched": list(dict.fromkeys(name for point in points for name in point)),
            "edges": dict(edge.rsplit(" ", 1) for edge in row["edges"].split("; ") if edge),
            "asked": int(row["asked"]),
            "trials": int(row["trials"]),
            "capped": row["capped"] == "True",
            "metric": f"{DECIDING}@{CUTOFF}",
            "value": _number(row["validation"]),
            "untuned_value": _number(row["validation_untuned"]),
        }
    cost = old("cost").rename(columns={"search_seconds": "seconds"})
    return {"trials": trials, "cost": cost[["model", "seconds", "threads"]]}, facts


def _number(text: str) -> float | None:
    """Text of up to four digits is the same text again in JSON."""
    return float(text) if text else None


def _train(old: Old, profile: Mapping, params: Mapping) -> tuple[Tables, dict]:
    cost = old("cost")[["model", "fit_seconds", "recommend_ms_per_user", "peak_mb", "threads"]]
    facts = {
        model: {"estimator": profile["models"][model]["estimator"], "hyperparameters": chosen}
        for model, chosen in params.items()
    }
    return {"cost": cost}, facts


def tuning_gain(tuning: pd.DataFrame) -> pd.DataFrame:
    """What the search gave on test, a row a value: `statistic` is untuned, tuned or difference."""
    tuning = tuning.rename(columns={"value": "tuned"}).assign(metric=DECIDING, k=CUTOFF)
    table = tuning.melt(
        ["model", "metric", "k", "ci_low", "ci_high", "n_users"],
        ["untuned", "tuned", "difference"],
        var_name="statistic",
    )
    table.loc[table["statistic"] != "difference", ["ci_low", "ci_high"]] = ""
    return _grouped(table, tuning["model"])[["model", "metric", "k", "statistic", *INTERVAL]]


# The comparison


def _evaluate(old: Old, profile: Mapping) -> tuple[Tables, dict]:
    metrics = old("metrics").replace({"protocol": PROTOCOLS})
    cutoffs = sorted({int(k) for k in metrics["k"]})
    return {"metrics": metrics}, {"cutoff": _asked(profile, "evaluate", "cutoff", 10), "cutoffs": cutoffs}


def _compare(old: Old) -> tuple[Tables, dict]:
    gains = old("gains")
    keys = ["model", "than", "metric", "k"]
    tested = {"superiority": "win_rate_difference", "detectable": "minimum_detectable"}
    differences = gains.drop(columns=["ratio", "ratio_low", "ratio_high"]).rename(
        columns=tested | _named("difference")
    )
    ratios = gains.rename(columns=_named("ratio"))[[*keys, *INTERVAL]]
    tables = {"differences": differences, "ratios": ratios, "best": best(old("metrics"), differences)}
    return tables, {"baseline": gains["than"].iloc[0], "cutoff": int(gains["k"].iloc[0])}


def _named(column: str) -> dict[str, str]:
    """A column and its interval under the names of the one schema."""
    return {column: "value", f"{column}_low": "ci_low", f"{column}_high": "ci_high"}


def best(metrics: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """For each metric of accuracy: which models are best or not significantly worse.

    Marked are the highest mean (more than one where four digits do not tell them apart) and every model
    whose comparison with one of these has a corrected p of at least .05.
    """
    tables = []
    for (metric, k), pairs in differences.groupby(["metric", "k"], sort=False):
        if metric not in ACCURACY:
            continue
        rows = metrics[(metrics["metric"] == metric) & (metrics["k"] == k)]
        values = rows["value"].astype(float)
        top = set(rows.loc[values == values.max(), "model"])
        alike = pairs[pd.to_numeric(pairs["p_holm"]) >= ALPHA]
        near = set(alike.loc[alike["model"].isin(top), "than"]) | set(
            alike.loc[alike["than"].isin(top), "model"]
        )
        marks = rows["model"].isin(top | near).to_numpy()
        tables.append(pd.DataFrame({"metric": metric, "k": k, "model": rows["model"], "best": marks}))
    return pd.concat(tables, ignore_index=True)


# Studies


def _beyond(old: Old, profile: Mapping) -> tuple[Tables, dict]:
    if (glance := old("studies/beyond/glance")).empty:
        return {}, {}
    marks = best(old("metrics"), old("gains"))
    marks = marks[(marks["metric"] == DECIDING) & (marks["k"] == CUTOFF)].set_index("model")["best"]
    mine = glance["metric"] == DECIDING
    if len(marks):  # else the comparison was made at another cut-off
        glance.loc[mine, "best"] = glance.loc[mine, "model"].map(marks).astype(str)

    thinning = old("studies/beyond/thinning")
    frontier = old("studies/beyond/frontier")
    exchange = old("studies/beyond/exchange")
    baseline = _asked(profile, "beyond", "baseline", "popularity")
    member = _asked(profile, "beyond", "member", "item_knn")
    lead = thinning[thinning["model"] != baseline].assign(than=baseline, value="", ci_high="")
    lead["ci_low"] = lead["ahead_low"]  # of the difference nothing else is on record
    by_share = ["model", "share"]
    effect = [
        exchange.rename(columns={"baseline": "value", "value": "after"}).assign(statistic="before"),
        exchange.assign(statistic="after"),
        exchange.drop(columns="value").rename(columns={"difference": "value"}).assign(statistic="difference"),
        exchange.drop(columns=["value", "ci_low", "ci_high"])
        .rename(columns=_named("ratio"))
        .assign(statistic="ratio"),
    ]
    for table in effect[:2]:
        table[["ci_low", "ci_high"]] = ""
    effect = _grouped(pd.concat(effect, ignore_index=True), exchange["metric"], "metric")
    on_test = frontier[frontier["part"] == "test"]
    after = exchange.set_index("metric")["value"]
    chosen = on_test[(on_test["value"] == after[DECIDING]) & (on_test["diversity"] == after["diversity"])]
    tables = {
        "summary": glance,
        "lift": old("studies/beyond/lifts"),
        "segments": old("studies/beyond/segments"),
        "classes": old("studies/beyond/makeup"),
        "learning_curve": thinning[[*by_share, *INTERVAL]],
        "learning_kept": thinning.drop(columns=INTERVAL[:3]).rename(columns=_named("kept"))[
            [*by_share, *INTERVAL]
        ],
        "learning_lead": lead[["model", "than", "share", *INTERVAL]],
        "rerank_curve": _rerank_curve(frontier),
        "rerank_effect": effect[["metric", "k", "statistic", *INTERVAL]],
        "overlap": old("studies/beyond/overlap"),
    }
    facts = {
        "cutoff": int(CUTOFF),
        "baseline": baseline,
        "member": member,
        "models": list(dict.fromkeys(thinning["model"])),
        "lambda": float(chosen["lambda"].iloc[0]),
        "allowed": _asked(profile, "beyond", "allowed", 0.05),
    }
    return tables, facts


def _rerank_curve(frontier: pd.DataFrame) -> pd.DataFrame:
    keys = ["part", "lambda"]
    accuracy = frontier[[*keys, *INTERVAL]].assign(metric=DECIDING)
    variety = frontier.drop(columns=INTERVAL[:3]).rename(columns=_named("diversity"))
    parts = [accuracy, variety[[*keys, *INTERVAL]].assign(metric="diversity")]
    parts += [
        frontier[[*keys, "n_users"]].assign(metric=name, value=frontier[name], ci_low="", ci_high="")
        for name in ("novelty", "coverage")
    ]
    table = pd.concat(parts).sort_index(kind="stable").assign(k=CUTOFF)
    return table[[*keys, "metric", "k", *INTERVAL]]


def _definitions(old: Old, run: Mapping[str, Any]) -> tuple[Tables, dict]:
    if (values := old("studies/definitions/values")).empty:
        return {}, {}
    users = min(1000, run["tested_users"])  # drawn by lot, all where there are no more
    tables = {
        "values": values,
        "spread": old("studies/definitions/spread"),
        "orders": old("studies/definitions/orders").rename(columns={"clear": "significant"}),
        "sampled": two_ways(old("studies/definitions/sampled"), ("all", "sampled"), "recall", users),
        "seen": two_ways(old("studies/definitions/seen"), ("left out", "let in"), DECIDING, users),
    }
    return tables, {"cutoff": int(CUTOFF)}


def two_ways(table: pd.DataFrame, ways: tuple[str, str], metric: str, users: int) -> pd.DataFrame:
    """The same metric measured in two ways, a row a model and way, with the model's place."""
    parts = []
    for old, way in zip(("first", "second"), ways, strict=True):
        mine = table.rename(columns=_named(old) | {f"{old}_place": "place"})
        parts.append(mine.assign(way=way, metric=metric, k=CUTOFF, n_users=users))
    whole = _grouped(pd.concat(parts, ignore_index=True), table["model"])
    return whole[["model", "way", "metric", "k", *INTERVAL, "place"]]


def _repeats(old: Old, profile: Mapping) -> tuple[Tables, dict]:
    if (by_seed := old("studies/repeats/by_seed")).empty:
        return {}, {}
    order = old("studies/repeats/order").rename(columns={"difference": "value"})
    order.insert(2, "metric", DECIDING)
    order.insert(3, "k", CUTOFF)
    protocol = _asked(profile, "repeats", "protocol", "weak")
    facts = {
        "protocol": PROTOCOLS.get(protocol, protocol),
        "seeds": [int(seed) for seed in dict.fromkeys(by_seed["seed"])],
        "cutoff": int(CUTOFF),
    }
    return {"by_seed": by_seed, "spread": old("studies/repeats/spread"), "order": order}, facts


def _cold_start(old: Old, profile: Mapping) -> tuple[Tables, dict]:
    if (growth := old("studies/cold_start/growth")).empty:
        return {}, {}
    baseline = _asked(profile, "cold_start", "baseline", "popularity")
    kappa = old("studies/cold_start/kappa")
    tables = {
        "curve": growth,
        "gains": cold_gains(old("studies/cold_start/gains"), baseline, growth),
        "hybrid": cold_gains(old("studies/cold_start/behind"), "hybrid", growth),
        "new_songs": old("studies/cold_start/new_songs").replace({"way": {"chance": "random"}}),
        "kappa": by_shown(kappa),
    }
    facts = {
        "baseline": baseline,
        "member": _asked(profile, "cold_start", "member", "item_knn"),
        "cutoff": int(CUTOFF),
    }
    highest = kappa[kappa["value"].astype(float) == kappa["value"].astype(float).max()]
    if len(highest) == 1:  # where four digits tell
        facts["kappa"] = float(highest["kappa"].iloc[0])
    return tables, facts


def by_shown(kappa: pd.DataFrame) -> pd.DataFrame:
    """Each kappa by the number of songs shown; with none named, the mean over all numbers."""
    kappa = kappa[["kappa", *[name for name in kappa if name not in ("kappa", "value")], "value"]]
    table = kappa.rename(columns={"value": ""}).melt("kappa", var_name="shown")
    return _grouped(table, kappa["kappa"], "kappa")


def cold_gains(gains: pd.DataFrame, than: str, growth: pd.DataFrame) -> pd.DataFrame:
    """Differences to one model with as much shown; both levels stand in the curve, and are left out here."""
    levels = growth[(growth["metric"] == DECIDING) & (growth["k"] == CUTOFF)]
    levels = levels.set_index(["model", "shown"])["value"]
    for row in gains.itertuples():
        if (levels[row.model, row.shown], levels[than, row.shown]) != (row.value, row.baseline):
            raise DataError(f"cold start: {row.model} with {row.shown} shown is not what the curve says")
    table = gains.drop(columns="value").rename(columns={"difference": "value"})
    table = table.assign(than=than, metric=DECIDING, k=CUTOFF)
    return table[["model", "than", "metric", "k", "shown", "value", "se", "ci_low", "ci_high", "n_users"]]


def _model_size(old: Old, run: Mapping[str, Any]) -> tuple[Tables, dict]:
    if (accuracy := old("studies/scale/accuracy")).empty:
        return {}, {}
    keys = ["model", "rank", "kept", "bytes"]
    parts = [
        accuracy.rename(columns=_named(metric)).assign(metric=metric)
        for metric in ("precision", "recall", DECIDING, "ndcg")
    ]
    whole = pd.concat(parts).sort_index(kind="stable").assign(k=CUTOFF, n_users=run["tested_users"])
    differences = old("studies/scale/differences").rename(columns=_named("difference"))
    differences = differences.assign(metric=DECIDING, k=CUTOFF, n_users=run["tested_users"])
    tables = {
        "accuracy": whole[[*keys, "metric", "k", *INTERVAL]],
        "differences": differences[["model", "rank", "metric", "k", *INTERVAL]],
    }
    return tables, {"cutoff": int(CUTOFF)}


def _recommend(old: Old, run: Mapping[str, Any]) -> tuple[Tables, dict]:
    tables = {
        "examples": old("examples").drop(columns="profile"),
        "similar": old("similar").rename(columns={"like it": "label"}),
    }
    return tables, {"known_titles": run["known_titles"]}


def _asked(profile: Mapping[str, Any], stage: str, name: str, default: Any) -> Any:
    """A parameter of a stage, as the profile or the stage's notebook had it."""
    return profile["stages"].get(stage, {}).get(name, default)


def _grouped(table: pd.DataFrame, order: pd.Series, column: str = "model") -> pd.DataFrame:
    """The rows of each model one below the other, models in their order."""
    place = {name: number for number, name in enumerate(order)}
    return table.sort_values(column, key=lambda names: names.map(place), kind="stable", ignore_index=True)


def main(results: Path) -> None:
    for path in sorted(results.glob("*/run.json")):
        file = REPOSITORY / "notebooks" / "profiles" / f"{path.parent.name}.yml"
        convert(path.parent, yaml.safe_load(file.read_text(encoding="utf-8")))
        print(path.parent)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS)
