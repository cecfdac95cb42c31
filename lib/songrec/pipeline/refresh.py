"""Execute the stored notebooks again on `tiny` and keep their outputs.

`python -m songrec.pipeline.refresh [NAME ...]`

These outputs are what nbval compares. Nothing that changes from run to run is stored: no times, no
versions, no execution metadata, so that two refreshes are byte-identical.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from songrec.extras import leave_out_needless
from songrec.files import write_text
from songrec.paths import NOTEBOOKS
from songrec.pipeline.execute import own_kernel, quiet
from songrec.pipeline.graph import read_graph

IGNORED = "nbval-ignore-output"
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def refresh(path: Path) -> None:
    """Execute one notebook with its defaults and write it back; raises what the notebook raises."""
    leave_out_needless()
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    before = {
        cell.source: cell.outputs for cell in notebook.cells if IGNORED in cell.metadata.get("tags", [])
    }
    with tempfile.TemporaryDirectory() as folder, quiet(Path(folder) / "kernel.log"):
        NotebookClient(
            notebook,
            kernel_name="python3",
            kernel_manager_class=own_kernel(folder),
            record_timing=False,
            resources={"metadata": {"path": str(NOTEBOOKS)}},
        ).execute()
    notebook.metadata = {"kernelspec": _KERNEL, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata.pop("execution", None)
        if before.get(cell.source):  # times and memory, which nbval does not compare: no news
            cell.outputs = before[cell.source]
    write_text(path, nbformat.writes(notebook) + "\n")


def main(names: Sequence[str]) -> int:
    """Refresh the named notebooks, or all, in a data folder of their own: what lies in data/ has no part.

    A name is a stem, `12_cold_start`, for the study and the page, or a path below notebooks/ for one of them.
    """
    stages = read_graph().stages.values()
    notebooks = [stage.path for stage in stages if stage.study]
    notebooks += [stage.page_path for stage in stages if stage.page is not None]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SONGREC_DATA"] = folder
        for path in notebooks:
            if not names or {path.stem, path.relative_to(NOTEBOOKS).as_posix()} & set(names):
                refresh(path)
                print(f"{path.relative_to(NOTEBOOKS.parent)} is refreshed", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
