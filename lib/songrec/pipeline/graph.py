"""The graph of stages as `notebooks/pipeline.yml` declares it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from songrec.checks import check_names, checked, read_yaml
from songrec.config import Parameter, read_parameters, read_profile, runnable
from songrec.errors import ConfigError
from songrec.modelspec import ModelSpec
from songrec.paths import NOTEBOOKS, PROFILES, Paths
from songrec.pipeline.stage import TABLES

STUDIES, PAGES = "studies", "pages"
"""Folders of the two kinds of notebooks: what computes, and what tells."""


class StageDeclaration(BaseModel):
    """One entry of pipeline.yml.

    Attributes
    ----------
    name : str
        The stage's.
    notebook : str
        Stem of its notebooks.
    raw : list of str
        Names of the parameters whose values are raw files.
    inputs : list of str
        Names of the artefacts that the study reads.
    outputs : dict
        Artefact name -> path template; the stage's tables, `<stage>_tables`, are among them.
    each : str
        "models" for a study that runs once for each model of the profile, else empty.
    of_members : str
        The artefact, of its own or an earlier stage, that it reads of each member of its model, under the
        name `members`; empty for none.
    page : list of str or None
        Stages whose tables its page reads, its own first; None for a stage without a page.
    page_if : list of str
        Stages of which the page tells, too, where the profile does not leave them out.
    published : bool
        Whether the page reads the published results as well.
    memory : str
        Bytes that the study takes beyond its libraries, and `seconds` how long, as formulas
        (`songrec.modelspec.memory_bytes`) of users, songs, entries, tested, models and the study's numbers;
        `kept` is what all fitted models keep and, for a study of one model, `peak` and `fit` are its block's
        peak and seconds. Empty where nobody knows.
    seconds : str
        See `memory`.
    study : bool
        Whether there is a study; a stage without one is a page alone, and makes no tables.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    notebook: str
    raw: list[str] = []
    inputs: list[str] = []
    outputs: dict[str, str] = {}
    each: Literal["models", ""] = ""
    of_members: str = ""
    page: list[str] | None = None
    page_if: list[str] = []
    published: bool = False
    memory: str = ""
    seconds: str = ""
    study: bool = True

    @property
    def path(self) -> Path:
        """The study's file."""
        return NOTEBOOKS / STUDIES / f"{self.notebook}.ipynb"

    @property
    def page_path(self) -> Path:
        """The page's file."""
        return NOTEBOOKS / PAGES / f"{self.notebook}.ipynb"

    @property
    def tables(self) -> str:
        """Name of the artefact that its tables are."""
        return f"{self.name}{TABLES}"

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The parameters that the study declares."""
        return read_parameters(self.path) if self.study else {}

    @property
    def page_parameters(self) -> dict[str, Parameter]:
        """The parameters that the page declares."""
        return {} if self.page is None else read_parameters(self.page_path)

    @property
    def settable(self) -> dict[str, Parameter]:
        """What a profile may set: parameters of the study and of the page."""
        return self.page_parameters | self.parameters


@dataclass(frozen=True)
class Graph:
    """All stages, each after those whose artefacts it reads."""

    stages: dict[str, StageDeclaration]

    @cached_property
    def owners(self) -> dict[str, StageDeclaration]:
        """Artefact name -> the stage that makes it."""
        return {artefact: stage for stage in self.stages.values() for artefact in stage.outputs}

    def __getitem__(self, name: str) -> StageDeclaration:
        check_names([name], self.stages, "stage", "pipeline.yml")
        return self.stages[name]

    def without(self, names: Collection[str], where: str) -> "Graph":
        """The graph that lacks these stages; `ConfigError` where another one needs what they make."""
        check_names(names, self.stages, "stage", where)
        kept = {}
        for name, stage in self.stages.items():
            if name in names:
                continue
            reads = {self.owners[artefact].name for artefact in stage.inputs} | {*(stage.page or ())}
            if lacking := sorted(reads & {*names} - {*stage.page_if}):
                raise ConfigError(f"{where}: {name} needs {', '.join(lacking)}, which is left out (null)")
            page = None if stage.page is None else [each for each in stage.page if each not in names]
            kept[name] = stage.model_copy(update={"page": page})
        return Graph(kept)


@cache
def read_graph(path: Path = NOTEBOOKS / "pipeline.yml") -> Graph:
    """Read the declaration; `ConfigError` for an artefact that two stages make or that none before makes."""
    stages: dict[str, StageDeclaration] = {}
    made: set[str] = set()
    declared = read_yaml(path)
    for name, entry in declared.items():
        stage = checked(StageDeclaration, {"name": name} | entry, f"{path}: {name}")
        tables = f"processed/tables/{name}" + ("/{model}" if stage.each else "")
        if stage.study:
            page = None if stage.page is None else [name, *stage.page, *stage.page_if]
            stage = stage.model_copy(update={"outputs": stage.outputs | {stage.tables: tables}, "page": page})
        elif not stage.page:
            raise ConfigError(f"{path}: {name}: without a study it is a page: say what that reads")
        else:
            stage = stage.model_copy(update={"page": [*stage.page, *stage.page_if]})
        check_names(stage.inputs, made, "artefact (no stage before it makes it)", f"{path}: {name}")
        if twice := made & stage.outputs.keys():
            raise ConfigError(f"{path}: {name}: another stage makes {', '.join(sorted(twice))} already")
        made |= stage.outputs.keys()
        if stage.of_members:
            check_names([stage.of_members], made, "artefact", f"{path}: {name}: of_members")
        computed = [stage for stage, entry in declared.items() if (entry or {}).get("study", True)]
        check_names(stage.page or (), computed, "stage", f"{path}: {name}: page")
        stages[name] = stage
    return Graph(stages)


@dataclass(frozen=True)
class Places:
    """Where the artefacts of one profile lie.

    Attributes
    ----------
    graph : Graph
        Who makes them.
    paths : Paths
        The profile's folders.
    models : mapping
        Label -> model, of all that can run here.
    """

    graph: Graph
    paths: Paths
    models: Mapping[str, ModelSpec]

    @classmethod
    def of(cls, profile: str) -> "Places":
        """Those of a profile, by its name."""
        found = read_profile(profile, PROFILES)
        graph = read_graph().without(found.without, f"profile {profile}")
        return cls(graph, Paths(profile), runnable(found)[0].models)

    def path(self, artefact: str, model: str | None) -> Path:
        """Of the artefact; of this model's where there is one for each."""
        owner = self.graph.owners[artefact]
        root, _, rest = owner.outputs[artefact].partition("/")
        folder = {"interim": self.paths.interim, "processed": self.paths.processed}[root]
        return folder / (rest.format(model=model) if owner.each else rest)

    def outputs(self, stage: StageDeclaration, model: str | None) -> dict[str, Path]:
        """Where the stage writes, by artefact name."""
        return {name: self.path(name, model) for name in stage.outputs}

    def inputs(self, stage: StageDeclaration, model: str | None) -> dict[str, Path | dict[str, Path]]:
        """Where the stage reads, by artefact name.

        An artefact that exists once for each model is one path for a stage that works on one `model`, and a
        dict model -> path for any other; so is `members`, of the models that this one is made of.
        """
        found: dict[str, Path | dict[str, Path]] = {}
        for name in stage.inputs:
            several = self.graph.owners[name].each and model is None
            found[name] = self._of_each(name, self.models) if several else self.path(name, model)
        if stage.of_members:
            found["members"] = self._of_each(stage.of_members, self.models[model].members)
        return found

    def _of_each(self, artefact: str, models: Iterable[str]) -> dict[str, Path]:
        return {model: self.path(artefact, model) for model in models}

    def tables(self, stage: StageDeclaration) -> list[Path]:
        """Folders of the stage's tables: of one that runs once a model, all models' folders."""
        return [self.path(stage.tables, model) for model in (self.models if stage.each else [None])]


def flat(places: Iterable[Path | Mapping[str, Path]]) -> list[Path]:
    """What `Places.inputs` says, as one list."""
    return [path for each in places for path in (each.values() if isinstance(each, Mapping) else [each])]
