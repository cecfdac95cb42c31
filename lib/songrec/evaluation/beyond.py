"""Beyond accuracy: how much of the catalogue lists cover, how novel and how varied they are.

`songs` are lists as in `TopN`: integer (n_users, n), best first, -1 at the end of a short one. The listeners
of a song are the users with an entry for it in `train`; how often they played it does not matter here.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts
from songrec.errors import DataError
from songrec.evaluation.hits import check_cutoffs, check_lists, first_places
from songrec.kernels.threads import in_threads
from songrec.lists import NOTHING
from songrec.similarity.groups import common_listeners_in_groups, parts


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

    A pair that stands in many lists is counted with the others of its songs
    (`songrec.similarity.common_listeners_in_groups`): no songs x songs matrix is made.

    Examples
    --------
    >>> train = csr_array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    >>> intra_list_diversity(np.array([[0, 1, 2], [0, 2, -1]]), train, cutoffs=[2, 3]).round(4)
    array([[0.    , 0.6667],
           [1.    , 1.    ]])
    """
    songs = check_lists(songs, train.shape[1])
    check_cutoffs(cutoffs, (songs >= 0).sum(axis=1), songs.shape[1])
    from songrec.evaluation.diversity_kernel import mean_distances

    first = songs[:, : cutoffs[-1]]
    listed = first >= 0
    codes, place = np.unique(first[listed], return_inverse=True)  # nothing else need be counted
    ends = np.concatenate([[0], np.cumsum(listed.sum(axis=1))])
    lists = csr_array((np.ones(len(place), np.int8), place, ends), shape=(len(songs), len(codes)))
    ranked = np.full(first.shape, NOTHING, np.int32)
    ranked[listed] = place
    result = np.zeros((len(songs), len(cutoffs)))
    for found in common_listeners_in_groups(lists, train[:, codes]):
        tables = (*found, ranked, np.asarray(cutoffs), result)
        in_threads(lambda *rows, tables=tables: mean_distances(*rows, *tables), parts(found.cells))
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
    return column_counts(train), active
