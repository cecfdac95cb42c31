"""Run one stage of a plan: `python -m songrec.pipeline.execute PROFILE STAGE`. DVC calls this."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from songrec import measure
from songrec.extras import leave_out_needless
from songrec.files import read_json, write_json
from songrec.paths import NOTEBOOKS, Paths
from songrec.pipeline.stage import STAGE_VARIABLE

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to end this process when the one that started it dies, even by kill -9.

    The notebook's kernel watches this process in the same way by itself. Elsewhere than on Linux nothing
    is asked: there a killed run may finish the stage that it had begun.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def quiet(log: Path) -> Iterator[None]:
    """Send what the kernel says of itself (a crash, its log) to a file, which goes if all went well."""
    kept = os.dup(2)
    with log.open("w") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
        log.unlink()
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def end_at_signals() -> None:
    """Let ctrl-c and the parent's death end this process at once, without a word, whenever they come.

    nbclient would handle both, and forgets a signal that comes before its kernel is there. The kernel ends
    when this process does.
    """

    def refuse(*_: Any) -> None:
        raise NotImplementedError  # which nbclient takes for a system without signals

    asyncio.SelectorEventLoop.add_signal_handler = refuse  # type: ignore[method-assign]
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def own_kernel(folder: str) -> type:
    """A kernel manager that starts this very interpreter and speaks to it by sockets in `folder`.

    Whatever Jupyter's paths call `python3` is not asked. By TCP, Jupyter looks for free ports before the
    kernel takes them: of kernels that start together one may find its port taken, and dies.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]

    class OwnKernel(AsyncKernelManager):
        kernel_spec = KernelSpec(argv=argv, display_name="Python 3", language="python")

        def __init__(self, *arguments: Any, **options: Any):
            super().__init__(*arguments, **options)
            self.transport, self.ip = "ipc", f"{folder}/kernel"

    return OwnKernel


def execute(profile: str, stage: str) -> None:
    """Execute the stage's notebook; it takes its place among the executed ones only when all went well.

    A failed notebook stays in the profile's `failed` folder. Raises what papermill raises.
    """
    leave_out_needless("pyarrow.fs")  # papermill's way to remote notebooks
    import papermill

    paths = Paths(profile)
    planned = read_json(paths.plan, dict)[stage]
    os.environ[STAGE_VARIABLE] = stage
    unfinished = paths.failed / planned["executed"]
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    # The way to a socket may have some hundred characters: not in the profile's folder, however deep it lies.
    with (
        measure.timed() as took,
        quiet(unfinished.with_suffix(".log")),
        TemporaryDirectory(prefix="songrec-") as sockets,
    ):
        papermill.execute_notebook(
            str(NOTEBOOKS / planned["notebook"]),
            str(unfinished),
            planned["parameters"],
            kernel_name="python3",
            kernel_manager_class=own_kernel(sockets),
            cwd=str(NOTEBOOKS),
            progress_bar=False,
            shutdown_kernel="immediate",  # all is saved: nothing waits for the kernel's goodbye
        )
    _settle(unfinished, paths.notebooks / planned["executed"])
    cost = {"seconds": round(took.seconds, 1), "peak_mb": round(measure.children_peak_mb())}
    write_json(paths.took / f"{stage}.json", cost)


def _settle(unfinished: Path, executed: Path) -> None:
    import nbformat

    from songrec.files import write_text

    notebook = nbformat.read(unfinished, as_version=4)
    notebook.metadata.pop("papermill", None)  # times and paths of this machine
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
    write_text(executed, nbformat.writes(notebook) + "\n")
    unfinished.unlink()


def _explain(error: Any, unfinished: Path) -> str:
    """A failed cell in three lines: what was raised, in which cell, where to look."""
    what = f"{error.ename}: {error.evalue}" if hasattr(error, "ename") else f"{type(error).__name__}: {error}"
    if "kernel died" in str(error).lower():
        what += ": it was killed, or crashed; it may have been out of memory"
    cell = f"in code cell {error.exec_count}; " if hasattr(error, "exec_count") else ""
    return f"{what}\n  {cell}the unfinished notebook: {unfinished}"


def main() -> int:
    die_with_parent()
    end_at_signals()
    profile, stage = sys.argv[1:]
    try:
        execute(profile, stage)
    except Exception as error:
        paths = Paths(profile)
        unfinished = paths.failed / read_json(paths.plan, dict)[stage]["executed"]
        print(f"stage {stage} failed: {_explain(error, unfinished)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
