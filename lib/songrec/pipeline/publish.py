"""Putting a finished run on record: its tables, as data/results/<profile>, from a clean commit only."""

import datetime
import subprocess
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from songrec.errors import ConfigError, DataError, StageError
from songrec.files import read_json, replacing, write_json
from songrec.measure import machine
from songrec.paths import REPOSITORY, RESULTS
from songrec.pipeline.engine import Engine
from songrec.pipeline.plan import Plan, PlannedStage, make_plan
from songrec.pipeline.run import only_run
from songrec.pipeline.settings import FITTED
from songrec.tables import save_tables

if TYPE_CHECKING:
    from songrec.results import Results

PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "numba", "optuna")

REQUIRED = "compare"
"""The stage without which a run is no record, where the profile does not say what it runs only."""

_LINES = 1_500
"""Longer tables stay with the run: they hold curves, and a record should be readable in a diff."""

_UNSAID = {*FITTED, "profile", "item", "model", "space", "tuned"}
"""Parameters that the record says elsewhere."""


def publish(profile: str, results: Path = RESULTS) -> Path:
    """Write the record of a profile's last run and bring the README's headline up to date.

    Returns
    -------
    Path
        The record's folder.

    Raises
    ------
    ConfigError
        When the working tree differs from the last commit (the records themselves apart).
    StageError
        When the run is not fresh. Every file is hashed again for that, whatever its date says.
    """
    from songrec.results import Results

    commit = _clean_commit()
    plan = make_plan(profile)
    with only_run(plan.paths):
        recorded = fresh_stages(plan)
        stages = list(dict.fromkeys(stage.declaration.name for stage in recorded.values()))
        run = Results.of_run(profile, stages=stages)
        with replacing(results / profile) as folder:
            folder.mkdir()
            for stage in stages:
                _write_stage(run, plan, stage, folder / stage)
            write_json(folder / "run.json", plan.header | provenance(plan, recorded, run, commit))
    if results == RESULTS:
        from songrec.pipeline.readme import refresh

        refresh()
    return results / profile


def fresh_stages(plan: Plan) -> dict[str, PlannedStage]:
    """The studies that go on record: those asked for, and those others that have run.

    `StageError` when one of them is not fresh: every file is hashed again for that.
    """
    done = {
        stage.declaration.name
        for stage in plan.stages.values()
        if not stage.page and all(path.exists() for path in stage.outputs)
    }
    asked = [*(plan.profile.only or [REQUIRED]), *(f"study.{stage}" for stage in done)]
    wanted = [name for name in plan.select(asked) if not plan.stages[name].page]
    if stale := [name for name in Engine(plan).changes(verify=True) if name in wanted]:
        run = f"songrec run --profile {plan.profile_name}"
        raise StageError(f"not fresh: {', '.join(stale)}. Run first: {run}")
    return {name: plan.stages[name] for name in wanted}


def _write_stage(run: "Results", plan: Plan, stage: str, folder: Path) -> None:
    """The stage's tables, those of all models one below the other, and its facts."""
    names = {path.stem for path in (plan.paths.tables / stage).rglob("*.csv")}
    tables = {name: run.table(stage, name) for name in sorted(names)}
    short = {name: table for name, table in tables.items() if len(table) < _LINES}
    save_tables(folder, short, run.facts(stage))


def _clean_commit() -> str:
    """The commit that the working tree is at."""
    changed = git("status", "--porcelain", "--", ".", ":!data/results", ":!README.md")
    if changed:
        raise ConfigError(f"results go on record from a clean commit only; commit or undo first:\n{changed}")
    return git("rev-parse", "--short=12", "HEAD")


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.rstrip()


def provenance(plan: Plan, recorded: dict[str, PlannedStage], run: "Results", commit: str) -> dict[str, Any]:
    """Where the record comes from: what was asked of each stage, of which log, with what, on what, at what
    cost."""
    asked: dict[str, dict[str, Any]] = {}
    for stage in recorded.values():  # of a stage that runs once a model the first says it for all
        said = {name: value for name, value in stage.parameters.items() if name not in _UNSAID}
        asked.setdefault(stage.declaration.name, said)
    took = {}
    for name in recorded:
        with suppress(DataError):  # no result: where it is lost or damaged, the record goes without
            took[name] = read_json(plan.paths.took / f"{name}.json", dict)
    return {
        "took": took,
        "fingerprint": run.facts("ingest").get("fingerprint") if "ingest" in asked else None,
        "seeds": {stage: values["seed"] for stage, values in asked.items() if "seed" in values},
        "parameters": {stage: values for stage, values in asked.items() if values},
        "commit": commit,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "packages": {name: version(name) for name in PACKAGES},
    }
