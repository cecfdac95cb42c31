"""Fixtures that every test may use."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from songrec.extras import leave_out_needless

leave_out_needless()

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def quick() -> Callable[[str], Any]:
    """`quick(name)`: a model of that name, without the passes over the log that only quality needs."""
    from small_logs import quick_model

    return quick_model


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; the test skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip("needs the real data in a shared/data folder beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """`once(name, make)`: a folder that `make` fills, one time for all processes that run tests."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # then that folder is this process's own
        shared = shared.parent

    def once(name: str, make: Callable[[Path], object]) -> Path:
        with open(shared / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (done := shared / f"{name}.done").exists():
                make(shared / name)
                done.touch()
        return shared / name

    return once


@pytest.fixture(scope="session")
def tiny_run(once) -> Path:
    """A data folder in which the profile `tiny` has run; nobody changes it."""
    from songrec.pipeline.plan import make_plan
    from songrec.pipeline.run import run

    def make(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SONGREC_DATA", str(folder))
            plan = make_plan("tiny")
            assert run(plan) == list(plan.stages)

    return once("tiny", make)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that several processes end together.

    Of that, first what makes the run that others share, and these others last: nobody waits.
    """

    def place(item: pytest.Item) -> int:
        if item.get_closest_marker("slow") is None:
            return 3
        if item.path.parent.name == "notebooks":
            return 2
        return 0 if item.path.name == "test_whole_line.py" else 1

    items.sort(key=place)
