"""Putting a finished run on record: the tables of data/results/<profile>, from a clean commit only."""

import datetime
import json
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from songrec.data import Catalogue, Interactions
from songrec.errors import ConfigError, StageError
from songrec.files import read_json, replacing, write_json, write_text
from songrec.lists import TopN
from songrec.measure import machine
from songrec.models import load_model
from songrec.paths import REPOSITORY, RESULTS
from songrec.pipeline.engine import Engine
from songrec.pipeline.plan import Plan, make_plan
from songrec.pipeline.run import only_run
from songrec.report.examples import examples, first_songs, head_and_middle, similar, typical_users
from songrec.report.pairs import gains
from songrec.report.readme import refresh
from songrec.report.store import load_per_users
from songrec.splits import Split
from songrec.splits.choose import TAKES
from songrec.tuning import read_trials, read_tuned

PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "similaripy", "implicit", "optuna")
_EXAMPLE_SONGS = 10
_STUDIES = ("cold_start", "scale", "beyond", "definitions", "repeats")
"""Stages whose tables go on record, where the profile has run them."""

_LINES = 1_000
"""Longer tables stay with the run: they hold curves, and a record should be readable in a diff."""

_COST = ["fit_seconds", "recommend_ms_per_user", "peak_mb", "threads"]


def publish(profile: str, results: Path = RESULTS) -> Path:
    """Write the record of a profile's last run and bring the README's headline up to date.

    Returns the record's folder. Raises `ConfigError` when the working tree differs from the last commit
    (the records themselves apart), and `StageError` when the run is not fresh.
    """
    commit = _clean_commit()
    plan = make_plan(profile)
    with only_run(plan.paths):
        recorded = _recorded(plan)
        stale = [name for name in Engine(plan).changes() if name in recorded]
        if stale:
            raise StageError(f"not fresh: {', '.join(stale)}. Run first: songrec run --profile {profile}")
        with replacing(results / profile) as folder:
            folder.mkdir()
            _write(plan, folder, commit)
    if results == RESULTS:
        refresh()
    return results / profile


def _recorded(plan: Plan) -> list[str]:
    """The stages that the record is made from: up to the comparison, and the studies that have run."""
    ran = [stage for stage in _STUDIES if (plan.paths.processed / "tables" / stage).is_dir()]
    return plan.select(["tuning", "compare", *ran])


def _clean_commit() -> str:
    """The commit that the working tree is at."""
    changed = _git("status", "--porcelain", "--", ".", ":!data/results", ":!README.md")
    if changed:
        raise ConfigError(f"results go on record from a clean commit only; commit or undo first:\n{changed}")
    return _git("rev-parse", "--short=12", "HEAD")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.rstrip()


def _write(plan: Plan, folder: Path, commit: str) -> None:
    processed, models = plan.paths.processed, list(plan.profile.models)
    split = Split.load(processed / "split")
    catalogue = Catalogue.load(plan.paths.interim / "songs.parquet")
    compare = plan.stages["compare"].parameters
    per_user = load_per_users(processed / "per_user", models)
    write_text(folder / "metrics.csv", (processed / "metrics.csv").read_text(encoding="utf-8"))
    _write_csv(folder / "cost.csv", _costs(processed, models))
    _write_csv(folder / "gains.csv", gains(per_user, compare["cutoff"], compare["baseline"]))
    _write_csv(folder / "examples.csv", _examples(plan, split, catalogue))
    write_text(folder / "tuning.csv", (processed / "tables/tuning/worth.csv").read_text(encoding="utf-8"))
    _write_csv(folder / "trials.csv", _trials(processed / "trials", models))
    _write_csv(folder / "similar.csv", _similar(plan, split, catalogue))
    for stage in _STUDIES:
        for path in sorted((processed / "tables" / stage).glob("*.csv")):
            if len((text := path.read_text(encoding="utf-8")).splitlines()) <= _LINES:
                write_text(folder / "studies" / stage / path.name, text)
    write_json(folder / "params.json", {m: _tuned(processed, m)["hyperparameters"] for m in models})
    write_json(folder / "run.json", _provenance(plan, split, catalogue, commit))


