"""The listening log: sources, ingest and validation, metadata, the synthetic world."""

from songrec.data.catalogue import Catalogue
from songrec.data.download import Dataset
from songrec.data.filters import apply_filters, k_core, keep_minimum, read_mismatches, remove_songs
from songrec.data.ingest import IngestReport, check, ingest, read_log
from songrec.data.interactions import Interactions, codes_of
from songrec.data.marginals import compare, marginals, reference_marginals
from songrec.data.rejects import read_rejects
from songrec.data.sources import Asked, DataSource, Source, available, batches, fetch, find_source
from songrec.data.sources.lastfm_2k import lastfm_2k
from songrec.data.sources.taste_profile import taste_profile
from songrec.data.sources.triplet_files import triplets
from songrec.data.synthetic import SyntheticWorld
from songrec.data.triplet_file import to_interactions

__all__ = [
    "Asked",
    "Catalogue",
    "DataSource",
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
    "compare",
    "fetch",
    "find_source",
    "ingest",
    "k_core",
    "keep_minimum",
    "lastfm_2k",
    "marginals",
    "read_log",
    "read_mismatches",
    "read_rejects",
    "reference_marginals",
    "remove_songs",
    "taste_profile",
    "to_interactions",
    "triplets",
]
