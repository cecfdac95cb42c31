"""Songs that nobody has heard yet, by those who made them."""

import numpy as np
from scipy.sparse import coo_array, csr_array

from songrec.errors import DataError
from songrec.models.base import NonNegativeFloat, checked_train, estimator
from songrec.models.neighbours import RowSums


@estimator
class ArtistKNN(RowSums):
    r"""Content-based neighbours: a song is similar to the other songs of its artist, heard or not.

    Parameters
    ----------
    years : float, at least 0
        How slowly similarity fades with the distance in release years; 0: the year does not count.

    Notes
    -----
    With :math:`H_u` the fold-in of user u, :math:`a_i` the artist and :math:`y_i` the release year of song i,

    .. math::

        s(j, i) &= [a_j = a_i] \, \tfrac12 (1 + \exp(-|y_j - y_i| / \text{years})) \\
        \text{score}(u, i) &= \frac{1}{|H_u|} \sum_{j \in H_u} s(j, i)

    where the exponential is 0 if a year is not known, and :math:`s(j, i) = [a_j = a_i]` if years = 0: the
    score is then the share of the fold-in by the song's artist (up to a factor of the user's, the cosine
    between the user's profile of artists and the song's). A song of an artist who is not in the fold-in, or
    of an unknown artist, is not listed.

    It needs more than the log (`artists`), so it is not among the models that a profile names.

    References
    ----------
    Content-based filtering as in Lops et al. 2011.

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0, 0]]))
    >>> ArtistKNN().fit(train, artists=[7, 8, 7, -1]).recommend(train, 2)
    (array([[ 2, -1]], dtype=int32), array([[ 0.5, -inf]], dtype=float32))
    """

    years: NonNegativeFloat = 0.0

    def fit(
        self,
        train: csr_array,
        artists: np.ndarray | None = None,
        release: np.ndarray | None = None,
        listed: np.ndarray | None = None,
    ) -> "ArtistKNN":
        """Learn which songs are similar; the plays only say how many songs there are.

        Parameters
        ----------
        train : csr_array (n_users, n_songs)
            Plays.
        artists : int array (n_songs,)
            A code for each artist, -1 where it is not known.
        release : float array (n_songs,), optional
            Release years, NaN where not known.
        listed : int array, optional
            Codes of the songs that may be listed, as the new ones; all without it.

        Raises
        ------
        DataError
            Without a code for each song.
        """
        self._check_parameters()
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

    def _encode_users(self, fold_in: csr_array, users: np.ndarray) -> csr_array:
        n = np.diff(fold_in.indptr)
        weights = np.repeat(1 / np.maximum(n, 1), n)
        return csr_array((weights, fold_in.indices, fold_in.indptr), shape=fold_in.shape)

    def _rows(self) -> csr_array:
        return self.similarity_
