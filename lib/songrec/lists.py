"""Top-N lists: what a model recommends to each user, as arrays that travel between stages."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from songrec.arrays import load_arrays, save_arrays
from songrec.errors import DataError

NOTHING = -1
"""Stands in a list where the model had nothing (more) to recommend."""


@dataclass(frozen=True)
class TopN:
    """Ranked lists, best first.

    Attributes
    ----------
    users : int32 array (n_users,)
        Codes of the users in the split.
    songs : int32 array (n_users, n)
        Song codes; `NOTHING` fills the end of a list that is shorter than n.
    scores : float32 array (n_users, n)
        On the model's own scale; -inf where there is no song.
    """

    users: np.ndarray
    songs: np.ndarray
    scores: np.ndarray

    @property
    def n(self) -> int:
        return self.songs.shape[1]

    def save(self, folder: Path) -> None:
        """Save as plain arrays into a folder."""
        save_arrays(folder, {"users": self.users, "songs": self.songs, "scores": self.scores})

    @classmethod
    def load(cls, folder: Path) -> "TopN":
        """Load memory-mapped what `save` wrote."""
        arrays, _ = load_arrays(folder)
        if set(arrays) != {field.name for field in fields(cls)}:
            raise DataError(f"{folder} holds no lists: {', '.join(arrays)}. Delete it and make it again.")
        return cls(**arrays)


class Cap:
    """How many more songs of each artist may pass.

    Parameters
    ----------
    artists : int array (n_songs,), optional
        A code for each song's artist, `NOTHING` where it is not known: such songs always pass.
    cap : int
        Songs of an artist; 0: any number.
    """

    def __init__(self, artists: np.ndarray | None, cap: int):
        self.artists, self.cap = artists, cap if artists is not None else 0
        self.counts: dict[int, int] = {}

    def passing(self, songs: np.ndarray, n: int) -> np.ndarray:
        """Places of the first n of these songs that may pass."""
        if not self.cap:
            return np.arange(min(n, len(songs)))
        counts, keep = dict(self.counts), []
        for place, artist in enumerate(self.artists[songs].tolist()):
            if artist == NOTHING or counts.get(artist, 0) < self.cap:
                counts[artist] = counts.get(artist, 0) + 1
                keep.append(place)
                if len(keep) == n:
                    break
        return np.array(keep, int)

    def count(self, songs: np.ndarray) -> None:
        """These have passed."""
        for artist in self.artists[songs].tolist() if self.cap else ():
            self.counts[artist] = self.counts.get(artist, 0) + 1
