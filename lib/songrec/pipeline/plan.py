"""A profile resolved: every study and page with its final parameters and the files it reads and makes."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from songrec.config import Parameter, Profile, check_names, read_profile, runnable
from songrec.errors import ConfigError, DataError
from songrec.files import read_json
from songrec.modelspec import ModelSpec, read_models
from songrec.paths import PROFILES, RESULTS, Paths, find_raw
from songrec.pipeline.graph import (
    PAGES,
    STUDIES,
    Graph,
    StageDeclaration,
    input_paths,
    output_paths,
    read_graph,
    table_paths,
)
from songrec.tables import FACTS
from songrec.tuning.spaces import check_space, searched

LABELS = ("model", "baseline", "member")
"""Parameters that name a model of the profile; `models` names several."""

FITTED = ("estimator", "hyperparameters", "members")
"""What a study takes of its model's block: what changes the fit."""


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
        told = ("title", "look", "estimator", "members", "hyperparameters")
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
        """Names of the stages to look at, in order: all, or those named and what they need.

        `train` names every model's training and the page about it, `train.item_knn` one training,
        `study.train` and `page.train` one of the two kinds.
        """
        if not only:
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
    profile = read_profile(profile_name, PROFILES)
    paths = Paths(profile_name)
    profile = _override(profile, overrides, graph)
    where = f"profile {profile_name}"
    check_names(profile.stages, graph.stages, "stage", where)
    profile, left_out = runnable(profile)
    tuned = _on_record(tuned_from, profile) if tuned_from else {}
    for label, spec in profile.models.items():
        if not label.isidentifier():
            raise ConfigError(f"{where}: the model label {label!r} must be letters, digits and _")
        check_estimator(spec, f"{where}: models.{label}")
    planned = [
        _plan_study(stage, model, profile, paths, graph, tuned, fetch)
        for stage in graph.stages.values()
        for model in (profile.models if stage.each else [None])
    ]
    planned += [
        _plan_page(stage, profile, paths, graph) for stage in graph.stages.values() if stage.page is not None
    ]
    _check_shared(profile, graph, where)
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


def _check_shared(profile: Profile, graph: Graph, where: str) -> None:
    known = {name for stage in graph.stages.values() for name in _all_parameters(stage)}
    check_names(profile.shared, known, "shared parameter", where)


def _all_parameters(declaration: StageDeclaration) -> dict[str, Parameter]:
    """What a profile may set of a stage: parameters of its study and of its page."""
    return declaration.page_parameters | declaration.parameters


def _plan_study(
    declaration: StageDeclaration,
    model: str | None,
    profile: Profile,
    paths: Paths,
    graph: Graph,
    tuned: Mapping[str, Any],
    fetch: bool,
) -> PlannedStage:
    declared = declaration.parameters
    where = f"profile {paths.profile}: stages.{declaration.name}"
    own = profile.stages.get(declaration.name, {})
    check_names(own, _all_parameters(declaration), "parameter", where)
    _check_settable(own, declaration, where)
    values = _values(declared, declaration, profile, paths)
    if model is not None:
        values["model"] = model
    _check_labels(values, profile, where)
    if (chosen := values.get("model")) is not None:
        spec = profile.models[chosen]
        values |= {name: getattr(spec, name) for name in FITTED if name in declared}
    if "space" in declared:
        values["space"] = _space(spec, f"profile {paths.profile}: models.{chosen}")
    if "tuned" in declared:
        values["tuned"] = tuned.get(chosen, {})
    values = {name: declared[name].check(value, where) for name, value in values.items()}
    if "protocol" in values:
        from songrec.splits.choose import PROTOCOLS

        check_names([values["protocol"]], PROTOCOLS, "protocol", where)
    files = [values[name] for name in declaration.raw if values[name]]
    raw = tuple(_raw_file(name, values.get("source", ""), fetch) for name in files)
    inputs = input_paths(declaration, graph, paths, model, profile.models)
    flat: list[Path] = []
    for value in inputs.values():
        flat += value.values() if isinstance(value, Mapping) else [value]
    suffix = f".{model}" if model else ""
    return PlannedStage(
        f"{declaration.name}{suffix}",
        declaration,
        declaration.path,
        False,
        model,
        values,
        raw,
        tuple(dict.fromkeys(flat)),
        tuple(output_paths(declaration, paths, model).values()),
        paths.notebooks / STUDIES / f"{declaration.notebook}{suffix}.ipynb",
        _estimators(profile, _looked_up(declaration, model, values, profile)),
    )


def _plan_page(declaration: StageDeclaration, profile: Profile, paths: Paths, graph: Graph) -> PlannedStage:
    declared = declaration.page_parameters
    where = f"profile {paths.profile}: stages.{declaration.name}"
    values = _values(declared, declaration, profile, paths)
    _check_labels(values, profile, where)
    values = {name: declared[name].check(value, where) for name, value in values.items()}
    tables = table_paths([graph[stage] for stage in declaration.page], paths, profile.models)
    return PlannedStage(
        f"page.{declaration.name}",
        declaration,
        declaration.page_path,
        True,
        None,
        values,
        (),
        (*tables, paths.header),
        (),
        paths.notebooks / PAGES / f"{declaration.notebook}.ipynb",
    )


