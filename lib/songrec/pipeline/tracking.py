"""What was trained and which is live, on record in MLflow: sqlite beside the data, or a server by its URL.

Only result files are read. A run of the pipeline becomes a run of MLflow, with one below it for each model; a
model that may go live becomes a version of a registered model: arrays and JSON as they are, without a flavour
and without pickle. Its folder is laid out as a data folder is, so that whoever has it serves from it:

    version.json                         profile, model, fingerprint of the log, commit
    profiles/                            the profile's file, and those that it extends
    interim/<profile>/songs.parquet      titles
    processed/<profile>/                 interactions, split, models/<model>, tables/run.json, tables/tune
"""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from importlib.metadata import version as installed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from songrec.config import files_of_profile
from songrec.errors import ConfigError, DataError
from songrec.evaluation.metrics import DECIDING
from songrec.extras import require
from songrec.files import write_json
from songrec.paths import IN_CHECKOUT, PROFILES, Paths, data_root
from songrec.pipeline.gate import Decision, Rule, decide
from songrec.pipeline.plan import make_plan
from songrec.pipeline.publish import fresh_stages, git, provenance
from songrec.pipeline.run import only_run
from songrec.pipeline.two_runs import flattened
from songrec.registry import VERSION
from songrec.results import Results

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

NAME = "songbook"
"""What the registered model is called where nobody says otherwise."""

CHAMPION, BEFORE = "champion", "before"
"""Aliases: of the version that is live, and of the one that was before it."""

