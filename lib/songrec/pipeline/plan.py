"""A profile resolved: every study and page with its final parameters and the files it reads and makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from songrec.checks import check_names
from songrec.config import Profile, read_profile, runnable
from songrec.errors import ConfigError, DataError
from songrec.files import read_json
from songrec.modelspec import read_models
from songrec.paths import PROFILES, RESULTS, Paths, find_raw
from songrec.pipeline.graph import (
    PAGES,
    STUDIES,
    Places,
    StageDeclaration,
    flat,
    read_graph,
)
from songrec.pipeline.settings import check_estimator, overridden, page_settings, study_settings
from songrec.tables import FACTS


@dataclass(frozen=True)
class PlannedStage:
    """One run of one notebook: of a study, or of a page.

    Attributes
    ----------
    name : str
        The stage's name; for a model's own study `stage.model`, for a page `page.stage`.
    declaration : StageDeclaration
        The stage's entry of the graph.
    notebook : Path
        What is executed.
    page : bool
        Whether it is a page.
    model : str or None
        The model that it runs for, where the study runs once for each.
    parameters : dict
        What papermill injects.
    raw : tuple of Path
        Raw files read.
    inputs : tuple of Path
        Files and folders read.
    outputs : tuple of Path
        Files and folders made.
    executed : Path
        The executed notebook.
    estimators : tuple of str
        Classes of models that it looks up by name: its model's and the members' of that.
    """

    name: str
    declaration: StageDeclaration
    notebook: Path
    page: bool
    model: str | None
    parameters: dict[str, Any]
    raw: tuple[Path, ...]
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    executed: Path
    estimators: tuple[str, ...] = ()

    @property
    def selectors(self) -> set[str]:
        """What `--only` may say for it: its name, its stage, or one kind of its stage."""
        stage = self.declaration.name
        return {self.name, stage, f"page.{stage}" if self.page else f"study.{stage}"}


@dataclass(frozen=True)
class Plan:
    """What a run of a profile does, in order: the studies, then the pages, so that no fit waits for a page.

    Attributes
    ----------
    profile_name : str
        Of the profile's file.
    profile : Profile
        The profile itself, without the models that cannot run here.
    stages : dict
        Name -> what is run.
    left_out : dict
        Label -> what is missing here, for each model of the profile that cannot run.
    """

    profile_name: str
    profile: Profile
    stages: dict[str, PlannedStage]
    left_out: dict[str, str]

    @property
    def paths(self) -> Paths:
        return Paths(self.profile_name)

    @cached_property
    def needs(self) -> dict[str, set[str]]:
        """Stage -> the stages whose outputs it reads."""
        owner = {path: stage.name for stage in self.stages.values() for path in stage.outputs}
        return {
            stage.name: {owner[path] for path in stage.inputs if path in owner}
            for stage in self.stages.values()
        }

    @property
    def header(self) -> dict[str, Any]:
        """What pages know of the run besides its tables; no study reads it."""
        ingest = self.stages["ingest"].parameters if "ingest" in self.stages else {}
        told = ("title", "look", "estimator", "members", "hyperparameters", "space")
        # The cold start makes a hybrid of one of the models: pages name it as well.
        hybrid = {label: spec for label, spec in read_models().items() if spec.estimator == "Hybrid"}
        return {
            "profile": self.profile_name,
            "title": self.profile.title,
            "description": self.profile.description,
            "synthetic": self.profile.synthetic,
            "item": ingest.get("item", "song"),
            "models": {
                label: {name: getattr(spec, name) for name in told}
                for label, spec in (hybrid | self.profile.models).items()
            },
        }

    def select(self, only: Sequence[str]) -> list[str]:
        """Names of the stages to look at, in order: those named, else those that the profile names, with what
        they need; else all.

        `train` names every model's training and the page about it, `train.item_knn` one training,
        `study.train` and `page.train` one of the two kinds.
        """
        if not (only := only or self.profile.only):
            return list(self.stages)
        known = {selector: None for stage in self.stages.values() for selector in stage.selectors}
        stages = dict.fromkeys(stage.declaration.name for stage in self.stages.values())
        check_names(only, stages | dict.fromkeys(self.stages) | known, "stage", "--only")
        wanted = {name for name, stage in self.stages.items() if stage.selectors & set(only)}
        for name in reversed(self.stages):
            if name in wanted:
                wanted |= self.needs[name]
        return [name for name in self.stages if name in wanted]


def make_plan(
    profile_name: str, overrides: Sequence[str] = (), fetch: bool = False, tuned_from: str | None = None
) -> Plan:
    """Resolve a profile: notebook defaults < profile < overrides (`stage.parameter=value`).

    Parameters
    ----------
    profile_name : str
        A file of `notebooks/profiles`.
    overrides : sequence of str
        `stage.parameter=value` and `models.label.hyperparameter=value`.
    fetch : bool
        Whether a raw file that is missing, and whose site is known, is downloaded.
    tuned_from : str, optional
        A record (a folder of `data/results`) whose hyper-parameters are taken instead of searching, for the
        models that are on it.

    Raises
    ------
    ConfigError
        Every name and type is checked here, before anything runs; it says which file or option is wrong.
    DataError
        For a raw file that is missing.
    """
    graph = read_graph()
    profile = overridden(read_profile(profile_name, PROFILES), overrides, graph)
    where = f"profile {profile_name}"
    check_names(profile.stages, graph.stages, "stage", where)
    known = {name for stage in graph.stages.values() for name in stage.settable}
    check_names(profile.shared, known, "shared parameter", where)
    graph = graph.without(profile.without, where)
    profile, left_out = runnable(profile)
    tuned = _on_record(tuned_from, profile) if tuned_from else {}
    for label, spec in profile.models.items():
        if not label.isidentifier():
            raise ConfigError(f"{where}: the model label {label!r} must be letters, digits and _")
        check_estimator(spec, f"{where}: models.{label}")
    places = Places(graph, Paths(profile_name), profile.models)
    planned = [
        _plan_study(stage, model, profile, places, tuned, fetch)
        for stage in graph.stages.values()
        if stage.study
        for model in (profile.models if stage.each else [None])
    ]
    planned += [
        _plan_page(stage, profile, places) for stage in graph.stages.values() if stage.page is not None
    ]
    return Plan(profile_name, profile, {stage.name: stage for stage in planned}, left_out)


def _on_record(record: str, profile: Profile, results: Path = RESULTS) -> dict[str, Any]:
    """Label -> what the record says of the model's search."""
    known = sorted(path.parents[1].name for path in results.glob(f"*/tune/{FACTS}"))
    check_names([record], known, "record", "--tuned-from")
    found = read_json(results / record / "tune" / FACTS)
    for label, spec in profile.models.items():
        if label in found and found[label]["estimator"] != spec.estimator:
            raise ConfigError(
                f"--tuned-from {record}: its {label} is {found[label]['estimator']}, not {spec.estimator}"
            )
    return {label: facts | {"source": f"the published run {record}"} for label, facts in found.items()}


