"""DVC drives the stages: content hashes decide what must run, and state is saved after each stage.

Each profile has a DVC project of its own in its folder of data/processed, so that two profiles never wait
for each other. No cache, no remote: outputs are hashed in place. In it each stage has a folder of its own:
DVC reads the whole file that holds a stage whenever it looks at it, and one file for all of them cost
over a second a stage.
"""

import json
import logging
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from songrec.errors import DataError, StageError
from songrec.files import regular, replacing, write_json, write_text
from songrec.paths import NOTEBOOKS, Paths
from songrec.pipeline.imports import closure
from songrec.pipeline.interrupts import interrupt_children, interruptible, killed
from songrec.pipeline.notebook import code_of
from songrec.pipeline.plan import Plan, PlannedStage
from songrec.recorded import LOCKFILE, STAGES
from songrec.tables import FACTS

PAGES_AT_ONCE = 2
PROJECT, PARAMETERS, CODE = "dvc.yaml", "params.json", "code.py"
_CONFIG = "[core]\n    no_scm = True\n    analytics = false\n    check_update = false\n"
# The interpreter comes by a variable: a path in the command would make a moved checkout look changed.
_COMMAND = 'exec "$SONGREC_PYTHON" -m songrec.pipeline.execute {profile} {stage}'


class Engine:
    """One profile's DVC project, written anew from the plan."""

    def __init__(self, plan: Plan):
        # DVC reads these when it is imported: no network, and no folder outside the project.
        folder = plan.paths.processed
        os.environ |= {
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(folder / ".dvc" / "tmp" / "site"),
            "DVC_GLOBAL_CONFIG_DIR": str(folder / ".dvc" / "tmp" / "config"),
            "DVC_SYSTEM_CONFIG_DIR": str(folder / ".dvc" / "tmp" / "config"),
        }
        self.plan = plan
        self._interrupted = threading.Event()

    def prepare(self) -> None:
        """Write what DVC reads: the stages, their parameters, their code; and the header that pages read."""
        plan, folder = self.plan, self.plan.paths.processed
        _refuse_what_never_ends(plan)
        _write_changed(folder / ".dvc" / "config", _CONFIG)
        # The profile's own lock is held: what DVC noted of who reads and writes is of a run that was killed.
        (folder / ".dvc" / "tmp" / "rwlock").unlink(missing_ok=True)
        for project in folder.glob(f"{STAGES}/*/{PROJECT}"):
            if project.parent.name not in plan.stages:  # what it made stays known, should the stage come back
                project.unlink()
        for stage in plan.stages.values():
            _write_stage(stage, plan, folder / STAGES / stage.name)
        _write_changed(plan.paths.header, json.dumps(plan.header, indent=2, ensure_ascii=False) + "\n")
        resolved = {
            stage.name: {
                "stage": stage.declaration.name,
                "notebook": stage.notebook.relative_to(NOTEBOOKS).as_posix(),
                "executed": stage.executed.relative_to(plan.paths.notebooks).as_posix(),
                "parameters": stage.parameters,
            }
            for stage in plan.stages.values()
        }
        write_json(plan.paths.plan, resolved)

    @contextmanager
    def _repo(self) -> Iterator[Any]:
        from dvc.repo import Repo

        logging.getLogger("dvc").setLevel(logging.ERROR)  # the run says itself what happens

        here = Path.cwd()
        os.chdir(self.plan.paths.processed)  # DVC reads addresses of stages relative to the working directory
        try:
            with Repo(self.plan.paths.processed) as repo:
                yield repo
        except OSError as error:
            raise self._unkept(error) from error
        finally:
            os.chdir(here)

    def changes(self, verify: bool = False) -> dict[str, list[str]]:
        """Stage -> what changed since it last ran, in words; stages that are fresh are left out.

        Only asks: what a run wrote for itself is as before. A file whose size and date are as before is
        believed to be unchanged, unless `verify`: then every file is hashed again.
        """
        with _as_before(self.plan.paths):
            self.prepare()
            if verify:
                _forget(self.plan.paths)
            return self.stale()

    def stale(self) -> dict[str, list[str]]:
        """What `changes` says, of the project as it is written. One question for all stages is quick."""
        from dvc.exceptions import DvcException

        try:
            status = interruptible(self._status)
        except (DvcException, sqlite3.Error):
            # Something of what DVC keeps is damaged. No result is in it: it is hashed, or run, again.
            _forget(self.plan.paths)
            _drop_damaged_locks(self.plan.paths)
            try:
                status = interruptible(self._status)
            except (DvcException, sqlite3.Error) as error:
                raise self._unkept(error) from error
        return {address.split(":")[-1]: _in_words(entries) for address, entries in status.items()}

    def _status(self) -> dict[str, list[Any]]:
        with self._repo() as repo:
            return repo.status()

    def _unkept(self, error: Exception) -> DataError:
        return DataError(
            f"the engine cannot keep its state in {self.plan.paths.processed / '.dvc'}: {error}. Make room "
            "there; if that does not help, delete that folder: no result is lost"
        )

    def has_run(self, stage: str) -> bool:
        """Whether there is a record of the stage's last run."""
        return (self.plan.paths.processed / STAGES / stage / LOCKFILE).is_file()

    def run(self, stage: str, force: bool = False) -> bool:
        """Run the stage unless it is fresh; whether it ran. A failed stage is a `StageError`."""
        from dvc.exceptions import DvcException
        from dvc.stage.exceptions import StageCmdFailedError

        def reproduce() -> bool:
            with self._repo() as repo:
                return bool(repo.reproduce(_address(stage), single_item=True, force=force))

        try:
            return interruptible(reproduce)
        except sqlite3.Error as error:
            raise self._unkept(error) from error
        except DvcException as error:
            code = re.search(r"exited with (-?\d+)$", str(error.__cause__))
            if code and int(code[1]) == -signal.SIGINT:
                raise KeyboardInterrupt from None  # DVC leaves ctrl-c to the stage
            spoke = isinstance(error.__cause__, StageCmdFailedError)  # the stage said itself what was wrong
            why = killed(int(code[1])) if code else "" if spoke else f": {error.__cause__ or error}"
            raise StageError(f"stage {stage} of profile {self.plan.profile_name} failed{why}") from error

    def run_pages(self, pages: Sequence[str]) -> Iterator[tuple[str, float | None]]:
        """Run these pages, which read nothing of each other, two at a time; names and seconds as they end.

        Seconds are None for a page that failed: the others run nevertheless. The engine's state is written
        here, by one process.
        """
        pool = ThreadPoolExecutor(PAGES_AT_ONCE)
        try:
            running = {pool.submit(self._execute, page): page for page in pages}
            for future in as_completed(running):
                page, seconds = running[future], future.result()
                if seconds is not None:
                    with self._repo() as repo:
                        repo.commit(_address(page), force=True)
                yield page, seconds
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            while any(future.running() for future in running):
                interrupt_children()
                time.sleep(0.1)
            raise
        finally:
            pool.shutdown(cancel_futures=True)  # interrupted: no page begins any more

    def _execute(self, page: str) -> float | None:
        """Run the page's notebook in a process of its own; the seconds that it took, None if it failed."""
        if self._interrupted.is_set():  # another page has met ctrl-c, and this one is next in its thread
            return None
        start = time.perf_counter()
        command = [sys.executable, "-m", "songrec.pipeline.execute", self.plan.profile_name, page]
        done = subprocess.run(command, cwd=self.plan.paths.processed, check=False)
        if done.returncode == -signal.SIGINT:
            self._interrupted.set()
        elif done.returncode < 0:
            print(f"stage {page} failed{killed(done.returncode)}", file=sys.stderr)
        return None if done.returncode else time.perf_counter() - start


