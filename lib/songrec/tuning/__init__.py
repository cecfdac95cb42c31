"""Tuning: the search for hyper-parameters, and what is kept of it."""

from songrec.tuning.record import read_trials, read_tuned, with_members, write_trials, write_tuned
from songrec.tuning.search import Search, search

__all__ = [
    "Search",
    "read_trials",
    "read_tuned",
    "search",
    "with_members",
    "write_trials",
    "write_tuned",
]
