"""The synthetic world, whose log and titles are made."""

from songrec.data.catalogue import Catalogue
from songrec.data.sources.contract import Asked, DataSource, Source, batches
from songrec.data.sources.triplet_files import triplets
from songrec.data.synthetic import SyntheticWorld
from songrec.data.synthetic_text import text_file
from songrec.errors import ConfigError


def _open(asked: Asked) -> Source:
    world = _world(asked)
    return batches(_name(world), world.triplets, asked.item)


def _open_text(asked: Asked) -> Source:
    world = _world(asked)
    return Source(_name(world), triplets(text_file(world)).read, item=asked.item)


def _name(world: SyntheticWorld) -> str:
    return f"synthetic world, seed {world.seed}"


def _titles(asked: Asked) -> Catalogue:
    table = _world(asked).catalogue()
    return Catalogue.from_columns(table["song_id"], table["title"], table["artist"], table["year"])


def _world(asked: Asked) -> SyntheticWorld:
    if asked.world is None:
        raise ConfigError("a synthetic source needs a world: its users, songs and seed")
    return asked.world


SYNTHETIC = DataSource("synthetic", _open, _titles, invented=True)
SYNTHETIC_TEXT = DataSource("synthetic-text", _open_text, _titles, invented=True)
"""The same log, written once as the real one's text and read from there."""
