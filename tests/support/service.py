"""A real service over a small made-up run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from songrec.data import Catalogue, SyntheticWorld
from songrec.models import EASE, ItemKNN


@contextmanager
def opened(folder: Path, users: int = 120, songs: int = 150, **settings) -> Iterator:
    """The application; its data folder is this one."""
    from made_run import make_run

    from songrec.serve.app import create_app
    from songrec.serve.settings import Settings

    world = SyntheticWorld(users, songs, seed=4)
    log, table = world.interactions(), world.catalogue()
    catalogue = Catalogue.from_columns(*(table[name] for name in ("song_id", "title", "artist")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONGREC_DATA", str(folder))
        models = {"ease": EASE().fit(log.plays), "item_knn": ItemKNN().fit(log.plays)}
        make_run("tiny", log, catalogue, models)
        app = create_app(Settings("tiny", **settings))
        yield app