def _costs(processed: Path, models: list[str]) -> pd.DataFrame:
    """Three significant digits: a second measurement would not agree on more."""
    rows = []
    for model in models:
        cost = read_json(processed / "cost" / f"{model}.json")
        search = sum(read_json(processed / "search_cost" / f"{model}.json")["seconds"])
        row = {key: float(f"{cost[key]:.3g}") for key in _COST}
        rows.append({"model": model, **row, "search_seconds": float(f"{search:.3g}")})
    return pd.DataFrame(rows).astype({"threads": int})


def _tuned(processed: Path, model: str) -> dict[str, Any]:
    return read_tuned(processed / "tuned" / f"{model}.json")


def _trials(folder: Path, models: list[str]) -> pd.DataFrame:
    """Every trial of every search; what it tried stands in one column, as JSON."""
    tables = []
    for model in models:
        if (table := read_trials(folder / f"{model}.csv")).empty:
            continue
        tried = table[table.columns[3:]].to_dict("records")
        point = [
            json.dumps({name: value for name, value in each.items() if value == value}) for each in tried
        ]
        tables.append(table[["trial", "value", "state"]].assign(model=model, point=point))
    return pd.concat(tables)[["model", "trial", "value", "state", "point"]]


def _examples(plan: Plan, split: Split, catalogue: Catalogue) -> pd.DataFrame:
    """Each example user's history once, and every model's list."""
    tables = []
    for model in plan.profile.models:
        lists = TopN.load(plan.paths.processed / "lists" / model)
        table = examples(
            plan.profile_name, model, split, lists, catalogue, typical_users(split), _EXAMPLE_SONGS
        )
        table.loc[table["kind"] == "history", "model"] = ""
        tables.append(table)
    return pd.concat(tables).drop_duplicates(["user", "kind", "model", "rank"])


def _similar(plan: Plan, split: Split, catalogue: Catalogue) -> pd.DataFrame:
    """Songs like a few that many know, by every model that knows a similarity."""
    wanted = dict.fromkeys([*first_songs(split.train, split.song_ids, catalogue), *head_and_middle(split)])
    tables = [
        similar(load_model(plan.paths.processed / "models" / model), split.song_ids, [*wanted], catalogue, 5)
        .assign(model=model)
        .drop(columns="similarity")  # each model's is of another kind
        for model in plan.profile.models
    ]
    return pd.concat(tables)[["model", "song", "rank", "like it"]]


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def _provenance(plan: Plan, split: Split, catalogue: Catalogue, commit: str) -> dict[str, Any]:
    log = Interactions.load(plan.paths.processed / "interactions")
    report = read_json(plan.paths.interim / "ingest.json")
    ingest, cut = plan.stages["ingest"].parameters, plan.stages["split"].parameters
    return {
        "profile": plan.profile_name,
        "title": plan.profile.title,
        "description": plan.profile.description,
        "synthetic": plan.profile.synthetic,
        "item": ingest["item"],
        "users": log.n_users,
        "songs": log.n_songs,
        "triplets": int(log.plays.nnz),
        "tested_users": len(split.test.users),
        "hidden_triplets": int(split.test.holdout.nnz),
        "unseen_triplets": read_json(plan.paths.processed / "split.json")["test_unseen"],
        "read": {key: report["steps"][0][key] for key in ("users", "songs", "triplets")},
        "known_titles": round(catalogue.known_share(log.song_ids), 4),
        "filters": {key: ingest[key] for key in ("core", "min_listeners", "min_songs") if ingest[key] > 1},
        "protocol": split.protocol,
        "split": {key: cut[key] for key in TAKES[split.protocol]},
        "seeds": {"split": split.seed},
        "fingerprint": log.fingerprint(),
        "commit": commit,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "packages": {name: version(name) for name in PACKAGES},
    }
