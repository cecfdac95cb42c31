"""Beyond accuracy: how much of the catalogue lists cover, how novel and how varied they are.

`songs` are lists as in `TopN`: integer (n_users, n), best first, -1 at the end of a short one. The listeners
of a song are the users with an entry for it in `train`; how often they played it does not matter here.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from songrec.errors import DataError
from songrec.evaluation.hits import check_cutoffs, check_lists, first_places

CELLS = 250_000
"""Lists x training users that `intra_list_diversity` holds at a time: 2 MB stay in the processor's cache."""


def catalogue_coverage(songs: np.ndarray, n_songs: int, k: int) -> float:
    r"""Share of the catalogue that stands in the first k places of at least one list, in 0..1.

    :math:`|\bigcup_u L_u^k| / n_\text{songs}` (Herlocker et al. 2004; Ge et al. 2010).

    >>> catalogue_coverage(np.array([[0, 1], [0, 2]]), 4, k=2)
    0.75
    """
    return float(np.count_nonzero(_frequencies(songs, n_songs, k)) / n_songs)


def gini(songs: np.ndarray, n_songs: int, k: int) -> float:
    r"""How unequally the lists' first k places are shared among all songs of the catalogue, in 0..1.

    With :math:`x_1 \le \dots \le x_m` the number of lists that name each of the m songs, zeros included:
    :math:`\sum_i (2i - m - 1) x_i / (m \sum_i x_i)`. 0 when every song is named equally often (or none at
    all), :math:`(m - 1) / m` when one song fills all places (Gini 1912; of recommendations: Fleder &
    Hosanagar 2009).

    >>> gini(np.array([[0], [0], [1], [1]]), 2, k=1), gini(np.array([[0], [0]]), 4, k=1)
    (0.0, 0.75)
    """
    named = np.sort(_frequencies(songs, n_songs, k))
    total = int(named.sum())
    if not total:
        return 0.0
    weights = 2 * np.arange(1, n_songs + 1) - n_songs - 1
    return float(int(weights @ named) / (n_songs * total))


