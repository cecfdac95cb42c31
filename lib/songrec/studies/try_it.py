"""A model small enough for a page: its strongest item weights as whole numbers, with the titles."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, issparse

from songrec.csr import column_counts
from songrec.data import Catalogue, codes_of
from songrec.evaluation import score_lists, summarise
from songrec.lists import NOTHING
from songrec.models import Recommender
from songrec.models.item_weights import weights_of
from songrec.ranking import best_in_rows, binarised, positive_only, weighted_sum
from songrec.splits import HeldOut, Split
from songrec.studies.stacked import ESTIMATE, stacked

LARGEST = 127
"""The largest weight, in units: a weight is one signed byte."""

CALLED = "songbookTryIt"
"""What the file calls in the browser, with all that it holds."""


@dataclass(frozen=True)
class SmallModel:
    """Item weights that are whole numbers.

    Attributes
    ----------
    label : str
        The model that they are of.
    model : Recommender
        That model, as it was fitted.
    songs : int array (n,)
        Codes of the songs in the model that it is made of, the most heard first.
    weights : csr_array (n, n)
        Whole numbers from -127 to 127, float32; row j holds what song j says of the others.
    unit : float
        The weight that 1 stands for.
    """

    label: str
    model: Recommender
    songs: np.ndarray
    weights: csr_array
    unit: float

    def recommend(self, fold_in: csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` best songs for each user, as `Recommender.recommend` gives them, ties to the more heard.

        Sums of whole numbers are exact in single precision for whoever has heard up to 130,000 of the songs,
        so that the lists are the same wherever they are computed.
        """
        heard = binarised(binarised(fold_in)[:, self.songs])
        places, sums = best_in_rows(positive_only(weighted_sum(heard, self.weights)), k, heard)
        return np.append(self.songs, NOTHING)[places].astype(np.int32), sums


def choose(models: Mapping[str, Recommender], values: Mapping[str, float | None]) -> str:
    """The label of the model that is best on validation among those with item weights; empty for none.

    Where nothing was searched it is the first of them.
    """
    having = [label for label, model in models.items() if weights_of(model) is not None]
    searched = [label for label in having if values[label] is not None]
    return max(searched, key=values.__getitem__) if searched else next(iter(having), "")


def make(
    models: Mapping[str, Recommender],
    tuned: Mapping[str, Mapping[str, Any]],
    split: Split,
    n_songs: int,
    n_weights: int,
) -> SmallModel | None:
    """The small model of the best that has item weights (`choose`); None where none has.

    Parameters
    ----------
    models : mapping
        Label -> model, fitted.
    tuned : mapping
        Label -> what the search found, with the `value` on validation where there was one.
    split : Split
        Its final training part is what the models were fitted on.
    n_songs, n_weights : int
        As for `small_model`.
    """
    label = choose(models, {label: found.get("value") for label, found in tuned.items()})
    return small_model(label, models[label], split.final_train(), n_songs, n_weights) if label else None


def small_model(label: str, model: Recommender, train: csr_array, n_songs: int, n_weights: int) -> SmallModel:
    """The strongest weights among the most heard songs.

    Parameters
    ----------
    label : str
        The model's name.
    model : Recommender
        One with item weights.
    train : csr_array (n_users, songs)
        What it was fitted on: its most heard songs are kept, of those that anybody has heard (ties by code).
    n_songs : int
        How many songs are kept, at most.
    n_weights : int
        How many weights are kept, of all the largest in absolute value: that keeps more of the lists than as
        many of each song.
    """
    listeners = column_counts(train)
    songs = np.argsort(-listeners, kind="stable")[: min(n_songs, np.count_nonzero(listeners))]
    found = weights_of(model)
    among = csr_array(found[songs][:, songs]) if issparse(found) else np.asarray(found[np.ix_(songs, songs)])
    sizes = np.abs(among.data if issparse(among) else among.ravel())
    if (over := len(sizes) - n_weights) > 0:
        least = np.partition(sizes, over)[over]
        among = among * (abs(among) >= least)
    kept = csr_array(among, dtype=np.float64)
    unit = float(np.abs(kept.data).max(initial=0) / LARGEST) or 1.0
    kept.data = np.rint(kept.data / unit)
    kept.eliminate_zeros()
    kept.sort_indices()
    return SmallModel(label, model, songs.astype(np.int32), csr_array(kept, dtype=np.float32), unit)


