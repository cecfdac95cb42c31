"""The listening log: sources, ingest and validation, metadata, the synthetic world."""

from songrec.data.interactions import Interactions, codes_of
from songrec.data.synthetic import SyntheticWorld

__all__ = ["Interactions", "SyntheticWorld", "codes_of"]
