"""The listening log: sources, ingest and validation, metadata, the synthetic world."""

from songrec.data.catalogue import Catalogue
from songrec.data.download import Dataset, available, fetch, locate
from songrec.data.filters import apply_filters, k_core, keep_minimum, read_mismatches, remove_songs
from songrec.data.ingest import IngestReport, check, ingest
from songrec.data.interactions import Interactions, codes_of
from songrec.data.marginals import compare, marginals, reference_marginals
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
    "compare",
    "fetch",
    "ingest",
    "k_core",
    "keep_minimum",
    "lastfm_2k",
    "locate",
    "marginals",
    "open_source",
    "read_mismatches",
    "read_rejects",
    "reference_marginals",
    "remove_songs",
    "taste_profile",
    "to_interactions",
    "triplets",
]
