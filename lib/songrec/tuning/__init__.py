"""Tuning: the search for hyper-parameters, and what is kept of it."""

from songrec.tuning.record import read_tuned, with_members
from songrec.tuning.search import Search, search

__all__ = ["Search", "read_tuned", "search", "with_members"]
