"""A study's own code, run on files of a test's own."""

from pathlib import Path
from typing import Any

import pytest

import songrec.pipeline
from songrec.config import read_parameters
from songrec.paths import NOTEBOOKS
from songrec.pipeline.notebook import code_of
from songrec.pipeline.stage import Stage


def run_notebook(
    patch: pytest.MonkeyPatch,
    notebook: str,
    folder: Path,
    inputs: dict[str, Any],
    outputs: tuple[str, ...] = (),
    **parameters: Any,
) -> Path:
    """Execute a study's code with these parameters; its outputs lie in `folder` by their names.

    Returns the folder of its tables.
    """
    name = notebook[3:]
    made = {artefact: folder / artefact for artefact in (*outputs, f"{name}_tables")}
    stage = Stage(name, "tiny", inputs, made, folder / "unfinished")
    patch.setattr(songrec.pipeline, "open_stage", lambda *_, **__: stage)
    path = NOTEBOOKS / "studies" / f"{notebook}.ipynb"
    declared = read_parameters(path)
    assert parameters.keys() <= declared.keys()
    scope = {each.name: each.default for each in declared.values()} | parameters
    exec(compile(code_of(path), name, "exec"), scope)
    return made[f"{name}_tables"]
