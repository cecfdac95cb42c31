"""Running a plan: one run of a profile at a time, stage by stage, telling what happens."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tqdm import tqdm

from songrec.engines.spark.session import check_spark
from songrec.errors import BusyError, DataError, StageError
from songrec.paths import Paths, data_root
from songrec.pipeline.engine import Engine
from songrec.pipeline.needs import refuse_too_large
from songrec.pipeline.plan import Plan

LOCK = "run.lock"
NOT_YET = "it has not run yet"
_POLL_SECONDS = 0.2


@contextmanager
def only_run(paths: Paths, wait: bool = False) -> Iterator[None]:
    """Hold the profile's lock; `BusyError` names the process that holds it, unless `wait`.

    The operating system frees the lock when its holder dies, however it dies.
    """
    import fcntl

    file = paths.processed / LOCK
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = open(file, "a+")  # noqa: SIM115 (closed below, after the lock was taken)
    except OSError as error:
        raise DataError(f"cannot write {file}: {error.strerror}") from error
    with handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not wait:
                    handle.seek(0)
                    holder = handle.read().strip() or "unknown"
                    raise BusyError(
                        f"profile {paths.profile} is being run by process {holder}. Wait for it, or stop it."
                    ) from None
                time.sleep(_POLL_SECONDS)
        try:
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
        except OSError as error:
            raise DataError(f"cannot write {file}: {error.strerror}") from error
        yield


def run(plan: Plan, only: Sequence[str] = (), force: bool = False, wait: bool = False) -> list[str]:
    """Run what is not fresh; names of the stages that ran, in their order.

    `only` names stages: these and what they need are looked at. `force` runs them though they are fresh.
    Raises `StageError` when a stage fails, `DataError` before one for which memory is short, `BusyError` when
    the profile is being run already, `ConfigError` where a stage asks for Spark and that is not here.
    """
    names = plan.select(only)
    if any("spark" in plan.stages[name].parameters.get("engines", ()) for name in names):
        check_spark()
    for label, line in plan.left_out.items():
        print(f"{label} is left out: it {line}", flush=True)
    # Stages are processes that start in other folders.
    os.environ |= {"SONGREC_PYTHON": sys.executable, "SONGREC_DATA": str(data_root())}
    ran: list[str] = []
    with only_run(plan.paths, wait), _progress(plan, names) as tell:
        engine = Engine(plan)
        engine.prepare()
        studies = [name for name in names if not plan.stages[name].page]
        pages = [name for name in names if plan.stages[name].page]
        stale = set(engine.stale())  # asked though all are forced: a damaged state is found and healed here
        stale = set(names) if force else stale
        for name in studies:
            start = time.perf_counter()
            # What was fresh may be so no longer once a stage that it reads has run: the engine looks again.
            asked = name in stale or plan.needs[name] & set(ran)
            if asked:
                refuse_too_large(plan.stages[name], plan)
            done = asked and engine.run(name, force)
            tell(name, time.perf_counter() - start if done else None)
            if done:
                ran.append(name)
        if ran and pages and not force:
            stale = set(engine.stale())
        failed = []
        for name, seconds in engine.run_pages([page for page in pages if page in stale]):
            if seconds is None:
                failed.append(name)
                continue
            tell(name, seconds)
            ran.append(name)
        for name in pages:
            if name not in stale:
                tell(name, None)
        if failed:
            raise StageError(f"failed in profile {plan.profile_name}: {', '.join(failed)}")
    return [name for name in names if name in ran]


@contextmanager
def _progress(plan: Plan, names: Sequence[str]) -> Iterator[Callable[[str, float | None], None]]:
    """A bar over the stages at a terminal, a line for each elsewhere; None for seconds: it was fresh."""
    width = max(map(len, names))
    with tqdm(total=len(names), desc=plan.profile_name, unit="stage", disable=not sys.stdout.isatty()) as bar:

        def tell(name: str, seconds: float | None) -> None:
            bar.set_postfix_str(name)
            bar.update()
            if bar.disable:
                said = "fresh" if seconds is None else f"ran in {seconds:.1f} s"
                print(f"{name:<{width}}  {said}", flush=True)

        yield tell


def explain(plan: Plan, only: Sequence[str] = ()) -> dict[str, list[str]]:
    """Stage -> why it would run; an empty list where it is fresh.

    A stage that reads what such a stage makes is named too: it runs if that output comes out different.
    """
    with only_run(plan.paths):
        engine = Engine(plan)
        changes = engine.changes()
        never = {name for name in plan.stages if not engine.has_run(name)}
    why: dict[str, list[str]] = {}
    for name in plan.select(only):
        if name in never:  # of which each input and parameter would be called new
            why[name] = [NOT_YET]
            continue
        reasons = changes.get(name, [])
        waits = sorted(need for need in plan.needs[name] if why.get(need))
        why[name] = [*reasons, *(f"reads what {need} makes" for need in waits)]
    return why
