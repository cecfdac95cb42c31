"""The graph of stages as `notebooks/pipeline.yml` declares it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from songrec.config import ModelEntry, Parameter, check_names, read_parameters
from songrec.errors import ConfigError
from songrec.paths import NOTEBOOKS, Paths


@dataclass(frozen=True)
class StageDeclaration:
    """One entry of pipeline.yml.

    raw : names of the parameters whose values are raw files.
    inputs : names of the artefacts it reads; outputs : artefact name -> path template.
    of_members : name of the artefact, of its own kind or an earlier one, that it reads of each member of its
        model, under the name `members`; empty for none.
    each_model : whether it runs once for each model of the profile.
    """

    name: str
    notebook: str
    raw: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: dict[str, str]
    each_model: bool
    of_members: str

    @property
    def path(self) -> Path:
        """The notebook's file."""
        return NOTEBOOKS / f"{self.notebook}.ipynb"

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The parameters that the notebook declares."""
        return read_parameters(self.path)


@dataclass(frozen=True)
class Graph:
    """All stages, each after those whose artefacts it reads."""

    stages: dict[str, StageDeclaration]

    @property
    def owners(self) -> dict[str, StageDeclaration]:
        """Artefact name -> the stage that makes it."""
        return {artefact: stage for stage in self.stages.values() for artefact in stage.outputs}

    def __getitem__(self, name: str) -> StageDeclaration:
        check_names([name], self.stages, "stage", "pipeline.yml")
        return self.stages[name]


@cache
def read_graph(path: Path = NOTEBOOKS / "pipeline.yml") -> Graph:
    """Read the declaration; `ConfigError` for an artefact that two stages make or that none before makes."""
    stages: dict[str, StageDeclaration] = {}
    made: set[str] = set()
    for name, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        check_names(
            entry, ["notebook", "raw", "inputs", "outputs", "each", "of_members"], "key", f"{path}: {name}"
        )
        stage = StageDeclaration(
            name,
            entry["notebook"],
            tuple(entry.get("raw", ())),
            tuple(entry.get("inputs", ())),
            dict(entry.get("outputs", {})),
            entry.get("each") == "models",
            entry.get("of_members", ""),
        )
        check_names(stage.inputs, made, "artefact (no stage before it makes it)", f"{path}: {name}")
        if twice := made & stage.outputs.keys():
            raise ConfigError(f"{path}: {name}: another stage makes {', '.join(sorted(twice))} already")
        made |= stage.outputs.keys()
        if stage.of_members:
            check_names([stage.of_members], made, "artefact", f"{path}: {name}: of_members")
        stages[name] = stage
    return Graph(stages)


def artefact_path(template: str, paths: Paths, model: str | None) -> Path:
    """`interim/...` or `processed/...` of pipeline.yml as a path of this profile, for this model."""
    root, _, rest = template.partition("/")
    folder = {"interim": paths.interim, "processed": paths.processed}[root]
    return folder / (rest.format(model=model) if model else rest)


def output_paths(stage: StageDeclaration, paths: Paths, model: str | None) -> dict[str, Path]:
    """Where the stage writes, by artefact name."""
    return {name: artefact_path(template, paths, model) for name, template in stage.outputs.items()}


def input_paths(
    stage: StageDeclaration,
    graph: Graph,
    paths: Paths,
    model: str | None,
    models: Mapping[str, ModelEntry],
) -> dict[str, Path | dict[str, Path]]:
    """Where the stage reads, by artefact name.

    An artefact that exists once for each model is one path for a stage that works on one `model`, and a
    dict model -> path for any other; so is `members`, of the models that this one is made of.
    """
    found: dict[str, Path | dict[str, Path]] = {}
    for name in stage.inputs:
        owner = graph.owners[name]
        if owner.each_model and model is None:
            found[name] = {m: artefact_path(owner.outputs[name], paths, m) for m in models}
        else:
            found[name] = artefact_path(owner.outputs[name], paths, model if owner.each_model else None)
    if stage.of_members:
        template = graph.owners[stage.of_members].outputs[stage.of_members]
        found["members"] = {m: artefact_path(template, paths, m) for m in models[model].members}
    return found
