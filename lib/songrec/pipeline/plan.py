"""A profile resolved: every stage with its final parameters and the files it reads and makes."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from songrec.config import ModelEntry, Parameter, Profile, check_names, read_profile, runnable
from songrec.errors import ConfigError, DataError
from songrec.paths import NOTEBOOKS, PROFILES, Paths, data_root, find_raw
from songrec.pipeline.graph import Graph, StageDeclaration, input_paths, output_paths, read_graph
from songrec.tuning.spaces import read_spaces, searched

SPACES = NOTEBOOKS / "spaces.yml"

LABELS = ("model", "baseline", "member")
"""Parameters that name a model of the profile; `models` names several."""


@dataclass(frozen=True)
class PlannedStage:
    """One run of one notebook.

    name : the stage's name; for a model's own stage `stage.model`.
    parameters : what papermill injects.
    raw, inputs, outputs : files and folders read and made.
    estimators : classes of models that it looks up by name: its model's and the members' of that.
    """

    name: str
    declaration: StageDeclaration
    parameters: dict[str, Any]
    raw: tuple[Path, ...]
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    executed: Path
    estimators: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What a run of a profile does, in order.

    left_out : label -> what is missing here, for each model of the profile that cannot run.
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
        return {stage.name: {owner[path] for path in stage.inputs} for stage in self.stages.values()}

    def select(self, only: Sequence[str]) -> list[str]:
        """Names of the stages to look at, in order: all, or those named and what they need.

        `train` names every model's training, `train.item_knn` one.
        """
        if not only:
            return list(self.stages)
        families = {name: stage.declaration.name for name, stage in self.stages.items()}
        check_names(only, dict.fromkeys([*families.values(), *families]), "stage", "--only")
        wanted = {name for name, family in families.items() if name in only or family in only}
        for name in reversed(self.stages):
            if name in wanted:
                wanted |= self.needs[name]
        return [name for name in self.stages if name in wanted]


def make_plan(profile_name: str, overrides: Sequence[str] = (), fetch: bool = False) -> Plan:
    """Resolve a profile: notebook defaults < profile < overrides (`stage.parameter=value`).

    Every name and type is checked here, before anything runs: `ConfigError` says which file or option is
    wrong. A raw file that is missing is a `DataError`, unless `fetch` is true and its site is known.
    """
    graph = read_graph()
    profile = read_profile(profile_name, PROFILES)
    paths = Paths(profile_name)
    profile = _override(profile, overrides, graph)
    where = f"profile {profile_name}"
    check_names(profile.stages, graph.stages, "stage", where)
    profile, left_out = runnable(profile)
    spaces = read_spaces(SPACES) if SPACES.exists() else {}
    for label, entry in profile.models.items():
        if not label.isidentifier():
            raise ConfigError(f"{where}: the model label {label!r} must be letters, digits and _")
        check_estimator(entry, f"{where}: models.{label}")
    stages: dict[str, PlannedStage] = {}
    for declaration in graph.stages.values():
        for model in profile.models if declaration.each_model else [None]:
            stage = _plan_stage(declaration, model, profile, paths, graph, spaces, fetch)
            stages[stage.name] = stage
    _check_shared(profile, graph, where)
    return Plan(profile_name, profile, stages, left_out)


def _check_shared(profile: Profile, graph: Graph, where: str) -> None:
    known = {name for stage in graph.stages.values() for name in stage.parameters}
    check_names(profile.shared, known, "shared parameter", where)


def _plan_stage(
    declaration: StageDeclaration,
    model: str | None,
    profile: Profile,
    paths: Paths,
    graph: Graph,
    spaces: Mapping[str, Any],
    fetch: bool,
) -> PlannedStage:
    declared = declaration.parameters
    where = f"profile {paths.profile}: stages.{declaration.name}"
    own = profile.stages.get(declaration.name, {})
    check_names(own, declared, "parameter", where)
    _check_settable(own, declaration, where)
    values = {name: _default(parameter, profile) for name, parameter in declared.items()}
    values |= {name: value for name, value in profile.shared.items() if name in declared}
    values |= own | {"profile": paths.profile}
    if model is not None:
        values["model"] = model
    labels = [values[name] for name in LABELS if name in values] + values.get("models", [])
    check_names(labels, profile.models, "model", where)
    if (chosen := values.get("model")) is not None:
        entry = profile.models[chosen].model_dump()
        values |= {name: value for name, value in entry.items() if name in declared}
    if "space" in declared:
        values["space"] = _space(profile.models[chosen], spaces)
    values = {name: declared[name].check(value, where) for name, value in values.items()}
    files = [values[name] for name in declaration.raw if values[name]]
    raw = tuple(_raw_file(name, values.get("source", ""), fetch) for name in files)
    inputs = input_paths(declaration, graph, paths, chosen, profile.models)
    flat: list[Path] = []
    for value in inputs.values():
        flat += value.values() if isinstance(value, Mapping) else [value]
    name = f"{declaration.name}.{model}" if model else declaration.name
    executed = paths.notebooks / (f"{declaration.notebook}.{model}" if model else declaration.notebook)
    return PlannedStage(
        name,
        declaration,
        values,
        raw,
        tuple(flat),
        tuple(output_paths(declaration, paths, model).values()),
        executed.with_name(executed.name + ".ipynb"),
        _estimators(profile, values.get("models", []) if chosen is None else [chosen]),
    )


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


def _estimators(profile: Profile, labels: Sequence[str]) -> tuple[str, ...]:
    """Classes of these models and of what they are made of."""
    entries = [profile.models[label] for label in labels]
    made_of = [profile.models[member] for entry in entries for member in entry.members]
    return tuple(dict.fromkeys(entry.estimator for entry in [*entries, *made_of]))


def _space(entry: ModelEntry, spaces: Mapping[str, Any]) -> dict[str, Any]:
    """What is left to search of the estimator's declared space."""
    fixed = entry.hyperparameters | ({"members": dict.fromkeys(entry.members)} if entry.members else {})
    known = _hyperparameters(entry.estimator, str(SPACES))
    return searched(spaces.get(entry.estimator, {}), fixed, known, f"{SPACES}: {entry.estimator}")


def _check_settable(own: Mapping[str, Any], declaration: StageDeclaration, where: str) -> None:
    """`ConfigError` for a parameter that the pipeline itself fills in, and would silently overwrite."""
    filled = {"profile", "space", *(ModelEntry.model_fields if "model" in declaration.parameters else ())}
    if declaration.each_model:
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
        from songrec.data.download import DATASETS
        from songrec.data.download import fetch as download

        if not fetch or source not in DATASETS:
            raise
        download(source, data_root() / "raw")
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
        declared = graph[stage].parameters
        check_names([name], declared, "parameter", where)
        data["stages"].setdefault(stage, {})[name] = declared[name].parse(value, where)
    return Profile.model_validate(data)


def check_estimator(entry: ModelEntry, where: str) -> None:
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
