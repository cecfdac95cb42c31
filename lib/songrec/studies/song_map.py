"""A map of the songs, by what a model knows of them, and the neighbours of one artist."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from threadpoolctl import threadpool_limits

from songrec.csr import column_counts
from songrec.data import Catalogue
from songrec.models import Recommender
from songrec.models.item_weights import weights_of
from songrec.splits import Split

MAP = ["label", "artist", "listeners", "x", "y", "cluster"]
CLUSTERS = ["cluster", "name", "x", "y", "songs"]
NETWORK = ["name", "x", "y", "cosine", "near"]

FACTORS = 32
"""Numbers for each song, where they come from item weights."""

PERPLEXITY = 30
"""About how many neighbours of a song t-SNE keeps near it (van der Maaten & Hinton 2008)."""


def vectors(models: Mapping[str, Recommender], songs: np.ndarray) -> tuple[str, np.ndarray]:
    """Unit vectors of songs: the factors of the first model that has them, else of item weights.

    Returns
    -------
    label : str
        The model's; empty where none has either.
    vectors : float64 array (n, f)
        Rows of zeros stay zeros. Of item weights they are the left singular vectors times the singular
        values, which keep the rows' distances.
    """
    from sklearn.decomposition import TruncatedSVD

    for label, model in models.items():
        if (factors := getattr(model, "song_factors_", None)) is not None:
            return label, _unit(np.asarray(factors[songs], np.float64))
    for label, model in models.items():
        if (weights := weights_of(model)) is not None:
            rows = weights[songs].toarray() if issparse(weights) else np.asarray(weights[songs])
            factors = min(FACTORS, min(rows.shape) - 1)
            return label, _unit(TruncatedSVD(factors, random_state=0).fit_transform(rows.astype(np.float64)))
    return "", np.zeros((len(songs), 0))


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def song_map(
    models: Mapping[str, Recommender], split: Split, catalogue: Catalogue, n_songs: int, n_clusters: int = 10
) -> tuple[str, dict[str, pd.DataFrame]]:
    """The most heard songs on a plane, similar ones near each other, and what surrounds one artist.

    Parameters
    ----------
    models : mapping
        Label -> model, fitted: `vectors` takes one of them.
    split : Split
        Its training part counts listeners.
    catalogue : Catalogue
        Titles and artists.
    n_songs : int
        How many songs, at most.
    n_clusters : int
        Groups of songs that are near each other on the map, at most.

    Returns
    -------
    label : str
        The model's whose vectors were taken; empty where no map can be drawn, and the tables are.
    tables : dict of DataFrame
        `map`, a song a row: label, artist, listeners, x, y, cluster; `map_clusters`: cluster, name (the most
        typical artists), x, y, songs; `map_network`: an artist a row, the one in the middle first, with name,
        x, y, cosine to that one, and near, the names of the nearest among the others, with semicolons.

    Notes
    -----
    t-SNE starts from the principal components and is computed by one thread: the same run gives the same
    map. On another processor it is another one, with the same neighbours.
    """
    listeners = column_counts(split.train)
    songs = np.argsort(-listeners, kind="stable")[: min(n_songs, np.count_nonzero(listeners))]
    label, found = vectors(models, songs)
    known = found.any(axis=1)
    songs, found = songs[known], found[known]
    if len(songs) < 3 * PERPLEXITY:
        empty = zip(("map", "map_clusters", "map_network"), (MAP, CLUSTERS, NETWORK), strict=True)
        return "", {name: pd.DataFrame(columns=columns) for name, columns in empty}
    plane = _plane(found)
    artists = catalogue.artists(split.song_ids[songs])
    labels = np.array(catalogue.label(split.song_ids[songs]), object)
    names = np.where(artists == None, labels, artists)  # noqa: E711
    table = pd.DataFrame(
        {
            "label": labels,
            "artist": artists,
            "listeners": listeners[songs],
            "x": plane[:, 0],
            "y": plane[:, 1],
            "cluster": _clusters(plane, min(n_clusters, len(songs) // 10)),
        }
    )
    network = neighbourhood(found, names, listeners[songs])
    return label, {"map": table, "map_clusters": named_clusters(table, names), "map_network": network}


def _plane(found: np.ndarray) -> np.ndarray:
    from sklearn.manifold import TSNE

    with threadpool_limits(1):
        made = TSNE(2, perplexity=PERPLEXITY, init="pca", random_state=0, n_jobs=1).fit_transform(found)
    centred = made - made.mean(axis=0)
    return (centred / np.abs(centred).max()).astype(np.float64)


def _clusters(plane: np.ndarray, n: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    with threadpool_limits(1):
        return KMeans(n, n_init=5, random_state=0).fit_predict(plane)


def named_clusters(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Each cluster's two most typical names: of those with most songs in it, by how few are elsewhere.

    Typical is what has a high number of songs in the cluster times the share of its songs that are there;
    ties go to the one with more listeners.
    """
    rows = table.assign(name=names)
    whole = rows.groupby("name")["listeners"].size()
    found = []
    for cluster, mine in rows.groupby("cluster"):
        each = mine.groupby("name")["listeners"].agg(["size", "sum"])
        each["typical"] = each["size"] ** 2 / whole[each.index]
        best = each.sort_values(["typical", "sum"], ascending=False, kind="stable").index[:2]
        middle = mine[["x", "y"]].median()
        found.append([cluster, ", ".join(best), middle["x"], middle["y"], len(mine)])
    return pd.DataFrame(found, columns=CLUSTERS)


def neighbourhood(found: np.ndarray, names: np.ndarray, listeners: np.ndarray, n: int = 12) -> pd.DataFrame:
    """The artist with most listeners, and the n nearest by the cosine of the means of their songs' vectors.

    The nearer to the middle, the more alike the two; the others stand around it in the order of the plane
    that shows most of their differences.
    """
    unique, place = np.unique(names.astype(str), return_inverse=True)
    total = np.bincount(place, listeners)
    means = np.zeros((len(unique), found.shape[1]))
    np.add.at(means, place, found)
    means = _unit(means)
    middle = int(np.argmax(total))
    cosines = means @ means[middle]
    order = np.argsort(-cosines, kind="stable")
    near = order[order != middle][:n]
    spread = means[near] - means[near].mean(axis=0)
    left, sizes, _ = np.linalg.svd(spread, full_matrices=False)
    turn = np.argsort(np.arctan2(left[:, 1] * sizes[1], left[:, 0] * sizes[0]), kind="stable")
    angles = np.empty(len(near))
    angles[turn] = 2 * np.pi * np.arange(len(near)) / max(len(near), 1)
    distance = 1 - cosines[near]
    radius = 0.45 + 0.55 * (distance - distance.min()) / max(np.ptp(distance), 1e-12)
    among = means[near] @ means[near].T - 2 * np.eye(len(near))
    rows = [[unique[middle], 0.0, 0.0, 1.0, "; ".join(unique[near])]]
    for row, (song, angle, far) in enumerate(zip(near, angles, radius, strict=True)):
        closest = unique[near[np.argsort(-among[row], kind="stable")[:2]]]
        rows.append(
            [unique[song], far * np.cos(angle), far * np.sin(angle), cosines[song], "; ".join(closest)]
        )
    return pd.DataFrame(rows, columns=NETWORK)
