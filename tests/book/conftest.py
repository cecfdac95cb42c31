"""The built book, as `make book` left it."""

from pathlib import Path

import pytest

from songrec.paths import SITE
from songrec.pipeline.assemble import is_built


@pytest.fixture(scope="session")
def site() -> Path:
    """Its pages, built from today's sources."""
    assert is_built(), "these tests look at the built book: make book first"
    return SITE / "_build" / "html"
