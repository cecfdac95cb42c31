"""Alternating least squares, compiled: every row of a half-step solved by conjugate gradients.

Nothing here is left to BLAS, whose order of addition differs from processor to processor, and no sum depends
on how the rows are shared out to threads.
"""

from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from songrec.arrays import read_only
from songrec.kernels.compiled import compiled
from songrec.kernels.lanes import add_rows, dot
from songrec.kernels.threads import in_threads

TILE = 64
"""Vectors summed up in their own precision before they are added in double."""

NEAR = 2048
"""Entries of a row whose vectors are gathered once; those of a longer row are fetched again at every step."""

PART = 65_536
"""Rows that one Gram matrix is made of: fixed, since the order of addition follows from it."""

ORTHOGONAL = 1e-24
"""The largest squared cosine of two rows that no rotation is made for."""

BLOCK = 16
"""Vectors that pass by a matrix (f, f) together, so that it is read less often."""

STEPS = 100
"""Of conjugate gradients, at most: five to ten are usual."""


def eigenbasis(factors: np.ndarray, threads: int) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, float64 (f,), and eigenvectors, as columns (f, f), of FᵀF for vectors F (n, f)."""
    gram = sum(in_threads(_gram, [(factors[rows],) for rows in _parts(len(factors))], threads))
    return _eigen(gram)


def turn(factors: np.ndarray, basis: np.ndarray, threads: int) -> None:
    """Each of the vectors (n, f) as it stands in an orthonormal basis (f, f), in place."""
    in_threads(_turn, [(factors[rows], read_only(basis)) for rows in _parts(len(factors))], threads)


def solve(
    weights: csr_array,
    fixed: np.ndarray,
    gram: np.ndarray,
    penalties: np.ndarray,
    solved: np.ndarray,
    *,
    alpha: float,
    unobserved: float,
    tolerance: float,
    threads: int,
) -> None:
    r"""A half-step: the vectors of one side that are best for those of the other.

    Parameters
    ----------
    weights : csr_array (n, m)
        What an entry weighs before `alpha`, with no entries but those observed.
    fixed : float32 array (m, f)
        Y, turned into its `eigenbasis`.
    gram : float64 array (f,)
        The diagonal of :math:`Y^T Y`: its eigenvalues.
    penalties : float64 array (n,)
        :math:`\lambda_u` of each row, above 0.
    solved : floating array (n, f)
        Where to begin, in the same basis; overwritten by the vectors found. Products are taken in its
        precision and added up in double: float32 for a step among many, float64 for exact vectors.
    alpha : float
        An entry counts `unobserved` + `alpha` * weight.
    unobserved : float
        What a pair without an entry counts: 1 in Hu et al. 2008.
    tolerance : float
        By how much a row's part of the objective may exceed its least, as a share of what the row's entries
        count: of what they would cost without any vector.
    threads : int
        How many share the rows. Each row is solved by one alone.

    Notes
    -----
    With w the entries' `alpha` * weight, the row's vector solves

    .. math:: (A + Y_u^T \mathrm{diag}(w) Y_u) x = Y_u^T (\text{unobserved} + w), \quad
        A = \text{unobserved} \cdot Y^T Y + \lambda_u I

    where A is diagonal. Conjugate gradients preconditioned by A cost 2 f multiply-adds an entry and step, no
    f x f matrix at all, and end in at most h + 1 steps for a row of h entries. What is left after a step
    exceeds the least objective by no more than :math:`r^T A^{-1} r`, with r the residual.
    """
    work = weights.indptr + np.arange(len(weights.indptr)) * TILE
    cuts = np.unique(np.searchsorted(work, np.linspace(0, work[-1], 64 * threads + 1)))
    tables = weights.indptr, weights.indices, weights.data, fixed, read_only(gram), penalties
    numbers = float(alpha), float(unobserved), float(tolerance)
    parts = [(first, last, *tables, solved, *numbers) for first, last in pairwise(cuts)]
    in_threads(_solve, parts, threads)


def _parts(n: int) -> list[slice]:
    return [slice(start, start + PART) for start in range(0, n, PART)]


@compiled
def _gram(factors):
    """FᵀF (f, f) in double precision; each of its rows takes BLOCK rows of `factors` at once."""
    n, f = factors.shape
    gram, block = np.zeros((f, f)), np.empty((BLOCK, f))
    for start in range(0, n, BLOCK):
        block[:] = 0
        for i in range(min(BLOCK, n - start)):
            block[i] = factors[start + i]
        for k in range(f):
            row = gram[k]
            for i in range(0, BLOCK, 4):
                a, b, c, d = block[i], block[i + 1], block[i + 2], block[i + 3]
                s, t, u, v = a[k], b[k], c[k], d[k]
                for m in range(k, f):
                    row[m] += (s * a[m] + t * b[m]) + (u * c[m] + v * d[m])
    for k in range(f):
        gram[k:, k] = gram[k, k:]
    return gram


@compiled
def _turn(factors, rotation):
    """Each row x becomes x @ `rotation`, in place; BLOCK rows take four of the rotation's at once."""
    n, f = factors.shape
    row, block = np.empty((BLOCK, f)), np.empty((BLOCK, f))
    for start in range(0, n, BLOCK):
        here = min(BLOCK, n - start)
        block[:] = 0
        for i in range(here):
            row[i] = factors[start + i]
        for k in range(0, f, 4):
            for i in range(here):
                add_rows(rotation[k : k + 4], row[i, k : k + 4], block[i])
        for i in range(here):
            factors[start + i] = block[i]


