"""The metrics once more, for one user and in plain Python: what the library must agree with to 1e-12."""

import math
from itertools import combinations


def accuracy(ranked: list[int], relevant: set[int], k: int) -> dict[str, float]:
    """Every accuracy metric of one list, and every other definition of it; -1 is an empty place."""
    places = ranked[:k] + [-1] * (k - len(ranked))
    n, listed = len(relevant), sum(song >= 0 for song in places)
    hit = [song in relevant for song in places]
    hits = sum(hit)
    p, r = hits / k, hits / n
    first = next((rank for rank, found in enumerate(hit, 1) if found), None)
    at = [sum(hit[:rank]) / rank for rank in range(1, k + 1)]
    precisions = sum(precision for precision, found in zip(at, hit, strict=True) if found)
    plain = [1 / math.log2(rank + 1) for rank in range(1, k + 1)]
    clipped = [1 / max(1.0, math.log2(rank)) for rank in range(1, k + 1)]
    dcg, dcg_clipped = (sum(w for w, found in zip(ws, hit, strict=True) if found) for ws in (plain, clipped))
    return {
        "precision": p,
        "precision_listed": hits / max(listed, 1),
        "recall": r,
        "recall_capped": hits / min(k, n),
        "f1": 2 * p * r / (p + r) if hits else 0.0,
        "average_precision": precisions / min(n, k),
        "average_precision_listed": precisions / max(min(n, listed), 1),
        "average_precision_by_n": precisions / n,
        "average_precision_by_k": precisions / k,
        "mean_precision": sum(at) / k,
        "ndcg": dcg / sum(plain[: min(n, k)]),
        "ndcg_clipped": dcg_clipped / sum(clipped[: min(n, k)]),
        "ndcg_full_ideal": dcg / sum(plain),
        "hit_rate": float(hits > 0),
        "reciprocal_rank": 1 / first if first else 0.0,
    }


def listeners(train: list[list[int]], song: int) -> set[int]:
    return {user for user, row in enumerate(train) if row[song]}


def novelty(ranked: list[int], train: list[list[int]], k: int) -> float:
    users = sum(any(row) for row in train)
    bits = [-math.log2(max(len(listeners(train, song)), 1) / users) for song in ranked[:k] if song >= 0]
    return sum(bits) / len(bits) if bits else 0.0


def diversity(ranked: list[int], train: list[list[int]], k: int) -> float:
    distances = []
    for one, other in combinations([song for song in ranked[:k] if song >= 0], 2):
        a, b = listeners(train, one), listeners(train, other)
        distances.append(1 - len(a & b) / math.sqrt(len(a) * len(b)) if a and b else 1.0)
    return sum(distances) / len(distances) if distances else 0.0


def coverage(lists: list[list[int]], n_songs: int, k: int) -> float:
    return len({song for ranked in lists for song in ranked[:k] if song >= 0}) / n_songs


def gini(lists: list[list[int]], n_songs: int, k: int) -> float:
    """By the other definition: half the mean absolute difference, relative to the mean."""
    times = [sum(song in ranked[:k] for ranked in lists) for song in range(n_songs)]
    mean = sum(times) / n_songs
    differences = sum(abs(a - b) for a in times for b in times)
    return differences / (2 * n_songs**2 * mean) if mean else 0.0


def popularity(ranked: list[int], train: list[list[int]], k: int) -> float:
    users = sum(any(row) for row in train)
    shares = [len(listeners(train, song)) / users for song in ranked[:k] if song >= 0]
    return sum(shares) / len(shares) if shares else math.nan


def artist_diversity(ranked: list[int], artists: list[int], k: int) -> float:
    named = [artists[song] for song in ranked[:k] if song >= 0 and artists[song] >= 0]
    pairs = list(combinations(named, 2))
    return sum(a != b for a, b in pairs) / len(pairs) if pairs else math.nan


def serendipity(ranked: list[int], relevant: set[int], expected: list[int], k: int) -> float:
    return len((set(ranked[:k]) - set(expected[:k])) & relevant) / k


def jaccard(one: list[int], other: list[int], k: int) -> float:
    a, b = set(one[:k]) - {-1}, set(other[:k]) - {-1}
    return len(a & b) / len(a | b) if a | b else 1.0


def cosine(train: list[list[int]], one: int, other: int) -> float:
    a, b = listeners(train, one), listeners(train, other)
    return len(a & b) / math.sqrt(len(a) * len(b)) if a and b else 0.0


def mmr(ranked: list[int], scores: list[float], train: list[list[int]], value: float, k: int) -> list[int]:
    """Maximal marginal relevance of one list, place by place; ties to what stood higher."""
    songs = [song for song in ranked if song >= 0]
    low, high = min(scores[: len(songs)], default=0), max(scores[: len(songs)], default=0)
    scaled = zip(songs, scores, strict=False)
    relevance = {s: (x - low) / (high - low) if high > low else 1.0 for s, x in scaled}
    chosen: list[int] = []
    while len(chosen) < min(k, len(songs)):
        left = [song for song in songs if song not in chosen]
        nearest = {s: max((cosine(train, s, t) for t in chosen), default=0) for s in left}
        gain = [round((1 - value) * relevance[s] - value * nearest[s], 9) for s in left]
        chosen.append(left[gain.index(max(gain))])
    return chosen + [-1] * (k - len(chosen))
