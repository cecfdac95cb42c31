r"""Each held-out song against a hundred random ones: a shortcut that many papers take, and what it does.

Ranking the whole catalogue costs more than ranking one held-out song among a few songs drawn at random (He et
al. 2017). Krichene and Rendle 2020 show that the shortcut's numbers estimate another quantity, in which
differences near the top hardly count, so that it may put models in another order. Here both are computed
for the same songs, with the same metric, so that only the competitors differ.

Each held-out song is a question of its own, as in those papers: its rank is one more than the number of
competitors listed before it. The songs in the user's fold-in and the other songs in the holdout are no
competitors. A song that the model does not list has an infinite rank.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from songrec.csr import row_of_entries
from songrec.models.base import CELLS, Recommender, positive
from songrec.splits.contract import HeldOut


@dataclass(frozen=True)
class Questions:
    """Held-out songs and their competitors.

    Attributes
    ----------
    row : int64 array (m,)
        The user's row in `HeldOut`; ascending.
    song : int32 array (m,)
        The held-out song.
    negatives : int32 array (m, n)
        Songs the user has not heard, each once in a row; -1 where there are fewer.
    """

    row: np.ndarray
    song: np.ndarray
    negatives: np.ndarray


def some_users(held: HeldOut, n: int, seed: int) -> HeldOut:
    """At most `n` of the users, drawn at random and in their old order; all when there are no more."""
    positive("n", n)
    if n >= len(held.users):
        return held
    chosen = np.sort(np.random.default_rng(seed).choice(len(held.users), n, replace=False))
    return HeldOut(held.users[chosen], held.fold_in[chosen], held.holdout[chosen])


def draw_negatives(held: HeldOut, n: int, seed: int) -> Questions:
    """For each held-out song `n` songs that the user has not heard, uniformly and without replacement.

    Drawn once and shared by all models, so that these are compared on the same questions. A user who has
    fewer than `n` songs left meets all of them.
    """
    positive("n", n)
    generator = np.random.default_rng(seed)
    row, song = row_of_entries(held.holdout), held.holdout.indices.astype(np.int32)
    negatives = np.full((len(row), n), -1, np.int32)
    for user, (known, hidden) in enumerate(zip(_rows(held.fold_in), _rows(held.holdout), strict=True)):
        unheard = np.ones(held.holdout.shape[1], bool)
        unheard[known] = unheard[hidden] = False
        left = np.flatnonzero(unheard)
        for question in range(held.holdout.indptr[user], held.holdout.indptr[user + 1]):
            drawn = generator.choice(len(left), min(n, len(left)), replace=False, shuffle=False)
            negatives[question, : len(drawn)] = left[drawn]
    return Questions(row, song, negatives)


def ranks(model: Recommender, held: HeldOut, questions: Questions) -> tuple[np.ndarray, np.ndarray]:
    """Where the model ranks each held-out song: (among its sampled negatives, among all songs not heard).

    float64 (m,), from 1; inf for a song that the model does not list. The model ranks the catalogue once.
    """
    n_songs = held.holdout.shape[1]
    step = max(1, CELLS // n_songs)
    sampled, full = np.empty(len(questions.row)), np.empty(len(questions.row))
    for start in range(0, len(held.users), step):
        users = slice(start, start + step)
        lists, _ = model.recommend(held.fold_in[users], n_songs, users=held.users[users])
        place = _places(lists, n_songs)
        asked = slice(*np.searchsorted(questions.row, [start, start + step]))
        row, song = questions.row[asked] - start, questions.song[asked]
        own = place[row, song]
        before = (place[row[:, None], questions.negatives[asked]] < own[:, None]).sum(axis=1)
        sampled[asked] = np.where(own < n_songs, before + 1.0, np.inf)
        full[asked] = np.where(own < n_songs, own + 1.0 - _hidden_before(row, own), np.inf)
    return sampled, full


def accuracy(rank: np.ndarray, questions: Questions, users: np.ndarray, k: int) -> pd.DataFrame:
    """Per user the mean over the user's questions: float64, index `user`, columns `recall@k` (the song is
    within k places), `average_precision@k` (there, one over the rank), `ndcg@k` (one over log2(rank + 1)).

    >>> questions = Questions(np.array([0, 0, 1]), np.array([4, 5, 4]), np.zeros((3, 1), np.int32))
    >>> accuracy(np.array([1.0, 3.0, np.inf]), questions, np.array([8, 9]), k=2)["ndcg@2"].to_dict()
    {8: 0.5, 9: 0.0}
    """
    near = rank <= k
    asked = np.bincount(questions.row, minlength=len(users))
    gained = {"recall": near, "average_precision": near / rank, "ndcg": near / np.log2(rank + 1)}
    columns = {
        f"{name}@{k}": np.bincount(questions.row, weights=value, minlength=len(users)) / asked
        for name, value in gained.items()
    }
    return pd.DataFrame(columns, index=pd.Index(users, name="user"))


def unscored(rank: np.ndarray, questions: Questions, users: np.ndarray, k: int) -> pd.DataFrame:
    """Per user the share of the user's questions whose song the model does not list: `unscored@k`."""
    asked = np.bincount(questions.row, minlength=len(users))
    missing = np.bincount(questions.row, weights=np.isinf(rank), minlength=len(users))
    return pd.DataFrame({f"unscored@{k}": missing / asked}, index=pd.Index(users, name="user"))


def only(questions: Questions, kept: np.ndarray, users: np.ndarray) -> tuple[Questions, np.ndarray]:
    """These questions, and the users who have one, numbered anew.

    Parameters
    ----------
    questions : Questions
    kept : bool array (m,)
        Which questions stay.
    users : int array
        The user of each row.
    """
    rows, row = np.unique(questions.row[kept], return_inverse=True)
    return Questions(row, questions.song[kept], questions.negatives[kept]), users[rows]


def random_recall(questions: Questions, users: np.ndarray, k: int) -> float:
    """The recall@k that a random ranking would be expected to have among the sampled negatives."""
    competitors = (questions.negatives >= 0).sum(axis=1)
    expected = np.bincount(questions.row, weights=np.minimum(1, k / (competitors + 1)))
    return float(np.mean(expected / np.bincount(questions.row)))


def _places(lists: np.ndarray, n_songs: int) -> np.ndarray:
    """Place of every song in each list, from 0; n_songs where it is not listed. The last column: padding."""
    place = np.full((len(lists), n_songs + 1), n_songs, np.int32)
    every = np.arange(n_songs, dtype=np.int32)
    np.put_along_axis(place, lists.astype(np.int64) % (n_songs + 1), every[None, :], axis=1)
    place[:, -1] = n_songs
    return place


def _hidden_before(row: np.ndarray, place: np.ndarray) -> np.ndarray:
    """How many other held-out songs of the same user stand before each."""
    order = np.lexsort((place, row))
    first = np.searchsorted(row, row)
    before = np.empty(len(row), np.int64)
    before[order] = np.arange(len(row)) - first[order]
    return before


def _rows(matrix):
    return (matrix.indices[a:b] for a, b in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True))
