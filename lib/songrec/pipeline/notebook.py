"""Reading notebooks: their code without the prose, and new prose merged into stored outputs."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat

from songrec.config import PARAMETERS
from songrec.errors import SongrecError

INJECTED = "injected-parameters"


def tags(cell: Any) -> list[str]:
    """The cell's tags."""
    return cell.metadata.get("tags", [])


def code_of(notebook: Path) -> str:
    """The source of the code cells, without the parameters cell: what decides whether a stage is fresh.

    The parameters' values are compared one by one, so the text that declares them is left out.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n\n".join(_code(cells)) + "\n"


def _code(cells: list[Any]) -> list[str]:
    return [c.source for c in cells if c.cell_type == "code" and not {PARAMETERS, INJECTED} & set(tags(c))]


def merge_prose(source: Path, executed: Path) -> Any:
    """The source notebook of today with the outputs of the executed one: prose may differ, code may not.

    Raises `SongrecError` when the code differs: the stage must run first.
    """
    today, ran = (nbformat.read(path, as_version=4) for path in (source, executed))
    if _code(today.cells) != _code(ran.cells):
        raise SongrecError(f"{source.name} has changed since it ran: run the pipeline first (songrec run)")
    merged = deepcopy(today)
    merged.metadata.pop("papermill", None)
    outputs = iter([c for c in ran.cells if c.cell_type == "code" and INJECTED not in tags(c)])
    injected = [c for c in ran.cells if INJECTED in tags(c)]
    cells = []
    for cell in merged.cells:
        cells.append(cell)
        if cell.cell_type == "code":
            twin = next(outputs)
            cell.outputs, cell.execution_count = twin.outputs, twin.execution_count
            if PARAMETERS in tags(cell):
                cells += injected
    merged.cells = cells
    return merged
