"""Top-K neighbours between the rows of sparse matrices, behind one function."""

from songrec.similarity.exact import COSINE, Similarity, nearest, neighbours

__all__ = ["COSINE", "Similarity", "nearest", "neighbours"]
