"""Fixtures that every test may use."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; the test skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip("needs the real data in a shared/data folder beside the checkout")
    return SHARED


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests that share one costly thing (a built site, a checkout that has run) share a worker, too."""
    for item in items:
        for folder in ("book", "pipeline"):
            if f"/tests/{folder}/" in item.path.as_posix():
                item.add_marker(pytest.mark.xdist_group(folder))
