"""Every song explained by all others at once."""

import numpy as np
from scipy.sparse import csr_array

from songrec.csr import column_counts
from songrec.kernels.threads import blas_threads
from songrec.models import spd_inverse
from songrec.models.base import PositiveFloat, Share, estimator
from songrec.models.dense import COUNTED
from songrec.models.song_weights import SongWeights, check_memory


@estimator
class EASE(SongWeights):
    r"""Linear regression of each song on all others, in closed form.

    Parameters
    ----------
    l2 : float, above 0
        λ, the penalty on squared weights, in listeners: a song with far fewer listeners hardly counts.
    dropout : float, at least 0 and below 1
        p, the share of a user's songs that are hidden at random in training.
    relaxation : float, at least 0 and below 1
        ξ, how much of itself a song may explain in training.

    Notes
    -----
    With X the matrix of who heard what (0 or 1), B minimises :math:`|X - X B|^2 + \lambda |B|^2` with a
    diagonal of zeros, so that no song explains itself. With :math:`G = X^T X`, the counts of common
    listeners, and :math:`H_u` the fold-in of user u (Steck 2019, eq. 8),

    .. math:: P = (G + \lambda I)^{-1}, \quad B_{ij} = -P_{ij} / P_{jj} \; (i \ne j), \quad
        \text{score}(u, i) = \sum_{j \in H_u} B_{ji}

    Weights may be negative; only songs with a score above zero are listed.

    With dropout this is the full-rank EDLAE of Steck 2020: a hidden song is to be found from those that
    remain, each weighing 1 / (1 - p). In expectation that only adds to the penalty, more for a song with more
    listeners:

    .. math:: P = (G + \Lambda)^{-1}, \quad \Lambda = \lambda I + \tfrac{p}{1 - p} \operatorname{diag} G

    With relaxation the diagonal of B need not be 0, only no larger than ξ: RLAE, and with dropout RDLAE, of
    Moon et al. 2023. With no constraint at all B would be :math:`I - P \Lambda`, and so

    .. math:: B_{ij} = -P_{ij} \max(\Lambda_{jj}, (1 - \xi) / P_{jj}) \; (i \ne j)

    where the first is the larger for a song that would explain no more than ξ of itself anyway, mostly one
    with few listeners. As in the authors' code the diagonal is set to 0 afterwards: it would raise only songs
    that were heard already.

    Where users with plays are fewer than two thirds of the songs, P comes from the inverse of a matrix users
    x users, by Woodbury's identity (the dual form). That gives the same weights but for rounding, and the
    sooner the fewer the users are:

    .. math:: P = \Lambda^{-1} - \Lambda^{-1} X^T (I + X \Lambda^{-1} X^T)^{-1} X \Lambda^{-1}

    The matrix B is dense: 4 bytes for each pair of songs. `fit` states what it needs and raises `DataError`
    where it does not fit; `FsSLIM` is the sparse approximation for large catalogues.

    References
    ----------
    Steck 2019, "Embarrassingly shallow autoencoders for sparse data"; Steck 2020, "Autoencoders that don't
    overfit towards the identity"; Moon, Kim & Lee 2023, "It's enough: relaxing diagonal constraints in linear
    autoencoders for recommendation", SIGIR.

    Examples
    --------
    >>> train = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]]))
    >>> EASE(l2=1.0).fit(train).weights_.round(3)
    array([[ 0.   ,  0.667, -0.25 ],
           [ 0.571,  0.   ,  0.375],
           [-0.286,  0.5  ,  0.   ]], dtype=float32)
    """

    l2: PositiveFloat = 100.0
    dropout: Share = 0.0
    relaxation: Share = 0.0

    def _fit(self, binary: csr_array, plays: csr_array) -> None:
        heard = binary[np.diff(binary.indptr) > 0]
        check_memory("EASE", memory_needed(*heard.shape), heard.shape[1])
        listeners = column_counts(heard).astype(np.float32)
        penalty = np.float32(self.l2) + listeners * np.float32(self.dropout / (1 - self.dropout))
        weights = (dual if has_few_users(*heard.shape) else primal)(heard, penalty)
        diagonal = np.einsum("ii->i", weights)
        scale = diagonal.copy()
        if self.relaxation:  # without it the first is the smaller, but for rounding
            scale = np.minimum(scale / np.float32(1 - self.relaxation), 1 / penalty)
        weights /= -scale
        diagonal[:] = 0
        self.weights_ = weights


def primal(binary: csr_array, penalty: np.ndarray) -> np.ndarray:
    r""":math:`P = (X^T X + \Lambda)^{-1}`, float32 (n_songs, n_songs), by the inverse of that very matrix.

    Parameters
    ----------
    binary : csr_array (n_users, n_songs)
        X, float32.
    penalty : float32 array (n_songs,)
        The diagonal of Λ.
    """
    from songrec.models.ease_kernel import lower_counts

    inverse = lower_counts(binary, blas_threads())
    np.einsum("ii->i", inverse)[:] += penalty
    spd_inverse.invert(inverse)
    return inverse


def dual(binary: csr_array, penalty: np.ndarray) -> np.ndarray:
    """What `primal` gives, by the inverse of a matrix users x users (`EASE`).

    In double precision: of a popular song's diagonal entry of P, the difference of two, little remains.
    """
    inverse_penalty = 1 / penalty.astype(np.float64)
    scaled = binary * np.sqrt(inverse_penalty)
    kernel = (scaled @ scaled.T).toarray()
    np.einsum("ii->i", kernel)[:] += 1
    spd_inverse.invert(kernel)
    by_song = (binary * inverse_penalty).T.tocsr()
    inverse = np.empty((len(penalty), len(penalty)), np.float32)
    for start in range(0, len(penalty), COUNTED):
        some = slice(start, start + COUNTED)
        block = by_song @ np.ascontiguousarray(-(by_song[some] @ kernel).T)
        np.einsum("ii->i", block[some])[:] += inverse_penalty[some]
        inverse[:, some] = block
    return inverse


def has_few_users(n_users: int, n_songs: int) -> bool:
    """Whether `dual` is the faster one, though it computes with twice as many digits."""
    return 3 * n_users < 2 * n_songs


def memory_needed(n_users: int, n_songs: int) -> int:
    """Bytes that `fit` needs at once: the matrix, and what its inversion or the counting takes beside it."""
    if has_few_users(n_users, n_songs):
        beside = 8 * n_users**2 + max(2 * spd_inverse.workspace(n_users), 24 * COUNTED * n_songs)
    else:
        beside = spd_inverse.workspace(n_songs)
    return 4 * n_songs**2 + beside
