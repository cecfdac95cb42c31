"""Near matches for an id that does not exist."""

import difflib

import numpy as np

_CANDIDATES = 50
_CLOSE = 0.7


def near_ids(ids: np.ndarray, wanted: str, n: int = 3) -> list[str]:
    """Up to `n` ids that look like `wanted`, nearest first.

    Parameters
    ----------
    ids : array of str
        The ids there are.
    wanted : str
        The id that was asked for.
    n : int
        How many are returned at most.

    Notes
    -----
    Equal letters are counted for all ids at once, as they stand and shifted by one place either way (a letter
    too many or too few); only the best few are then compared by `difflib`.

    Examples
    --------
    >>> near_ids(np.array(["SOABC", "SOXYZ", "SOZZZ"]), "SOABD")
    ['SOABC']
    """
    width = ids.dtype.itemsize // 4
    if not len(ids) or not width or not wanted:
        return []
    letters = np.ascontiguousarray(ids).view(np.uint32).reshape(len(ids), width)
    asked = np.zeros(width + 2, np.uint32)
    typed = np.frombuffer(wanted[:width].encode("utf-32-le", "surrogatepass"), np.uint32)
    asked[1 : 1 + len(typed)] = typed
    equal = np.zeros(len(ids), np.int64)
    for shift in range(3):
        equal += ((letters == asked[shift : shift + width]) & (letters != 0)).sum(axis=1)
    best = np.argsort(-equal, kind="stable")[:_CANDIDATES]
    return difflib.get_close_matches(wanted, ids[best].tolist(), n=n, cutoff=_CLOSE)
