"""Songs nearest to a vector: exactly, by a graph in this process, or by PostgreSQL.

A model with vectors (`songrec.models.factors.Factorised`: ALS, BPR, PureSVD, ELSA, Item2vec) gives a song's
score as the product of two, so its list is the songs whose vectors have the largest product with the user's.
EASE, item-KNN and the like have no user vector, and nothing here serves them.

All indexes answer alike. What they find is scored anew, in the arithmetic of the model, and ranked by that:
the scores are the model's, and ties go to the lower id. Only `ExactIndex` looks at every song; another may
miss one of the best. But it never gives fewer than it could: where a search that avoids many songs finds too
few, the index is searched exactly.

A graph of neighbours by the product is not one by a distance, but it finds nearly all of the best (Morozov &
Babenko 2018), and more of them than the detour over vectors that one number more makes equally long (Bachrach
et al. 2014): the lengths of songs' vectors differ too much.
"""

from songrec.serve.index.base import VectorIndex, scores_of
from songrec.serve.index.exact import ExactIndex
from songrec.serve.index.graph import GraphIndex
from songrec.serve.index.models import indexed, open_index, song_vectors, user_vector
from songrec.serve.index.postgres import PostgresIndex

__all__ = [
    "ExactIndex",
    "GraphIndex",
    "PostgresIndex",
    "VectorIndex",
    "indexed",
    "open_index",
    "scores_of",
    "song_vectors",
    "user_vector",
]
