"""Which of a listener's songs led to a song: their parts of its score."""

from functools import singledispatch

import numpy as np
from scipy.sparse import csr_array

from songrec.models import ALS, BPR, Blend, Hybrid, Popularity, Recommender, UserKNN
from songrec.models.als import UNOBSERVED
from songrec.models.factors import Factorised
from songrec.models.members import max_normalised
from songrec.models.neighbours import SongNeighbours
from songrec.models.song_weights import SongWeights
from songrec.models.weighting import WEIGHTINGS, Typical

LONGEST = 32
"""Songs of a history up to which each is left out once, where the model's own sum says nothing."""


@singledispatch
def contributions(
    model: Recommender, fold_in: csr_array, user: int, songs: np.ndarray
) -> tuple[np.ndarray, bool]:
    """What each song of a fold-in adds to the score of each listed song.

    Parameters
    ----------
    model : Recommender
        Fitted.
    fold_in : csr_array (1, n_songs)
        The listener's h songs, as `Recommender.row_of` gives them.
    user : int
        Row of the listener in the matrix fitted on, -1 for a new one.
    songs : int array (n,)
        Model's codes.

    Returns
    -------
    parts : float64 array (h, n)
        In the order of the fold-in's songs.
    exact : bool
        Whether they are terms of the model's own sum; else they are what the score loses without the song.
    """
    h = fold_in.nnz
    if not h or h > LONGEST:
        return np.zeros((h, len(songs))), False
    there = ~np.eye(h + 1, h, dtype=bool)  # each without one of the songs, and the last one whole
    data, indices = (np.broadcast_to(part, there.shape)[there] for part in (fold_in.data, fold_in.indices))
    ends = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    without = csr_array((data, indices, ends), shape=(h + 1, fold_in.shape[1]))
    scores = _dense(model, without, np.full(h + 1, user))[:, songs]
    return np.where(scores[:-1] > -np.inf, scores[-1] - scores[:-1], scores[-1]), False


@contributions.register
def _(model: Popularity, fold_in, user, songs):
    return np.zeros((fold_in.nnz, len(songs))), True


@contributions.register
def _(model: SongWeights, fold_in, user, songs):
    encoded = model._encode_users(fold_in, np.array([user]))
    return encoded.data[:, None] * model.weights_[np.ix_(encoded.indices, songs)].astype(np.float64), True


@contributions.register
def _(model: SongNeighbours, fold_in, user, songs):
    encoded = model._encode_users(fold_in, np.array([user]))
    rows = model._rows()[encoded.indices][:, songs].toarray()
    return encoded.data[:, None] * rows.astype(np.float64), True


@contributions.register
def _(model: UserKNN, fold_in, user, songs):
    """A neighbour's vote belongs to the songs in common, as they make up the similarity."""
    votes = model._encode_users(fold_in, np.array([user]))
    asking = WEIGHTINGS[model.weighting_](fold_in, Typical(model.rarity_, model.typical_plays_))
    common = model.listeners_[fold_in.indices][:, votes.indices].toarray().astype(np.float64)
    common *= asking.data[:, None]
    total = common.sum(axis=0)
    heard = model.heard_[votes.indices][:, songs].toarray() * votes.data[:, None]
    return (common / np.where(total > 0, total, 1)) @ heard, True


@contributions.register
def _(model: Factorised, fold_in, user, songs):
    """A user who is a multiple of the sum of the songs heard: each song's vector, times that number."""
    whole = model._encode_users(fold_in, np.array([user]))[0]
    each = model._encode_users(_singles(fold_in), np.full(fold_in.nnz, -1))
    total = each.sum(axis=0)
    scale = float(whole @ total) / max(float(total @ total), 1e-300)
    exact = bool(
        np.abs(whole - scale * total).max(initial=0) <= 1e-6 * max(np.abs(whole).max(initial=0), 1e-12)
    )
    if not exact:
        return contributions.dispatch(Recommender)(model, fold_in, user, songs)
    return scale * each @ model.song_factors_[songs].astype(np.float64).T, True


@contributions.register
def _(model: BPR, fold_in, user, songs):
    """The songs' part; what is left of a score is the song's own bias."""
    each = model._encode_users(_singles(fold_in), np.full(fold_in.nnz, -1))[:, :-1] / np.sqrt(
        max(fold_in.nnz, 1)
    )
    return each @ model.song_factors_[songs, :-1].astype(np.float64).T, True


@contributions.register
def _(model: ALS, fold_in, user, songs):
    r""":math:`\text{score}(u, i) = \sum_j c_{uj} \, y_i^T A_u^{-1} y_j`, A the matrix of a user's equation.

    Hu, Koren & Volinsky 2008, section 5.
    """
    entries = model._weights(fold_in)
    heard = model.song_factors_[entries.indices].astype(np.float64)
    extra = model.extra_confidence_ * entries.data.astype(np.float64)
    # A is a matrix with known eigenvectors and, by as many terms as songs were heard, more (Woodbury).
    diagonal = UNOBSERVED * model.gram_ + model.penalty_ * model._frequencies(entries)[0]
    heard, listed = heard @ model.basis_, model.song_factors_[songs].astype(np.float64) @ model.basis_
    among, to = (heard / diagonal) @ heard.T, (heard / diagonal) @ listed.T
    solved = np.linalg.solve(np.eye(len(extra)) + among * extra, to)
    return (UNOBSERVED + extra)[:, None] * solved, True


@contributions.register
def _(model: Blend, fold_in, user, songs):
    if model.by != "score":
        return contributions.dispatch(Recommender)(model, fold_in, user, songs)
    weights, total, exact = model.weights or dict.fromkeys(model.members_, 1.0), 0.0, True
    for label, weight in weights.items():
        if weight:
            parts, sure = _of_member(model, label, fold_in, user, songs)
            total, exact = total + weight * parts, exact and sure
    return total, exact


@contributions.register
def _(model: Hybrid, fold_in, user, songs):
    """The model's part; what is left of a score is popularity's."""
    (label,) = model.members_
    parts, exact = _of_member(model, label, fold_in, user, songs)
    return parts * fold_in.nnz / max(fold_in.nnz + model.kappa, 1e-300), exact


def _of_member(model, label: str, fold_in, user: int, songs: np.ndarray) -> tuple[np.ndarray, bool]:
    """A member's contributions, divided as its scores are."""
    scores = _dense(model.members_[label], fold_in, np.array([user]))
    seen = fold_in.toarray() > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(np.isfinite(scores), max_normalised(scores, seen) / scores, 0)[0, songs]
    member = model.members_[label]
    row = member.row_of(fold_in.indices, fold_in.data)
    parts, exact = contributions(member, row, user, songs)
    return parts * np.nan_to_num(scale), exact


def _singles(fold_in: csr_array) -> csr_array:
    """One row for each song of a row, with that song alone."""
    h = fold_in.nnz
    return csr_array((fold_in.data, fold_in.indices, np.arange(h + 1)), shape=(h, fold_in.shape[1]))


def _dense(model: Recommender, fold_in: csr_array, users: np.ndarray) -> np.ndarray:
    """All scores (n, n_songs), float64, -inf where there is no evidence."""
    found = model._scores(model.encode(fold_in, users), model.n_songs_)
    if isinstance(found, np.ndarray):
        return found.astype(np.float64)
    dense = np.full(found.shape, -np.inf)
    dense[np.repeat(np.arange(found.shape[0]), np.diff(found.indptr)), found.indices] = found.data
    return dense