def _values(
    declared: Mapping[str, Parameter], declaration: StageDeclaration, profile: Profile, paths: Paths
) -> dict[str, Any]:
    """Defaults, what all stages share, and the stage's own, as far as the notebook declares them."""
    values = {name: _default(parameter, profile) for name, parameter in declared.items()}
    given = profile.shared | profile.stages.get(declaration.name, {}) | {"profile": paths.profile}
    return values | {name: value for name, value in given.items() if name in declared}


def _check_labels(values: Mapping[str, Any], profile: Profile, where: str) -> None:
    labels = [values[name] for name in LABELS if name in values]
    if isinstance(several := values.get("models", []), list):
        labels += several
    check_names(labels, profile.models, "model", where)


def _default(parameter: Parameter, profile: Profile) -> Any:
    """What a parameter is where nobody sets it: a notebook's own, as far as the profile has these models.

    A profile without the model that a notebook names by default gets its first as the baseline, else its last
    that is not made of others.
    """
    value = parameter.default
    if parameter.name == "models":
        return [label for label in value if label in profile.models] or list(profile.models)
    if parameter.name not in LABELS or value in profile.models:
        return value
    if parameter.name == "baseline":
        return next(iter(profile.models))
    single = [label for label, entry in profile.models.items() if not entry.members]
    return (single or list(profile.models))[-1]


def _looked_up(
    declaration: StageDeclaration, model: str | None, values: Mapping[str, Any], profile: Profile
) -> list[str]:
    """Labels of the models whose classes a study needs: it fits them, or loads them."""
    if model is not None:
        return [model]
    if "model" in declaration.inputs:
        return list(profile.models)
    return [*values.get("models", []), *([values["model"]] if "model" in values else [])]


def _estimators(profile: Profile, labels: Sequence[str]) -> tuple[str, ...]:
    """Classes of these models and of what they are made of."""
    entries = [profile.models[label] for label in labels]
    made_of = [profile.models[member] for entry in entries for member in entry.members]
    return tuple(dict.fromkeys(entry.estimator for entry in [*entries, *made_of]))


def _space(spec: ModelSpec, where: str) -> dict[str, Any]:
    """What is left to search of the model's declared space."""
    check_space(spec.space, where)
    fixed = spec.hyperparameters | ({"members": dict.fromkeys(spec.members)} if spec.members else {})
    return searched(spec.space, fixed, _hyperparameters(spec.estimator, where), f"{where}: space")


def _check_settable(own: Mapping[str, Any], declaration: StageDeclaration, where: str) -> None:
    """`ConfigError` for a parameter that the pipeline itself fills in, and would silently overwrite."""
    filled = {"profile", "space", "tuned", *(FITTED if "model" in declaration.parameters else ())}
    if declaration.each:
        filled.add("model")
    for name in own:
        if name in filled:
            raise ConfigError(
                f"{where}: {name} is not set here: name a profile, or set models.LABEL.PARAMETER"
            )


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


def _override(profile: Profile, overrides: Sequence[str], graph: Graph) -> Profile:
    """The profile with `stage.parameter=value` and `models.label.hyperparameter=value` applied."""
    data = profile.model_dump()
    for text in overrides:
        where = f"--set {text}"
        key, equals, value = text.partition("=")
        parts = key.strip().split(".")
        if not equals or len(parts) < 2:
            raise ConfigError(f"{where}: write stage.parameter=value, or models.label.hyperparameter=value")
        if parts[0] == "models":
            if len(parts) != 3:
                raise ConfigError(f"{where}: write models.LABEL.HYPERPARAMETER=value")
            _, label, name = parts
            check_names([label], profile.models, "model", where)
            entry = data["models"][label]
            parameter = _hyperparameters(entry["estimator"], where)
            check_names([name], parameter, "hyper-parameter", where)
            entry["hyperparameters"][name] = parameter[name].parse(value, where)
            continue
        stage, name = parts[0], ".".join(parts[1:])
        check_names([stage], [*graph.stages, "models"], "stage", where)
        declared = _all_parameters(graph[stage])
        check_names([name], declared, "parameter", where)
        data["stages"].setdefault(stage, {})[name] = declared[name].parse(value, where)
    return Profile.model_validate(data)


def check_estimator(entry: ModelSpec, where: str) -> None:
    """`ConfigError` unless the estimator exists and takes these hyper-parameters with these types."""
    from songrec.models import create

    known = _hyperparameters(entry.estimator, where)
    check_names(entry.hyperparameters, known, "hyper-parameter", where)
    for name, value in entry.hyperparameters.items():
        known[name].check(value, where)
    if entry.members and "members" not in known:
        raise ConfigError(f"{where}: {entry.estimator} is not made of members")
    if (extra := type(create(entry.estimator)).extra) != entry.extra:
        raise ConfigError(f"{where}: write extra: {extra or '(none)'}, which {entry.estimator} needs")


def _hyperparameters(estimator: str, where: str) -> dict[str, Parameter]:
    from songrec.models import create

    try:
        signature = inspect.signature(type(create(estimator)).__init__)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    arguments = [p for p in signature.parameters.values() if p.name != "self"]
    return {p.name: Parameter(p.name, p.annotation, p.default, "") for p in arguments}
