"""The outputs stored in the notebooks are what the pipeline's run of `tiny` puts out today.

nbval asks the same of notebooks run one by one: `pytest --nbval notebooks`, which `.ci/run` calls.
"""

from pathlib import Path

import pytest

from songrec.config import read_parameters
from songrec.files import read_json
from songrec.paths import NOTEBOOKS
from songrec.pipeline.notebook import INJECTED, source_of, tags

pytestmark = pytest.mark.slow

STORED = sorted(NOTEBOOKS.glob("*/*.ipynb"))


def shown(notebook: Path) -> dict[str, list]:
    """Cell -> its outputs without pictures; cells whose outputs are measured anew each time are left out."""
    found = {}
    for cell in read_json(notebook)["cells"]:
        if cell["cell_type"] == "code" and not {"nbval-ignore-output", INJECTED} & set(tags(cell)):
            outputs = [output.get("data", output) for output in cell["outputs"]]
            found[source_of(cell)] = [
                {kind: "".join(text) for kind, text in output.items() if not kind.startswith("image/")}
                for output in outputs
            ]
    return found


@pytest.fixture(scope="module")
def executed(tiny_run) -> list[Path]:
    return sorted((tiny_run / "processed" / "tiny" / "notebooks").glob("*/*.ipynb"))


@pytest.mark.parametrize("stored", STORED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_stored_output_comes_out_today(stored, executed):
    model = read_parameters(stored).get("model")  # of a study that runs once for each
    names = [stored.name] + ([f"{stored.stem}.{model.default}.ipynb"] if model else [])
    (today,) = [path for path in executed if path.parent.name == stored.parent.name and path.name in names]
    assert shown(today) == shown(stored)
    assert any(shown(stored).values())
