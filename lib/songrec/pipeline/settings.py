"""The parameters of each stage: notebook defaults < profile < `--set`, checked before anything runs."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from songrec.checks import check_names
from songrec.config import Parameter, Profile
from songrec.errors import ConfigError
from songrec.modelspec import ModelSpec
from songrec.pipeline.graph import Graph, StageDeclaration
from songrec.tuning.spaces import check_space, searched

LABELS = ("model", "baseline", "member")
"""Parameters that name a model of the profile, or none; `models` names several."""

FITTED = ("estimator", "hyperparameters", "members")
"""What a study takes of its model's block: what changes the fit."""


def study_settings(
    stage: StageDeclaration, model: str | None, profile: Profile, name: str, tuned: Mapping[str, Any]
) -> dict[str, Any]:
    """The parameters of a study.

    Parameters
    ----------
    stage : StageDeclaration
        Its stage.
    model : str or None
        The model that it runs for, where it runs once for each.
    profile : Profile
        The profile, with `--set` applied.
    name : str
        Of the profile.
    tuned : mapping
        Label -> what a record says of the model's search.

    Raises
    ------
    ConfigError
        For a name or a value that is not possible; it says where it was set.
    """
    declared, where = stage.parameters, f"profile {name}: stages.{stage.name}"
    own = profile.stages.get(stage.name, {})
    check_names(own, stage.settable, "parameter", where)
    # What the pipeline itself fills in would silently overwrite what is set.
    filled = {"profile", "space", "tuned", *(FITTED if "model" in declared else ())}
    for each in own:
        if each in filled or (stage.each and each == "model"):
            raise ConfigError(
                f"{where}: {each} is not set here: name a profile, or set models.LABEL.PARAMETER"
            )
    values = _settled(
        declared, stage, profile, {"profile": name} | ({"model": model} if model else {}), where
    )
    if (chosen := values.get("model")) is not None:
        spec = profile.models[chosen]
        values |= {each: getattr(spec, each) for each in FITTED if each in declared}
    if "space" in declared:
        values["space"] = _left_to_search(spec, f"profile {name}: models.{chosen}")
    if "tuned" in declared:
        values["tuned"] = tuned.get(chosen, {})
    if "protocol" in values:
        from songrec.splits.choose import PROTOCOLS

        check_names([values["protocol"]], PROTOCOLS, "protocol", where)
        if stage.name == "split":
            _check_given(values["protocol"], profile, name, where)
    return values


def _check_given(protocol: str, profile: Profile, name: str, where: str) -> None:
    """`ConfigError` unless the files of a given split and its protocol are asked for together."""
    from songrec.data.predefined import check_parts

    files = check_parts(profile.stages.get("ingest", {}), f"profile {name}: stages.ingest")
    if files and protocol != "predefined":
        raise ConfigError(
            f"{where}: protocol {protocol!r} does not look at {' and '.join(files)} (stages.ingest): say "
            "protocol: predefined, or name no such files"
        )
    if protocol == "predefined" and not files:
        raise ConfigError(
            f"{where}: protocol 'predefined' needs the files `visible` and `hidden` (stages.ingest)"
        )


def page_settings(stage: StageDeclaration, profile: Profile, name: str) -> dict[str, Any]:
    """The parameters of a page; `ConfigError` as for a study."""
    where = f"profile {name}: stages.{stage.name}"
    return _settled(stage.page_parameters, stage, profile, {"profile": name}, where)


def _settled(
    declared: Mapping[str, Parameter],
    stage: StageDeclaration,
    profile: Profile,
    filled: Mapping[str, str],
    where: str,
) -> dict[str, Any]:
    """Defaults, what all stages share, and the stage's own, as far as the notebook declares them."""
    given = {**profile.shared, **profile.stages.get(stage.name, {}), **filled}
    values = {
        name: parameter.check(given[name] if name in given else _default(parameter, profile), where)
        for name, parameter in declared.items()
    }
    labels = [values[name] for name in LABELS if values.get(name)]
    check_names([*labels, *values.get("models", [])], profile.models, "model", where)
    return values


def _default(parameter: Parameter, profile: Profile) -> Any:
    """What a parameter is where nobody sets it: all models, else a notebook's own, where the profile has it.

    A profile without the model that a notebook names by default gets its first as the baseline, else its last
    that is not made of others.
    """
    value = parameter.default
    if parameter.name == "models":
        return list(profile.models)
    if parameter.name not in LABELS or not value or value in profile.models:
        return value
    if parameter.name == "baseline":
        return next(iter(profile.models))
    single = [label for label, entry in profile.models.items() if not entry.members]
    return (single or list(profile.models))[-1]


def _left_to_search(spec: ModelSpec, where: str) -> dict[str, Any]:
    """What is left to search of the model's declared space."""
    check_space(spec.space, where)
    fixed = spec.hyperparameters | ({"members": dict.fromkeys(spec.members)} if spec.members else {})
    return searched(spec.space, fixed, _hyperparameters(spec.estimator, where), f"{where}: space")


def overridden(profile: Profile, overrides: Sequence[str], graph: Graph) -> Profile:
    """The profile with `stage.parameter=value` and `models.label.hyperparameter=value` applied."""
    data = profile.model_dump()
    for text in overrides:
        where = f"--set {text}"
        key, equals, value = text.partition("=")
        stage, dot, name = key.strip().partition(".")
        if not (equals and dot):
            raise ConfigError(f"{where}: write stage.parameter=value, or models.label.hyperparameter=value")
        if stage == "models":
            label, dot, name = name.partition(".")
            if not dot:
                raise ConfigError(f"{where}: write models.LABEL.HYPERPARAMETER=value")
            check_names([label], profile.models, "model", where)
            entry = data["models"][label]
            what, declared = "hyper-parameter", _hyperparameters(entry["estimator"], where)
            values = entry["hyperparameters"]
        else:
            check_names([stage], [*graph.stages, "models"], "stage", where)
            if stage in profile.without:
                raise ConfigError(f"{where}: the profile leaves {stage} out (null)")
            what, declared = "parameter", graph[stage].settable
            values = data["stages"].setdefault(stage, {})
        check_names([name], declared, what, where)
        values[name] = declared[name].parse(value, where)
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
        arguments = inspect.signature(type(create(estimator))).parameters
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    return {name: Parameter(name, each.annotation, each.default, "") for name, each in arguments.items()}
