"""The listening log: sources, ingest and validation, metadata, the synthetic world."""

from songrec.data.interactions import Interactions, codes_of

__all__ = ["Interactions", "codes_of"]
