"""Songbook's helper library: from a listening log to a recommender one can trust."""

__version__ = "0.1.0"