def agreement(small: SmallModel | None, tested: HeldOut, k: int, n_users: int) -> pd.DataFrame:
    """How much of a model's lists the small one keeps, for the first `n_users` of a part.

    Returns
    -------
    DataFrame
        lists, metric, k, value, se, ci_low, ci_high, n_users. Of `both` lists the overlap, the share of the
        model's list that the small one's holds as well; of each, `model` and `small`, the precision.
    """
    columns = f"lists metric k {ESTIMATE}"
    if small is None:
        return stacked([], columns)
    fold_in, holdout, users = (part[:n_users] for part in (tested.fold_in, tested.holdout, tested.users))
    whole = small.model.recommend(fold_in, k, users=users)[0]
    page = small.recommend(fold_in, k)[0]
    shared = ((whole[:, :, None] == page[:, None, :]) & (whole >= 0)[:, :, None]).sum(axis=(1, 2))
    listed = (whole >= 0).sum(axis=1)
    scored = {"both": pd.DataFrame({f"overlap@{k}": shared[listed > 0] / listed[listed > 0]})}
    for name, songs in (("model", whole), ("small", page)):
        scored[name] = score_lists(songs, holdout, k, users, ["precision"])
    return stacked([summarise(values).assign(lists=name) for name, values in scored.items()], columns)


def as_script(small: SmallModel | None, song_ids: np.ndarray, catalogue: Catalogue) -> str:
    """The model as a page loads it: JavaScript that calls `CALLED` with titles, artists and weights.

    A script and no binary file, since a page that is opened from a disk may load scripts only. Arrays are
    base64 of little-endian numbers: `ends` (uint32) of each row in `columns` (uint16, or uint32 for more than
    65,536 songs) and `values` (int8). Without a model there is only a comment.
    """
    if small is None:
        return "// There is no model to try.\n"
    ids = song_ids[small.songs]
    known = np.append(catalogue.title, None)[codes_of(catalogue.song_ids, ids)]
    artists = catalogue.artists(ids)
    names = list(dict.fromkeys(artist for artist in artists if artist))
    place = {name: number for number, name in enumerate(names)}
    whole = {
        "titles": [title or str(song) for title, song in zip(known, ids, strict=True)],
        "artists": names,
        "artist": [place.get(artist, -1) for artist in artists],
        "ends": _base64(small.weights.indptr[1:], "<u4"),
        "columns": _base64(small.weights.indices, "<u2" if len(ids) <= 1 << 16 else "<u4"),
        "values": _base64(small.weights.data, "i1"),
    }
    return f"{CALLED}({json.dumps(whole, ensure_ascii=False, separators=(',', ':'))});\n"


def _base64(numbers: np.ndarray, kind: str) -> str:
    return b64encode(numbers.astype(kind).tobytes()).decode("ascii")


def facts(small: SmallModel | None, passed_on: bool, script: str, all_songs: int) -> dict[str, Any]:
    """What the page states of the small model: its source, counts, and the size of its file in bytes.

    `absent` says why there is none, `licence` or `model`.
    """
    if small is None:
        return {"absent": "model" if passed_on else "licence"}
    return {
        "absent": "",
        "model": small.label,
        "songs": len(small.songs),
        "all_songs": all_songs,
        "weights": small.weights.nnz,
        "silent": int((np.diff(small.weights.indptr) == 0).sum()),
        "bytes": len(script.encode()),
    }