@compiled
def _eigen(matrix):
    """Eigenvalues (f,) and eigenvectors, as columns (f, f), of a symmetric matrix without negative ones.

    Jacobi's rotations, one-sided, until all rows of Vᵀ `matrix` are orthogonal: they are then the
    eigenvectors times their eigenvalues (Golub & Van Loan, section 8.6.3). Later epochs begin near the end:
    at the optimum the Gram matrices of both sides are equal, so the basis of one is nearly that of the other.
    """
    f = len(matrix)
    turned, vectors = matrix.copy(), np.eye(f)  # as rows
    negligible = 1e-30 * (matrix**2).sum()
    rotated = True
    while rotated:
        rotated = False
        for p in range(f):
            for q in range(p + 1, f):
                a, b = turned[p], turned[q]
                one, other, both = dot(a, a), dot(b, b), dot(a, b)
                if both * both <= ORTHOGONAL * one * other or abs(both) <= negligible:
                    continue
                rotated = True
                ratio = (other - one) / (2 * both)
                tangent = (1.0 if ratio >= 0 else -1.0) / (abs(ratio) + np.sqrt(1 + ratio * ratio))
                cosine = 1 / np.sqrt(1 + tangent * tangent)
                _rotate(a, b, cosine, tangent * cosine)
                _rotate(vectors[p], vectors[q], cosine, tangent * cosine)
    return np.array([max(dot(turned[k], vectors[k]), 0.0) for k in range(f)]), vectors.T.copy()


@compiled
def _rotate(a, b, cosine, sine):
    for k in range(len(a)):
        one, other = a[k], b[k]
        a[k] = cosine * one - sine * other
        b[k] = sine * one + cosine * other


@compiled
def _solve(
    first, last, indptr, indices, weights, fixed, gram, penalties, solved, alpha, unobserved, tolerance
):
    f, kind = solved.shape[1], solved.dtype
    x, residual, ahead, direction, image = np.empty(f), np.empty(f), np.empty(f), np.empty(f), np.empty(f)
    rounded, part = np.empty(f, kind), np.empty(f, kind)
    tile, counts = np.empty((NEAR, f), kind), np.empty(TILE, kind)
    for row in range(first, last):
        begin, end = indptr[row], indptr[row + 1]
        if begin == end:
            solved[row] = 0
            continue
        diagonal = unobserved * gram + penalties[row]
        x[:] = solved[row]
        direction[:] = x
        least, excess = 0.0, 0.0
        for step in range(STEPS + 1):
            # The entries' part of the product with `direction`; at first, that of the residual at x.
            image[:] = 0
            rounded[:] = direction
            for start in range(begin, end, TILE):
                n = min(TILE, end - start)
                place = start - begin if end - begin <= NEAR else 0
                rows = tile[place : place + n]
                if step == 0 or end - begin > NEAR:
                    for i in range(n):
                        source, target = fixed[indices[start + i]], rows[i]
                        for k in range(f):
                            target[k] = source[k]
                for i in range(n):
                    extra = alpha * weights[start + i]
                    counts[i] = extra * dot(rows[i], rounded)
                    if step == 0:
                        counts[i] = unobserved + extra - counts[i]
                        least += tolerance * (unobserved + extra)
                part[:] = 0
                add_rows(rows, counts[:n], part)
                for k in range(f):
                    image[k] += part[k]
            if step == 0:
                for k in range(f):
                    residual[k] = image[k] - diagonal[k] * x[k]
                    ahead[k] = residual[k] / diagonal[k]
                direction[:] = ahead
                excess = dot(residual, ahead)
            else:
                for k in range(f):
                    image[k] += diagonal[k] * direction[k]
                length = excess / dot(direction, image)
                for k in range(f):
                    x[k] += length * direction[k]
                    residual[k] -= length * image[k]
                    ahead[k] = residual[k] / diagonal[k]
                before, excess = excess, dot(residual, ahead)
                for k in range(f):
                    direction[k] = ahead[k] + excess / before * direction[k]
            if excess <= least:
                break
        solved[row] = x