def lorenz(songs: np.ndarray, n_songs: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The curve behind `gini` (Lorenz 1905).

    Parameters
    ----------
    songs : int array (n_users, n)
        Lists.
    n_songs : int
        Songs of the catalogue.
    k : int
        The cut-off.

    Returns
    -------
    song_share : float64 array (n_songs + 1,)
        Songs from the least to the most named, as shares of the catalogue.
    place_share : float64 array (n_songs + 1,)
        Share of the places that they fill.

    Notes
    -----
    The first point is (0, 0), the last (1, 1). The further the curve lies below the diagonal, the fewer songs
    share the places. Where no list names anything it lies on the diagonal, as `gini` is 0.

    Examples
    --------
    >>> lorenz(np.array([[0], [0], [0], [1]]), 2, k=1)
    (array([0. , 0.5, 1. ]), array([0.  , 0.25, 1.  ]))
    """
    named = np.sort(_frequencies(songs, n_songs, k))
    across = np.arange(n_songs + 1) / n_songs
    total = int(named.sum())
    return across, np.concatenate([[0], np.cumsum(named) / total]) if total else across


def novelty(songs: np.ndarray, train: csr_array, k: int) -> np.ndarray:
    r"""Mean self-information of the first k songs, in bits: float64 (n_users,).

    :math:`\frac{1}{|L|} \sum_{i \in L} -\log_2(\max(l_i, 1) / m)` with :math:`l_i` the listeners of song i
    and m the users who listen to anything (Zhou et al. 2010; Vargas & Castells 2011). A song without a
    listener counts as if it had one: as novel as a known song can be, and finite. An empty list is given 0,
    so that recommending nothing is never novel.

    >>> train = csr_array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]])
    >>> novelty(np.array([[0, 1], [1, 2], [-1, -1]]), train, k=2)
    array([1., 2., 0.])
    """
    first = first_places(songs, train.shape[1], k)
    listed = first >= 0
    listeners, active = listening(train)
    surprise = np.log2(active / np.maximum(listeners, 1))
    total = np.where(listed, surprise[first], 0.0).sum(axis=1)
    return total / np.maximum(listed.sum(axis=1), 1)


def intra_list_diversity(songs: np.ndarray, train: csr_array, cutoffs: Sequence[int]) -> np.ndarray:
    r"""Mean of 1 - cosine over all pairs of the first k songs.

    Parameters
    ----------
    songs : int array (n_users, n)
        Lists.
    train : csr_array (any users, n_songs)
        Whose listener sets are compared.
    cutoffs : sequence of int
        Ascending; they share the work.

    Returns
    -------
    float64 array (n_users, len(cutoffs))
        Diversity, in 0..1. A list of fewer than two songs has no pair and is given 0.

    Notes
    -----
    The cosine is that of the songs' listener sets, :math:`|U_i \cap U_j| / \sqrt{|U_i| |U_j|}`: one minus the
    intra-list similarity of Ziegler et al. 2005, averaged over the pairs. A song without a listener has
    cosine 0 with all others.

    Pairs are never visited and no songs x songs matrix is made. With :math:`v_i` the unit vector of song i
    over the users, :math:`\sum_{i \ne j} v_i \cdot v_j = \|\sum_i v_i\|^2 - \sum_i \|v_i\|^2`: the listeners
    of a list's songs are added up, for a block of users at a time, and looked at whenever a cut-off is
    reached.

    Examples
    --------
    >>> train = csr_array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    >>> intra_list_diversity(np.array([[0, 1, 2], [0, 2, -1]]), train, cutoffs=[2, 3]).round(4)
    array([[0.    , 0.6667],
           [1.    , 1.    ]])
    """
    songs = check_lists(songs, train.shape[1])
    check_cutoffs(cutoffs, (songs >= 0).sum(axis=1), songs.shape[1])
    unit = csr_array((np.ones(train.nnz), train.indices, train.indptr), shape=train.shape).T.tocsr()
    listeners = np.diff(unit.indptr)
    unit.data /= np.sqrt(np.repeat(listeners, listeners))
    block = max(1, CELLS // max(1, train.shape[0]))
    starts = range(0, len(songs), block)
    return np.concatenate([_mean_distances(songs[s : s + block], unit, cutoffs) for s in starts])


def _mean_distances(songs: np.ndarray, unit: csr_array, cutoffs: Sequence[int]) -> np.ndarray:
    """Mean distance of the pairs among the first k of each list, in one pass over the places."""
    total = np.zeros((len(songs), unit.shape[1]))
    n, known = np.zeros(len(songs), np.int64), np.zeros(len(songs), np.int64)
    result = np.zeros((len(songs), len(cutoffs)))
    for column, (before, k) in enumerate(pairwise([0, *cutoffs])):
        places = songs[:, before:k]
        listed = places >= 0
        vectors = unit[places[listed]]
        ends = np.concatenate([[0], np.cumsum(listed.sum(axis=1))])
        # One row per list, the listeners of all its songs one after the other: made dense, they add up.
        total += csr_array((vectors.data, vectors.indices, vectors.indptr[ends]), shape=total.shape).toarray()
        n += listed.sum(axis=1)
        known += (listed & (np.diff(unit.indptr)[places] > 0)).sum(axis=1)
        pairs = n * (n - 1)
        cosines = np.einsum("ij,ij->i", total, total) - known
        result[:, column] = np.where(pairs > 0, 1 - cosines / np.maximum(pairs, 1), 0.0)
    return np.clip(result, 0.0, 1.0)  # rounding may step over an end by 1e-15


def _frequencies(songs: np.ndarray, n_songs: int, k: int) -> np.ndarray:
    """In how many lists each song of the catalogue stands among the first k."""
    if n_songs < 1:
        raise DataError("the catalogue holds no song")
    first = first_places(songs, n_songs, k)
    return np.bincount(first[first >= 0], minlength=n_songs)


def listening(train: csr_array) -> tuple[np.ndarray, int]:
    """The listeners of each song, int (n_songs,), and how many users listen to anything."""
    active = int(np.count_nonzero(np.diff(train.indptr)))
    if not active:
        raise DataError(
            "nobody listens to anything in the training matrix: neither novelty nor popularity has a meaning"
        )
    return np.bincount(train.indices, minlength=train.shape[1]), active
