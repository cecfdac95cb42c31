"""All kinds of source, by the name that profiles give them."""

from pathlib import Path

from songrec.data.download import Dataset
from songrec.data.sources.contract import DataSource
from songrec.data.sources.lastfm_2k import LASTFM_2K
from songrec.data.sources.layouts import LAYOUTS
from songrec.data.sources.synthetic import SYNTHETIC, SYNTHETIC_TEXT
from songrec.data.sources.taste_profile import TASTE_PROFILE
from songrec.data.sources.triplet_files import TRIPLETS
from songrec.errors import ConfigError

_KINDS = (SYNTHETIC, SYNTHETIC_TEXT, TRIPLETS, TASTE_PROFILE, LASTFM_2K, *LAYOUTS)
SOURCES: dict[str, DataSource] = {source.name: source for source in _KINDS}


def find_source(name: str) -> DataSource:
    """The source of that name; a `ConfigError` lists the names there are."""
    if name not in SOURCES:
        raise ConfigError(f"there is no source {name!r}; there are: {', '.join(SOURCES)}")
    return SOURCES[name]


def available() -> list[Dataset]:
    """Every data set that can be downloaded."""
    return [source.dataset for source in SOURCES.values() if source.dataset]


def fetch(name: str) -> list[Path]:
    """Download what is missing of a data set, by its name, as `Dataset.fetch` does."""
    datasets = {dataset.name: dataset for dataset in available()}
    if name not in datasets:
        raise ConfigError(f"there is no data set {name!r} to fetch; there are: {', '.join(datasets)}")
    return datasets[name].fetch()
