"""The regressions of `songrec.models.fs_slim`: systems built from counts and solved by a compiled loop."""

import numpy as np
from scipy.sparse import coo_array, csr_array, eye_array

from songrec.errors import DataError
from songrec.kernels.compiled import compiled
from songrec.kernels.threads import in_threads
from songrec.similarity.groups import common_listeners_in_groups, parts


def regressions(binary: csr_array, near: csr_array, penalty: np.ndarray, threads: int = 0) -> csr_array:
    """Each song regressed on its neighbours: B of `FsSLIM`.

    Parameters
    ----------
    binary : csr_array (n_users, n)
        Who heard what.
    near : csr_array (n, n)
        In each row the neighbours of that song, itself not among them.
    penalty : float64 array (n,), above 0
        On the squared weights of each song.
    threads : int
        0: as many as BLAS may use; the result does not depend on it.

    Returns
    -------
    csr_array (n, n)
        Weights, float32: column i those of the neighbours of song i, columns ascending.

    Raises
    ------
    DataError
        For penalties so small that songs with the same listeners cannot be told apart.
    """
    n, weights, songs, targets = near.shape[0], [], [], []
    for found in common_listeners_in_groups(near + eye_array(n, dtype=np.int8), binary, threads):
        part = np.empty(len(found.songs), np.float32)
        tables = found.starts, found.songs, found.groups, found.cells, found.counts, penalty, part
        in_threads(lambda *rows, tables=tables: _solve(*rows, *tables), parts(found.cells), threads)
        weights.append(part)
        songs.append(found.songs)
        targets.append(np.repeat(found.groups, np.diff(found.starts)))
    weights, songs, targets = (np.concatenate(pieces) for pieces in (weights, songs, targets))
    if not np.isfinite(weights).all():
        raise DataError(
            f"FsSLIM: songs with the same listeners cannot be told apart with l2 {penalty.min():g}: raise it"
        )
    result = coo_array((weights, (songs, targets)), shape=near.shape).tocsr()
    result.eliminate_zeros()  # what songs say of themselves
    return result


@compiled
def _solve(first, last, group_starts, members, own, cells, counts, penalty, weights):
    """Weights of the groups from `first` to `last`: Gauss' elimination in the upper triangle.

    Its pivots are those of Cholesky's factor, squared: none needs an exchange of rows. The right-hand side is
    the last column. Four rows are taken off at once, in a fixed order.
    """
    largest = 0
    for group in range(first, last):
        largest = max(largest, group_starts[group + 1] - group_starts[group])
    system = np.empty((largest, largest))
    solution = np.empty(largest)
    for group in range(first, last):
        start = group_starts[group]
        n = group_starts[group + 1] - start - 1
        place = 0
        while members[start + place] != own[group]:
            place += 1
        cell = cells[group]
        for i in range(n + 1):
            row = i - (i > place)
            for j in range(i, n + 1):
                if i == place:
                    if j > i:
                        system[j - 1, n] = counts[cell]
                elif j == place:
                    system[row, n] = counts[cell]
                else:
                    system[row, j - (j > place)] = counts[cell]
                cell += 1
            if i != place:
                system[row, row] += penalty[members[start + i]]
        for j in range(n):
            rest = system[j, j : n + 1]
            i = 0
            while i + 4 <= j:
                a, b, c, d = system[i], system[i + 1], system[i + 2], system[i + 3]
                by_a, by_b, by_c, by_d = a[j] / a[i], b[j] / b[i + 1], c[j] / c[i + 2], d[j] / d[i + 3]
                a, b, c, d = a[j:], b[j:], c[j:], d[j:]
                for k in range(n + 1 - j):
                    rest[k] -= by_a * a[k] + by_b * b[k] + by_c * c[k] + by_d * d[k]
                i += 4
            while i < j:
                a = system[i, j : n + 1]
                by_a = a[0] / system[i, i]
                for k in range(n + 1 - j):
                    rest[k] -= by_a * a[k]
                i += 1
        for i in range(n - 1, -1, -1):
            value = system[i, n]
            for j in range(i + 1, n):
                value -= system[i, j] * solution[j]
            solution[i] = value / system[i, i]
        for i in range(n):
            weights[start + i + (i >= place)] = solution[i]
        weights[start + place] = 0
