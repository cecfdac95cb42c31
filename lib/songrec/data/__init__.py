"""The listening log: sources, ingest and validation, metadata, the synthetic world."""

from songrec.data.catalogue import Catalogue
from songrec.data.download import Dataset, available, fetch, locate
from songrec.data.filters import apply_filters, k_core, keep_minimum, read_mismatches, remove_songs
from songrec.data.ingest import IngestReport, check, ingest
from songrec.data.interactions import Interactions, codes_of
from songrec.data.rejects import read_rejects
from songrec.data.sources import Source, batches, lastfm_2k, open_source, taste_profile, triplets
from songrec.data.synthetic import SyntheticWorld
from songrec.data.triplet_file import to_interactions

__all__ = [
    "Catalogue",
    "Dataset",
    "IngestReport",
    "Interactions",
    "Source",
    "SyntheticWorld",
    "apply_filters",
    "available",
    "batches",
    "check",
    "codes_of",
    "fetch",
    "ingest",
    "k_core",
    "keep_minimum",
    "lastfm_2k",
    "locate",
    "open_source",
    "read_mismatches",
    "read_rejects",
    "remove_songs",
    "taste_profile",
    "to_interactions",
    "triplets",
]
