"""The synthetic world, whose log and titles are made."""

from songrec.data.catalogue import Catalogue
from songrec.data.sources.contract import Asked, DataSource, Source, batches
from songrec.data.synthetic import SyntheticWorld
from songrec.errors import ConfigError


def _open(asked: Asked) -> Source:
    world = _world(asked)
    return batches(f"synthetic world, seed {world.seed}", world.triplets, asked.item)


def _titles(asked: Asked) -> Catalogue:
    table = _world(asked).catalogue()
    return Catalogue.from_columns(table["song_id"], table["title"], table["artist"], table["year"])


def _world(asked: Asked) -> SyntheticWorld:
    if asked.world is None:
        raise ConfigError("the source 'synthetic' needs a world: its users, songs and seed")
    return asked.world


SYNTHETIC = DataSource("synthetic", _open, _titles)
