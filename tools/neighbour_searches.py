"""How long the 100 nearest songs of every song take, by cosine, beside other libraries: `make bench`.

songrec alone settles ties by rule, on exact ratios; the others keep whichever of tied songs they meet, so
what must agree are the similarities, summed over all. All use two threads. What each needs in its own form
is made before the clock starts.

sparse_dot_topn is not part of this project's environment; the others are.

    python -m venv build/topn && build/topn/bin/pip install sparse_dot_topn==1.2.0
    python tools/neighbour_searches.py --with sparse_dot_topn=build/topn/bin/python
"""

import sys
from collections.abc import Callable

import numpy as np
import side_by_side
from scipy.sparse import csr_array, csr_matrix, load_npz

K, THREADS = 100, 2


def songrec(songs) -> Callable:
    """The project's own."""
    from songrec.similarity import neighbours

    songs = csr_array(songs)
    neighbours(songs[:10], 2)  # compiled, or read from where compiled loops are kept
    return lambda: neighbours(songs, K, threads=THREADS)


def similaripy(songs) -> Callable:
    """C++ and OpenMP."""
    import similaripy

    return lambda: similaripy.cosine(songs, k=K + 1, verbose=False, num_threads=THREADS)


def implicit(songs) -> Callable:
    """C++ and Cython's threads; weights of unit length, so that products are cosines."""
    from implicit.nearest_neighbours import all_pairs_knn

    unit = csr_matrix(_unit(songs))
    return lambda: all_pairs_knn(unit.T.tocsr(), K=K + 1, num_threads=THREADS)


def sparse_dot_topn(songs) -> Callable:
    """C++ and OpenMP."""
    from sparse_dot_topn import sp_matmul_topn

    unit = csr_matrix(_unit(songs))
    turned = unit.T.tocsr()
    return lambda: sp_matmul_topn(unit, turned, top_n=K + 1, n_threads=THREADS)


def _unit(songs):
    unit = songs.astype(np.float32)
    unit.data = np.repeat(1 / np.sqrt(np.maximum(np.diff(songs.indptr), 1)), np.diff(songs.indptr))
    return unit


SEARCHES = {each.__name__: each for each in (songrec, similaripy, implicit, sparse_dot_topn)}


def once(name: str, file: str) -> dict:
    """What one run took, and the sum of the similarities."""
    heard = csr_array(load_npz(file))
    heard.data = np.ones(heard.nnz, np.float32)
    try:
        work = SEARCHES[name](heard.T.tocsr())
    except ImportError as error:
        return {"missing": str(error)}
    cost, found = side_by_side.once(name, work)
    found = csr_array(found)
    found.setdiag(0)  # a song is none of its neighbours
    found.eliminate_zeros()
    return cost | {"entries": int(found.nnz), "result": f"{found.data.sum(dtype=np.float64):.4g}"}


if __name__ == "__main__":
    about = "The nearest songs of every song, side by side."
    sys.exit(side_by_side.main(sys.argv[1:], __file__, about, list(SEARCHES), once, 3))
