"""A split that comes with the data, as visible and hidden files."""

import numpy as np
from scipy.sparse import csr_array

from songrec.data.interactions import Interactions, codes_of
from songrec.errors import DataError
from songrec.splits.contract import Split, check_shares, held_out, keep, scattered
from songrec.splits.weak import draw_shares


def given(
    train: Interactions | None,
    visible: Interactions,
    hidden: Interactions,
    found: Interactions | None = None,
    *,
    validation: float = 0.1,
    refit: bool = True,
    seed: int = 0,
) -> Split:
    """Test on `hidden`; everything else may be learnt from.

    Parameters
    ----------
    train : Interactions, optional
        Histories of further users, or of the same users.
    visible : Interactions
        The known half of the test users.
    hidden : Interactions
        What is to be found. Users and songs of the split are the union of all parts.
    found : Interactions, optional
        What is to be found on validation, where the split brings that too.
    validation : float
        Share of each user's visible songs held out for validation, where it does not.
    refit : bool
        Whether the final fit, and the fold-in of the test, include what was held out for validation.
    seed : int
        Of the validation's draws.

    Raises
    ------
    DataError
        When a hidden triplet is also known, or one of the validation is known or hidden, when visible and
        hidden share no user, or when no hidden song is known, be it from `visible` or from `train`.

    Notes
    -----
    Without `found`, validation is carved from `visible`, by the rule of `weak`: a user with n visible songs
    has int(validation * n) of them held out, or one where that is nothing for everybody. Training has the
    rest of `visible` and all of `train` (of a pair in both, the larger count); test folds in all that is
    known of the user, validation's part included unless `refit` says otherwise. A hidden user of whom nothing
    is known is kept: the fold-in is empty.

    Examples
    --------
    Six users before (1 visible, 2 hidden) and after (see `Split.sketch`):

    >>> both = np.array([[1, 1, 2, 2], [1, 0, 1, 2], [0, 1, 1, 2], [1, 1, 0, 2], [1, 1, 2, 0], [1, 2, 0, 1]])
    >>> users, songs = np.array([list("abcdef")] * 4).T, np.array([list("wxyz")] * 6)
    >>> visible, hidden = (
    ...     Interactions.from_triplets(users[both == half], songs[both == half], both[both == half])
    ...     for half in (1, 2)
    ... )
    >>> print(given(None, visible, hidden, validation=0.5).sketch())
    a v 1 T T
    b 1 · v T
    c · v 1 T
    d v 1 · T
    e 1 v T ·
    f 1 T · v
    """
    check_shares(validation=validation)
    _check_shared(train, visible, hidden)
    logs = [log for log in (visible, hidden, train, found) if log is not None]
    user_ids = _union([log.user_ids for log in logs])
    song_ids = _union([log.song_ids for log in logs])
    coded = {id(log): _recoded(log, user_ids, song_ids) for log in logs}
    seen, wanted = coded[id(visible)], coded[id(hidden)]
    known = seen if train is None else seen.maximum(coded[id(train)])
    _check_unknown(known, wanted, "hidden", "known", user_ids, song_ids)
    if found is None:
        marked = keep(seen, *draw_shares(seen, seed, validation))
        carved = known.multiply(marked.astype(bool))
        learnt = known - carved
        learnt.eliminate_zeros()
    else:
        learnt, carved = known, coded[id(found)]
        _check_unknown(known, carved, "validation", "known", user_ids, song_ids)
        _check_unknown(wanted, carved, "validation", "hidden", user_ids, song_ids)
        known = known.maximum(carved)
    folded_in = known if refit else learnt
    parts = held_out(learnt, carved), held_out(folded_in, wanted)
    return Split("predefined", seed, user_ids, song_ids, learnt, *parts, refit)


def _union(ids: list[np.ndarray]) -> np.ndarray:
    return np.unique(np.concatenate(ids))


def _recoded(log: Interactions, user_ids: np.ndarray, song_ids: np.ndarray) -> csr_array:
    """The log's plays with codes into longer id arrays (both sorted, so that rows stay canonical)."""
    songs = codes_of(song_ids, log.song_ids)
    shape = (log.n_users, len(song_ids))
    renamed = csr_array((log.plays.data, songs[log.plays.indices], log.plays.indptr), shape=shape)
    return scattered(renamed, codes_of(user_ids, log.user_ids), len(user_ids))


def _check_shared(train: Interactions | None, visible: Interactions, hidden: Interactions) -> None:
    """Users must be known from `visible`; songs may be known from the training log alone."""
    songs = visible.song_ids if train is None else _union([visible.song_ids, train.song_ids])
    among = "the visible" if train is None else "the visible file with the training log"
    for name, known, a, b in (
        ("user", "the visible", visible.user_ids, hidden.user_ids),
        ("song", among, songs, hidden.song_ids),
    ):
        if not len(np.intersect1d(a, b)):
            raise DataError(
                f"{known} and the hidden file share no {name} ({len(a)} and {len(b)} {name}s): "
                "are they halves of the same log, with their columns in the same order?"
            )


def _check_unknown(
    known: csr_array, hidden: csr_array, what: str, also: str, user_ids: np.ndarray, song_ids: np.ndarray
) -> None:
    both = known.multiply(hidden.astype(bool)).tocoo()
    if both.nnz:
        raise DataError(
            f"{both.nnz} {what} triplets are also {also}, the first one user {user_ids[both.row[0]]}, song "
            f"{song_ids[both.col[0]]}: remove them from one side, else a model is shown what it must find"
        )
