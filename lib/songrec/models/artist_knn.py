"""Songs that nobody has heard yet, by those who made them."""

import numpy as np
from scipy.sparse import coo_array, csr_array

from songrec.errors import ConfigError, DataError
from songrec.models.base import Recommender, checked_train
from songrec.models.neighbours import weighted_sum


class ArtistKNN(Recommender):
    """Content-based neighbours: a song is like the other songs of its artist, heard or not.

    years : how fast similarity fades with the distance in release years; 0: the year does not count.

    With H_u the songs that user u has heard, a_i the artist and y_i the release year of song i,

        s(j, i) = [a_j = a_i] · (1 + exp(-|y_j - y_i| / years)) / 2
        score(u, i) = sum of s(j, i) over the songs j in H_u, divided by |H_u|

    where the exponential is 0 if a year is not known, and s(j, i) = [a_j = a_i] if years = 0: the score is
    then the share of the user's history by the song's artist (up to a factor of the user's, the cosine
    between the user's profile of artists and the song's; content-based filtering as in Lops et al. 2011).
    A song of an artist whom the user has not heard, or whom nobody can name, is not listed.

    It needs more than the log (`artists`), so it is not among the models that a profile names.

    >>> train = csr_array(np.array([[1, 1, 0, 0]]))
    >>> ArtistKNN().fit(train, artists=[7, 8, 7, -1]).recommend(train, 2)
    (array([[ 2, -1]], dtype=int32), array([[ 0.5, -inf]], dtype=float32))
    """

    def __init__(self, years: float = 0.0):
        self.years = years

    def fit(
        self,
        train: csr_array,
        artists: np.ndarray | None = None,
        release: np.ndarray | None = None,
        listed: np.ndarray | None = None,
    ) -> "ArtistKNN":
        """Learn which songs are alike; the plays only say how many songs there are.

        artists : int (n_songs,), a code for each artist, -1 where not known. release : float (n_songs,), in
        years, NaN where not known (None: nowhere). listed : codes of the songs that may be listed, as the
        new ones (None: all).
        """
        if not self.years >= 0:
            raise ConfigError(f"years must be a number of at least 0, not {self.years!r}")
        n_songs = checked_train(train).shape[1]
        if artists is None or np.shape(artists) != (n_songs,):
            raise DataError(f"artists must hold a code for each of the {n_songs} songs, -1 where not known")
        artists = np.asarray(artists)
        release = np.full(n_songs, np.nan) if release is None else np.asarray(release, np.float64)
        known = np.flatnonzero(artists >= 0)
        wanted = known if listed is None else np.intersect1d(known, listed)
        made = csr_array((np.ones(len(known)), (known, artists[known])), shape=(n_songs, max(artists) + 1))
        offered = coo_array((np.ones(len(wanted)), (artists[wanted], wanted)), shape=made.shape[::-1])
        pairs = (made @ offered.tocsr()).tocoo()
        similarity = np.ones(pairs.nnz)
        if self.years:
            apart = np.abs(release[pairs.row] - release[pairs.col])
            similarity = (1 + np.nan_to_num(np.exp(-apart / self.years))) / 2
        alike = coo_array((similarity.astype(np.float32), (pairs.row, pairs.col)), shape=(n_songs, n_songs))
        self.similarity_ = alike.tocsr()
        self.n_songs_ = n_songs
        return self

    def _encode_users(self, heard: csr_array, users: np.ndarray) -> csr_array:
        share = 1 / np.maximum(np.diff(heard.indptr), 1)
        weights = np.repeat(share, np.diff(heard.indptr))
        return csr_array((weights, heard.indices, heard.indptr), shape=heard.shape)

    def _scores(self, represented: csr_array, n_needed: int) -> csr_array:
        return weighted_sum(represented, self.similarity_)
