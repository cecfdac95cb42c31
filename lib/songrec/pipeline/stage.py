"""What a study's notebook sees of the pipeline: where its inputs lie and where its outputs go."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from songrec.errors import DataError, StageError

if TYPE_CHECKING:
    import pandas as pd

TABLES = "_tables"
"""After a stage's name: the artefact that its tables are."""

STAGE_VARIABLE = "SONGREC_STAGE"
"""Set while the engine runs a stage."""


@dataclass(frozen=True)
class Stage:
    """One stage of one profile.

    Attributes
    ----------
    name : str
        The stage's.
    profile : str
        The profile's name.
    inputs : dict
        Artefact name -> path, or -> {model: path} where there is one for each model.
    outputs : dict
        Artefact name -> path.
    unfinished : Path
        A file in which the stage may keep what it needs to go on after it was cut off.
    """

    name: str
    profile: str
    inputs: dict[str, Any]
    outputs: dict[str, Path]
    unfinished: Path

    def save(self, tables: Mapping[str, "pd.DataFrame"], facts: Mapping[str, Any] | None = None) -> None:
        """Write the stage's tables and single values (`songrec.tables.save_tables`), whole or not at all."""
        from songrec.tables import save_tables

        save_tables(self.outputs[f"{self.name}{TABLES}"], tables, facts)


def open_stage(name: str, profile: str = "tiny", model: str | None = None) -> Stage:
    """The stage's files; inputs that do not exist yet are made first, by the stages that own them.

    So a notebook that is opened by itself runs at once. Inside a run of the pipeline nothing is made here:
    the engine has made it, and a missing input is a `DataError`.
    """
    # Here, for the process that starts a notebook loads this module as well, and needs none of it.
    from songrec.pipeline.graph import Places, flat

    places = Places.of(profile)
    declaration, inputs = places.graph[name], places.inputs(places.graph[name], model)
    missing = [
        artefact for artefact, where in inputs.items() if not all(path.exists() for path in flat([where]))
    ]
    if missing:
        made_by = {places.graph.owners[declaration.of_members if a == "members" else a].name for a in missing}
        make_inputs(sorted(made_by), name, profile)
    unfinished = places.paths.unfinished / (f"{name}.{model}" if declaration.each else name)
    return Stage(name, profile, inputs, places.outputs(declaration, model), unfinished)


def make_inputs(owners: Sequence[str], name: str, profile: str) -> None:
    """Run the studies of these stages, which `name` reads; `DataError` inside a run of the pipeline."""
    if inside := os.environ.get(STAGE_VARIABLE):
        raise DataError(f"stage {inside} lacks its inputs from {', '.join(owners)}: run songrec run again")
    # A process of its own: this notebook depends on what the stages made, not on the code that runs them.
    command = [sys.executable, "-m", "songrec.cli", "run", "--profile", profile, "--wait"]
    command += ["--only", *(f"study.{owner}" for owner in owners)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip()
        raise StageError(f"the inputs of {name} could not be made:\n{said}")
