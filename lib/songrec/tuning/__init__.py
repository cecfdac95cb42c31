"""Tuning: where to look for hyper-parameters, and the search that looks."""

from songrec.tuning.record import read_trials, read_tuned, with_members, write_trials, write_tuned
from songrec.tuning.search import Search, search
from songrec.tuning.spaces import edges, nested, read_spaces, searched

__all__ = [
    "Search",
    "edges",
    "nested",
    "read_spaces",
    "read_trials",
    "read_tuned",
    "search",
    "searched",
    "with_members",
    "write_trials",
    "write_tuned",
]