def _refuse_what_never_ends(plan: Plan) -> None:
    """`DataError` for a pipe or a device among what DVC hashes: it would wait for its end for ever."""
    for stage in plan.stages.values():
        for place in (*stage.outputs, stage.executed):
            for path in [place, *(place.rglob("*") if place.is_dir() else ())]:
                if os.path.lexists(path) and not path.is_dir():
                    regular(path)


def _forget(paths: Paths) -> None:
    """Delete what DVC remembers of files' hashes: it hashes all of them again."""
    shutil.rmtree(paths.processed / ".dvc" / "tmp", ignore_errors=True)


def _drop_damaged_locks(paths: Paths) -> None:
    """Delete what DVC recorded of a stage where it cannot be read: the stage runs again."""
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    for lock in (paths.processed / STAGES).glob(f"*/{LOCKFILE}"):
        try:
            COMPILED_LOCKFILE_SCHEMA(yaml.safe_load(lock.read_text(encoding="utf-8")))
        except (OSError, ValueError, yaml.YAMLError, RecursionError, Invalid):
            if lock.is_dir():
                shutil.rmtree(lock)
            else:
                lock.unlink()


def _address(stage: str) -> str:
    return f"{STAGES}/{stage}/{PROJECT}:{stage}"


@contextmanager
def _as_before(paths: Paths) -> Iterator[None]:
    """Put the project's files back as they were: a question must not change what the last run says."""
    before = {path: path.read_bytes() for path in _written(paths)}
    try:
        yield
    finally:
        for path in _written(paths) - before.keys():
            path.unlink()
        for path, content in before.items():
            if path.read_bytes() != content:
                with replacing(path) as temporary:
                    temporary.write_bytes(content)


