"""The built book, as `make book` left it, and a browser to look at pages with."""

import shutil
from pathlib import Path

import pytest

from songrec.paths import SITE
from songrec.pipeline.assemble import is_built

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def site() -> Path:
    """Its pages, built from today's sources."""
    assert is_built(), "these tests look at the built book: make book first"
    return SITE / "_build" / "html"


@pytest.fixture(scope="session")
def chromium():
    path = next(
        (
            found
            for name in ("chromium", "chromium-browser", "google-chrome")
            if (found := shutil.which(name))
        ),
        None,
    )
    if path is None:
        pytest.skip("needs a Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
