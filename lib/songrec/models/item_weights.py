"""The item weights of models whose scores are plain sums of them."""

import numpy as np
from scipy.sparse import csr_array

from songrec.models.base import Recommender
from songrec.models.neighbours import SongNeighbours
from songrec.models.song_weights import SongWeights


def weights_of(model: Recommender) -> csr_array | np.ndarray | None:
    """Item weights (n_songs, n_songs), row j what song j says of the others; None for a model without.

    It has them where the scores of a user are nothing but the sum of the rows of the songs heard.
    """
    if model.weighs_plays or not isinstance(model, SongWeights | SongNeighbours):
        return None
    return model._rows() if isinstance(model, SongNeighbours) else model.weights_