def _written(paths: Paths) -> set[Path]:
    """What `Engine.prepare` writes, as far as it is there."""
    folders = (paths.processed / STAGES).glob("*")
    files = {folder / name for folder in folders for name in (PROJECT, PARAMETERS, CODE)}
    return {path for path in files | {paths.plan, paths.header} if path.is_file()}


def _write_stage(stage: PlannedStage, plan: Plan, folder: Path) -> None:
    code = code_of(stage.notebook)
    library = closure(code, stage.estimators, str(stage.notebook))
    parameters = _flat(stage.parameters)
    inputs = stage.inputs if stage.page else [_fitted_by(path, plan.paths) for path in stage.inputs]
    dependencies = [folder / CODE, *library, *stage.raw, *inputs]
    project = {
        "cmd": _COMMAND.format(profile=plan.profile_name, stage=stage.name),
        "deps": sorted(os.path.relpath(path, folder) for path in dependencies),
        "params": [{PARAMETERS: list(parameters)}],
        # `persist`: the outputs of the last run stay until the new ones take their place.
        "outs": [
            {os.path.relpath(path, folder): {"cache": False, "persist": True}}
            for path in sorted([*stage.outputs, stage.executed])
        ],
    }
    _write_changed(folder / CODE, code)
    write_json(folder / PARAMETERS, parameters)
    _write_changed(folder / PROJECT, yaml.safe_dump({"stages": {stage.name: project}}, sort_keys=False))


def _fitted_by(path: Path, paths: Paths) -> Path:
    """What decides a fit of an input: of a model's tables its facts alone.

    What a search took is measured anew each time that it runs, and must fit no other model again.
    """
    return path / FACTS if path.parent.parent == paths.tables else path


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested parameters made flat, so that DVC compares and reports them one by one."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        key = prefix + name.replace(".", "@")  # a dot is nesting in DVC's parameter names
        flat |= _flat(value, f"{key}/") if isinstance(value, dict) and value else {key: value}
    return flat


def _write_changed(path: Path, text: str) -> None:
    if not path.is_file() or path.read_bytes() != text.encode():
        write_text(path, text)


def _in_words(entries: list[Any]) -> list[str]:
    """DVC's status of one stage as short phrases."""
    said = []
    for entry in entries:
        if isinstance(entry, str):
            said.append({"changed command": "its command changed"}.get(entry, entry))
            continue
        for kind, things in entry.items():
            for name, state in things.items():
                if isinstance(state, dict):
                    said += [f"parameter {key}: {word}" for key, word in state.items()]
                else:
                    what = "output" if kind == "changed outs" else "input"
                    if Path(name).name == CODE:
                        what, name = "code of", "the notebook"
                    elif "lib/songrec/" in name:
                        what, name = "library", name[name.index("lib/songrec/") :]
                    said.append(f"{what} {name}: {state}")
    return said
