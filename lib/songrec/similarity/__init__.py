"""Top-K neighbours between the rows of sparse matrices, behind one function."""

from songrec.similarity.exact import COSINE, Similarity, nearest, neighbours
from songrec.similarity.groups import common_listeners_in_groups

__all__ = ["COSINE", "Similarity", "common_listeners_in_groups", "nearest", "neighbours"]
