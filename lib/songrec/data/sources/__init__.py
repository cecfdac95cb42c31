"""Where a listening log comes from: a module for each kind of source, and the registry of all."""

from songrec.data.sources.contract import Asked, DataSource, Source, batches
from songrec.data.sources.registry import SOURCES, available, fetch, find_source

__all__ = ["SOURCES", "Asked", "DataSource", "Source", "available", "batches", "fetch", "find_source"]