_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""Of MLflow, where nobody says otherwise: no reports, no bars, no links, and it gives up within seconds."""

_BATCH = 100
_LONGEST = 500
"""Characters of a parameter or tag that are kept."""


class Tracking:
    """The record at one place.

    Parameters
    ----------
    place : str
        A server's URL, or a database as MLflow names it (sqlite:///...); empty: a database beside the data.
    name : str
        Of the registered model.

    Raises
    ------
    ConfigError
        Where MLflow is not installed.
    """

    def __init__(self, place: str = "", name: str = NAME):
        require("tracking", "the record of runs")
        for setting, value in _SETTINGS.items():
            os.environ.setdefault(setting, value)
        from mlflow import MlflowClient

        for noisy in ("mlflow", "alembic"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        self.name = name
        self.place = place or f"sqlite:///{data_root() / 'mlflow.db'}"
        if not place:
            data_root().mkdir(parents=True, exist_ok=True)
        self.client = MlflowClient(self.place, self.place)

    def track(self, profile: str) -> tuple[str, bool]:
        """Put a profile's last run on record; its id there, and whether it is new: the same tables go once.

        Raises
        ------
        StageError
            When the run is not fresh: a stage has failed, or something was changed since.
        """
        require("study", "the record of runs")
        plan = make_plan(profile)
        with only_run(plan.paths), _told(self.place):
            recorded = fresh_stages(plan)
            experiment = self._experiment(profile)
            results = _content(plan.paths.tables)
            found = self.client.search_runs([experiment], f"tags.results = '{results}'", max_results=1)
            if found:
                return found[0].info.run_id, False
            run = Results.of_run(profile)
            told = provenance(plan, recorded, run, commit())
            winner = run.winner()
            tags = {"kind": "pipeline", "profile": profile, "winner": winner} | {
                key: str(value) for key, value in told.items() if key in ("fingerprint", "commit")
            }
            tags |= {f"machine.{key}": str(value) for key, value in told["machine"].items()}
            tags |= {f"package.{key}": value for key, value in told["packages"].items()}
            parent = self._start(experiment, profile, tags)
            self._log(parent, flattened(told["parameters"]), _accuracy(run, winner))
            for label in run.models():
                tags = {"kind": "model", "mlflow.parentRunId": parent, "model": label}
                child = self._start(experiment, label, tags)
                tuned = run.facts("tune")[label]
                self._log(
                    child,
                    {"estimator": tuned["estimator"], **tuned["hyperparameters"]},
                    _of_model(run, label),
                )
                self.client.set_terminated(child)
            self.client.log_artifacts(parent, str(plan.paths.tables), "tables")
            self.client.set_tag(
                parent, "results", results
            )  # last: a run that was cut off is not taken for whole
            self.client.set_terminated(parent)
        return parent, True

    def promote(
        self, profile: str, label: str = "", rule: Rule = "better", metric: str = DECIDING, cutoff: int = 10
    ) -> Decision:
        """Register a run's winner, and make it the champion if the rule says so.

        Parameters
        ----------
        profile : str
            Whose last run it is. It is put on record first, where it is not yet.
        label : str
            Another model than the winner.
        rule, metric, cutoff
            See `songrec.pipeline.gate.decide`.

        Returns
        -------
        Decision
            What was decided; it is noted with the version and the run as well.
        """
        tracked, _ = self.track(profile)
        label = label or Results.of_run(profile).winner()
        with _told(self.place):
            version = self._registered(tracked, profile, label)
            champion = self._aliased(CHAMPION)
            if champion and champion.version == version.version:
                why = "it is the live model already"
                return Decision(False, why, rule, f"{metric}@{cutoff}")
            with self._local(champion) as folder:
                decision = decide(profile, label, folder, rule, metric, cutoff)
            said = {"rule": rule, "decision": "promoted" if decision.promoted else "kept the champion"}
            said |= {"why": decision.why, "metric": decision.metric}
            said |= {f"gate.{name}": f"{number:.6g}" for name, number in decision.numbers.items()}
            said |= {"gate.champion_version": str(champion.version)} if champion else {}
            for key, value in said.items():
                self.client.set_model_version_tag(self.name, version.version, key, value)
                self.client.set_tag(tracked, key, value)
            if decision.promoted:
                self._move(champion, version.version)
        return decision

    def rollback(self, number: str = "") -> str:
        """Make the version before the champion, or the one of this number, the champion; its number."""
        with _told(self.place):
            champion = self._aliased(CHAMPION)
            before = number or getattr(self._aliased(BEFORE), "version", "")
            if not before:
                raise DataError(f"no version of {self.name} was live before: name one with --version")
            self._move(champion, self.client.get_model_version(self.name, str(before)).version)
        return str(before)

    def runs(self) -> list[dict[str, Any]]:
        """What is on record, newest first: run, profile, log, commit, winner, versions with their aliases."""
        with _told(self.place):
            experiments = [one.experiment_id for one in self.client.search_experiments()]
            found = self.client.search_runs(
                experiments,
                "tags.kind = 'pipeline' AND attributes.status = 'FINISHED'",
                order_by=["attributes.start_time DESC"],
                max_results=1000,
            )
            versions = self.client.search_model_versions(f"name = '{self.name}'")
            versions = sorted(versions, key=lambda version: int(version.version))
            aliases = {} if not versions else self.client.get_registered_model(self.name).aliases
            return [_row(run, versions, aliases) for run in found]

    # MLflow's own things

    def _experiment(self, profile: str) -> str:
        name = f"{NAME}-{profile}"
        if found := self.client.get_experiment_by_name(name):
            return found.experiment_id
        parts = urlsplit(self.place)
        if parts.scheme in ("http", "https"):  # it knows where to put files
            return self.client.create_experiment(name)
        beside = Path(parts.path[1:]).absolute().parent if parts.scheme == "sqlite" else data_root()
        return self.client.create_experiment(name, (beside / "mlflow" / profile).as_uri())

    def _start(self, experiment: str, name: str, tags: dict[str, str]) -> str:
        run = self.client.create_run(experiment, run_name=name, tags=tags | {"mlflow.source.name": "songrec"})
        return run.info.run_id

    def _log(self, run: str, parameters: dict[str, Any], metrics: dict[str, float]) -> None:
        from mlflow.entities import Metric, Param

        given = [Param(key, str(value)[:_LONGEST]) for key, value in parameters.items()]
        for start in range(0, len(given), _BATCH):
            self.client.log_batch(run, params=given[start : start + _BATCH])
        self.client.log_batch(run, metrics=[Metric(key, value, 0, 0) for key, value in metrics.items()])

    def _registered(self, run: str, profile: str, label: str) -> "ModelVersion":
        """The run's version of this model: made where there is none yet."""
        from mlflow.exceptions import MlflowException

        try:
            self.client.get_registered_model(self.name)
        except MlflowException:
            self.client.create_registered_model(self.name)
        for version in self.client.search_model_versions(f"name = '{self.name}' and run_id = '{run}'"):
            if version.tags.get("model") == label:
                return version
        with TemporaryDirectory(prefix="songrec-") as temporary:
            told = write_version(profile, label, Path(temporary) / label)
            self.client.log_artifacts(run, str(Path(temporary) / label), f"versions/{label}")
        root = self.client.get_run(run).info.artifact_uri
        tags = {key: str(value) for key, value in told.items()}
        return self.client.create_model_version(self.name, f"{root}/versions/{label}", run, tags)

    def _aliased(self, alias: str) -> "ModelVersion | None":
        from mlflow.exceptions import MlflowException

        try:
            return self.client.get_model_version_by_alias(self.name, alias)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise

    def _move(self, champion: "ModelVersion | None", number: str) -> None:
        self.client.set_registered_model_alias(self.name, CHAMPION, number)
        if champion and champion.version != number:
            self.client.set_registered_model_alias(self.name, BEFORE, champion.version)

    @contextmanager
    def _local(self, version: "ModelVersion | None") -> Iterator[Path | None]:
        """The version's folder on this machine; None for none."""
        if version is None:
            yield None
            return
        from mlflow.artifacts import download_artifacts

        with TemporaryDirectory(prefix="songrec-") as temporary:
            yield Path(
                download_artifacts(artifact_uri=version.source, dst_path=temporary, tracking_uri=self.place)
            )


