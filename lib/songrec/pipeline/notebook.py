"""Reading notebooks: their code without the prose, and new prose merged into stored outputs.

They are read as the JSON that they are: nbformat would cost a second at every run that has nothing to do.
"""

from pathlib import Path
from typing import Any

from songrec.config import PARAMETERS
from songrec.errors import SongrecError
from songrec.files import read_json

INJECTED = "injected-parameters"


def tags(cell: dict[str, Any]) -> list[str]:
    """The cell's tags."""
    return cell["metadata"].get("tags", [])


def source_of(cell: dict[str, Any]) -> str:
    """The cell's text, which a notebook may hold whole or as a list of lines."""
    return "".join(cell["source"])


def code_of(notebook: Path) -> str:
    """The source of the code cells, without the parameters cell: what decides whether a stage is fresh.

    The parameters' values are compared one by one, so the text that declares them is left out.
    """
    return "\n\n".join(_code(read_json(notebook)["cells"])) + "\n"


def _code(cells: list[dict[str, Any]]) -> list[str]:
    return [
        source_of(c) for c in cells if c["cell_type"] == "code" and not {PARAMETERS, INJECTED} & set(tags(c))
    ]


def merge_prose(source: Path, executed: Path) -> dict[str, Any]:
    """The source notebook of today with the outputs of the executed one: prose may differ, code may not.

    Raises `SongrecError` when the code differs: the stage must run first.
    """
    today, ran = read_json(source), read_json(executed)
    if _code(today["cells"]) != _code(ran["cells"]):
        raise SongrecError(f"{source.name} has changed since it ran: run the pipeline first (songrec run)")
    outputs = iter([c for c in ran["cells"] if c["cell_type"] == "code" and INJECTED not in tags(c)])
    injected = [c for c in ran["cells"] if INJECTED in tags(c)]
    for cell in injected:  # on the page a reader unfolds what the run set
        cell["metadata"]["tags"] = [INJECTED, "hide-input"]
    cells: list[dict[str, Any]] = []
    for cell in today["cells"]:
        cells.append(cell)
        if cell["cell_type"] == "code":
            twin = next(outputs)
            cell |= {key: twin[key] for key in ("outputs", "execution_count")}
            if PARAMETERS in tags(cell):
                cells += injected
    return today | {"cells": cells}