def _plan_study(
    declaration: StageDeclaration,
    model: str | None,
    profile: Profile,
    places: Places,
    tuned: Mapping[str, Any],
    fetch: bool,
) -> PlannedStage:
    values = study_settings(declaration, model, profile, places.paths.profile, tuned)
    named = [values[name] for name in declaration.raw if values[name]]
    files = [file for one in named for file in ([one] if isinstance(one, str) else one)]
    suffix = f".{model}" if model else ""
    return PlannedStage(
        f"{declaration.name}{suffix}",
        declaration,
        declaration.path,
        False,
        model,
        values,
        tuple(_raw_file(name, values.get("source", ""), fetch) for name in files),
        tuple(dict.fromkeys(flat(places.inputs(declaration, model).values()))),
        tuple(places.outputs(declaration, model).values()),
        places.paths.notebooks / STUDIES / f"{declaration.notebook}{suffix}.ipynb",
        _estimators(declaration, model, values, profile),
    )


def _plan_page(declaration: StageDeclaration, profile: Profile, places: Places) -> PlannedStage:
    paths = places.paths
    tables = [path for stage in declaration.page for path in places.tables(places.graph[stage])]
    return PlannedStage(
        f"page.{declaration.name}",
        declaration,
        declaration.page_path,
        True,
        None,
        page_settings(declaration, profile, paths.profile),
        (),
        (*tables, paths.header, *([RESULTS] if declaration.published else [])),
        (),
        paths.notebooks / PAGES / f"{declaration.notebook}.ipynb",
    )


def _estimators(
    declaration: StageDeclaration, model: str | None, values: Mapping[str, Any], profile: Profile
) -> tuple[str, ...]:
    """Classes of the models that a study fits or loads, and of what they are made of."""
    if model is not None:
        labels = [model]
    elif "model" in declaration.inputs:
        labels = list(profile.models)
    else:
        labels = [*values.get("models", []), *([values["model"]] if "model" in values else [])]
    entries = [profile.models[label] for label in labels]
    made_of = [profile.models[member] for entry in entries for member in entry.members]
    return tuple(dict.fromkeys(entry.estimator for entry in [*entries, *made_of]))


def _raw_file(name: str, source: str, fetch: bool) -> Path:
    """The raw file; when it is missing and its source has a site of its own, it is downloaded if `fetch`."""
    try:
        return find_raw(name)
    except DataError:
        from songrec.data.sources import SOURCES

        if not fetch or source not in SOURCES or not (dataset := SOURCES[source].dataset):
            raise
        dataset.fetch()
        return find_raw(name)