@contextmanager
def _told(place: str) -> Iterator[None]:
    """What goes wrong in MLflow, as an error of ours: it names the place."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise DataError(f"the record at {place}: {error.message.splitlines()[0]}") from error


def commit() -> str:
    """The commit of the checkout, with `+` where it was changed since; of a wheel its version."""
    if not IN_CHECKOUT:
        return f"songrec {installed('songrec')}"
    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain") else "")
    except (ConfigError, OSError):
        return ""


def write_version(profile: str, label: str, folder: Path) -> dict[str, str]:
    """Copy what serving one model of a profile's last run needs; what `version.json` then says.

    Parameters
    ----------
    profile : str
        The profile.
    label : str
        The model, one of the profile's.
    folder : Path
        To be made: a data folder with this run and this model alone.
    """
    run, paths = Results.of_run(profile), Paths(profile)
    if not (paths.processed / "models" / label).is_dir():
        known = ", ".join(sorted(path.name for path in (paths.processed / "models").iterdir()))
        raise ConfigError(f"profile {profile} has trained no model {label!r}, only: {known}")
    wanted = [paths.interim / "songs.parquet", paths.header, paths.tables / "tune"]
    wanted += [paths.processed / part for part in ("interactions", "split", f"models/{label}")]
    for path in wanted:
        target = folder / path.relative_to(data_root())
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, target)
    (folder / "profiles").mkdir()
    for path in files_of_profile(profile, PROFILES):
        shutil.copyfile(path, folder / "profiles" / path.name)
    told = {
        "profile": profile,
        "model": label,
        "title": run.label(label),
        "fingerprint": run.facts("ingest")["fingerprint"],
        "commit": commit(),
    }
    write_json(folder / VERSION, told)
    return told


def _content(folder: Path) -> str:
    """A hash of all that is in a folder of tables: one run, one hash."""
    digest = blake2b(digest_size=16)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _accuracy(run: Results, label: str) -> dict[str, float]:
    """What was measured of a model on the test, with both ends of its intervals, by names MLflow takes."""
    found = {}
    for row in run.rows("evaluate", "metrics", model=label).itertuples():
        name = f"{row.metric}_at_{row.k}"
        numbers = {name: row.value, f"{name}.ci_low": row.ci_low, f"{name}.ci_high": row.ci_high}
        found |= {key: float(number) for key, number in numbers.items() if number == number}
    return found


def _of_model(run: Results, label: str) -> dict[str, float]:
    """The same, with what its fit cost."""
    (cost,) = run.rows("train", "cost", model=label).drop(columns="model").to_dict("records")
    return _accuracy(run, label) | {f"cost.{name}": float(value) for name, value in cost.items()}


def _row(run: "Run", versions: "list[ModelVersion]", aliases: dict[str, str]) -> dict[str, Any]:
    tags, metrics = run.data.tags, run.data.metrics
    name = f"{DECIDING}_at_10"
    mine = [version for version in versions if version.run_id == run.info.run_id]
    told = ("profile", "fingerprint", "commit", "winner", "decision", "why")
    return {
        "run": run.info.run_id,
        "start": run.info.start_time // 1000,
        **{key: tags.get(key, "") for key in told},
        "accuracy": [metrics.get(f"{name}{end}") for end in ("", ".ci_low", ".ci_high")],
        "versions": {
            int(one.version): [alias for alias, number in aliases.items() if str(number) == str(one.version)]
            for one in mine
        },
    }
