"""The listening log: sources, ingest and validation, metadata, the synthetic world."""

from songrec.data.catalogue import Catalogue
from songrec.data.filters import apply_filters, k_core, keep_minimum, read_mismatches, remove_songs
from songrec.data.ingest import IngestReport, check, ingest, to_interactions
from songrec.data.interactions import Interactions, codes_of
from songrec.data.rejects import read_rejects
from songrec.data.sources import Source, batches, lastfm_2k, open_source, taste_profile, triplets

__all__ = [
    "Catalogue",
    "IngestReport",
    "Interactions",
    "Source",
    "apply_filters",
    "batches",
    "check",
    "codes_of",
    "ingest",
    "k_core",
    "keep_minimum",
    "lastfm_2k",
    "open_source",
    "read_mismatches",
    "read_rejects",
    "remove_songs",
    "taste_profile",
    "to_interactions",
    "triplets",
]
