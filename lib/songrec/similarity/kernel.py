r"""Compiled loops of `songrec.similarity`: what rows have in common, and the best of it.

Two things are searched for. *Queries* look for their nearest items; *items* look for one another. For the
latter every pair is counted once and offered to both sides: half of the multiply-adds of a sparse product,
which counts it from either side.

Items are relabelled by size, the largest first. Item i then counts only what is before it in the rows of its
features, which hold items in ascending order: a prefix. The counters that are used most stand side by side.

Whatever passes goes to a log and from there, log by log, to the row that it is for; so no two threads write
to one row. What a row keeps does not depend on the order in which it is offered, nor on what it is spared
by the first, rough test: a candidate that is among the k best passes always.
"""

from typing import NamedTuple

import numpy as np

from songrec.kernels.compiled import compiled, prefetch
from songrec.kernels.selection import is_better, select

SQUARES, SETS, POWERS = 0, 1, 2
"""What is compared: exact squared cosines of whole numbers; ratios of sets; values rounded to single."""

AHEAD = 6
"""Features of a row between asking for the items of one and counting them."""

SLACK = 1e-5
"""Relative; more than all rounding of the rough test, which is taken in single precision."""


class Rule(NamedTuple):
    """How rows compare: one of the kinds, and the numbers of `songrec.similarity.Similarity`."""

    kind: int
    alpha: float
    beta: float
    shrink: float


class Rows(NamedTuple):
    """Those who ask.

    Attributes
    ----------
    order : int array (n_rows,)
        Which row of the matrix is looked at when.
    indptr : uint64 array
        Where each row of the matrix begins.
    features : uint32 array
        The features of each row.
    data : float64 array
        Their weights; none: all are 1.
    weights : float64 array (n_features,)
        What each feature counts; none: 1.
    forbidden : int array (n_rows,)
        The place that a row must not find, -1 for none.
    rough : float32 array (n_rows,)
        The row's side of the rough test.
    exact : float64 array (n_rows,)
        The row's side of the exact test.
    """

    order: np.ndarray
    indptr: np.ndarray
    features: np.ndarray
    data: np.ndarray
    weights: np.ndarray
    forbidden: np.ndarray
    rough: np.ndarray
    exact: np.ndarray


class Items(NamedTuple):
    """Those who are found.

    Attributes
    ----------
    starts : uint64 array
        Where each feature begins.
    places : uint32 array
        The items of each feature, ascending.
    data : float64 array
        Their weights; none: all are 1.
    labels : int32 array (n_items,)
        The code of the item at each place.
    rough : float32 array (n_items,)
        The item's side of the rough test.
    exact : float64 array (n_items,)
        The item's side of the exact test.
    """

    starts: np.ndarray
    places: np.ndarray
    data: np.ndarray
    labels: np.ndarray
    rough: np.ndarray
    exact: np.ndarray


class Log(NamedTuple):
    """Offers: to which row, of which code, worth what; n_items + k or more of them."""

    rows: np.ndarray
    codes: np.ndarray
    values: np.ndarray


class Space(NamedTuple):
    """Work space of a thread: n_items + 1 counters (zeros) and places; more than k values and codes."""

    common: np.ndarray
    touched: np.ndarray
    values: np.ndarray
    codes: np.ndarray


class Kept(NamedTuple):
    """What each row has kept so far: the first `found` of its values and codes (more than k columns).

    Nothing of a similarity under `lowest` can be among its k best.
    """

    found: np.ndarray
    lowest: np.ndarray
    values: np.ndarray
    codes: np.ndarray


@compiled
def _below(rule, left, right, common):
    """What the common part is divided by, from the rough sides."""
    if rule.kind == SETS:
        return left + right + rule.shrink + (1 - rule.alpha - rule.beta) * common
    return left * right + rule.shrink


@compiled
def _worth(rule, left, right, common):
    """What candidates are compared by, from the exact sides."""
    if rule.kind == SQUARES:
        return common * common / (left * right)
    if rule.kind == SETS:
        sets = common + rule.alpha * (left - common) + rule.beta * (right - common)
        return common / (sets + rule.shrink)
    return np.float64(np.float32(common / (left * right + rule.shrink)))


@compiled
def _similarity(rule, worth):
    return np.sqrt(worth) if rule.kind == SQUARES else worth


@compiled
def _lowest(rule, worth):
    """The similarity below which nothing is worth as much."""
    return _similarity(rule, worth) * (1 - SLACK)


@compiled
def by_feature(order, indptr, features, data, n_features):
    """Turn rows, taken in that order, into rows of features: (starts, places ascending, data)."""
    starts = np.zeros(n_features + 1, np.uint64)
    for p in range(len(features)):
        starts[features[p] + 1] += np.uint64(1)
    for feature in range(n_features):
        starts[feature + 1] += starts[feature]
    free = starts[:-1].copy()
    places, turned = np.empty(len(features), np.uint32), np.empty(len(data), data.dtype)
    for place in range(len(order)):
        for p in range(indptr[order[place]], indptr[order[place] + 1]):
            q = free[features[p]]
            free[features[p]] = q + np.uint64(1)
            places[q] = place
            if len(data):
                turned[q] = data[p]
    return starts, places, turned


@compiled
def _count(rows, row, items, limit, common, touched):
    """Add up in `common` what a row has in common with the items before `limit`.

    Returns (how many items that are, multiply-adds). Indices are unsigned: no place is counted from the end.
    """
    one, near, far = np.uint64(1), np.uint64(AHEAD), np.uint64(2 * AHEAD)
    of_sets = len(rows.data) == 0 and len(rows.weights) == 0 and len(items.data) == 0
    n, work, item = np.uint64(0), np.uint64(0), np.uint64(rows.order[row])
    p, last = rows.indptr[item], rows.indptr[item + one]
    while p < last:
        if p + far < last:
            prefetch(items.starts, np.uint64(rows.features[p + far]))
            soon = items.starts[rows.features[p + near]]
            prefetch(items.places, soon)
            prefetch(items.places, soon + np.uint64(16))  # the next line of the cache
        feature = np.uint64(rows.features[p])
        first = q = items.starts[feature]
        end = items.starts[feature + one]
        if of_sets:
            while q < end and items.places[q] < limit:
                j = np.uint64(items.places[q])
                before = common[j]
                touched[n] = j
                n += np.uint64(before == 0)
                common[j] = before + 1
                q += one
        else:
            weight = rows.data[p] if len(rows.data) else 1.0
            if len(rows.weights):
                weight *= rows.weights[feature]
            while q < end and items.places[q] < limit:
                j = np.uint64(items.places[q])
                before = common[j]
                touched[n] = j
                n += np.uint64(before == 0)
                common[j] = before + (weight * items.data[q] if len(items.data) else weight)
                q += one
        work += q - first
        p += one
    return np.int64(n), np.int64(work)


@compiled
def collect(rule, k, rows, first_row, row, symmetric, items, lowest, space, log):
    """Count and offer, row by row and backwards, to `first_row` or until the log is full.

    Parameters
    ----------
    rule : Rule
        How they compare.
    k : int
        Neighbours wanted.
    rows : Rows
        Who asks.
    first_row, row : int
        Which of them: the second is the end.
    symmetric : bool
        The rows are the items, in the same order: count those before the row, and offer each pair to both.
    items : Items
        Who is found.
    lowest : float32 array (n_rows,)
        Of `Kept`; only read.
    space : Space
        Of this thread.
    log : Log
        Written from its beginning.

    Returns
    -------
    row : int
        The end of the rows that were not looked at.
    n : int
        Offers in the log.
    work : int
        Multiply-adds.

    Notes
    -----
    Backwards, from the smallest items to the largest: the nearest of small items are small, so thresholds are
    high soon and some four of five offers are spared (counted on a log of 250,000 users).
    """
    common, touched, values, codes = space.common, space.touched, space.values, space.codes
    n_logged, work = 0, 0
    while row > first_row:
        row -= 1
        limit = np.uint64(row if symmetric else len(items.labels))
        n, done = _count(rows, row, items, limit, common, touched)
        if n_logged + n + k > len(log.rows):
            for t in range(n):
                common[touched[t]] = 0
            row += 1
            break
        work += done
        n_own, own_lowest, worst, worst_code = 0, np.float64(lowest[row]), -1.0, np.int32(-1)
        label = items.labels[row] if symmetric else np.int32(-1)
        for t in range(n):
            j = np.uint64(touched[t])
            c = common[j]
            common[j] = 0
            if c <= 0 or j == rows.forbidden[row]:
                continue
            if c >= own_lowest * _below(rule, rows.rough[row], items.rough[j], c):
                worth = _worth(rule, rows.exact[row], items.exact[j], c)
                if worth > 0 and is_better(worth, items.labels[j], worst, worst_code):
                    values[n_own], codes[n_own] = worth, items.labels[j]
                    n_own += 1
                    if n_own == len(values):
                        select(values, codes, n_own, k)
                        n_own, worst, worst_code = k, values[k - 1], codes[k - 1]
                        own_lowest = _lowest(rule, worst)
            if symmetric and c >= lowest[j] * _below(rule, rows.rough[j], items.rough[row], c):
                worth = _worth(rule, rows.exact[j], items.exact[row], c)
                if worth > 0:
                    log.rows[n_logged], log.codes[n_logged], log.values[n_logged] = j, label, worth
                    n_logged += 1
        if n_own > k:
            select(values, codes, n_own, k)
            n_own = k
        for t in range(n_own):
            log.rows[n_logged], log.codes[n_logged], log.values[n_logged] = row, codes[t], values[t]
            n_logged += 1
    return row, n_logged, work


@compiled
def keep(rule, k, log, n, kept):
    """Take the first `n` offers of a log into the rows that they are for."""
    found, lowest, values, codes = kept.found, kept.lowest, kept.values, kept.codes
    for entry in range(n):
        row, value, code = log.rows[entry], log.values[entry], log.codes[entry]
        held = found[row]
        if held >= k and not is_better(value, code, values[row, k - 1], codes[row, k - 1]):
            continue
        values[row, held], codes[row, held] = value, code
        held += 1
        if held == k or held == values.shape[1]:  # now place k - 1 holds the last of the best, again
            select(values[row], codes[row], held, k)
            held = k
            lowest[row] = _lowest(rule, values[row, k - 1])
        found[row] = held


@compiled
def settle(rule, k, first_row, end, order, kept, indptr, neighbours, similarities):
    """Write the k best of some rows, codes ascending, from where `indptr` says for each."""
    by_code = np.empty(k, np.int64)  # a code and its place in one number: sorted faster than places by codes
    for row in range(first_row, end):
        values, codes, n = kept.values[row], kept.codes[row], kept.found[row]
        if n > k:
            select(values, codes, n, k)
            n = k
        first = indptr[order[row]]
        for t in range(n):
            by_code[t] = (np.int64(codes[t]) << 32) | t
        by_code[:n].sort()
        for t in range(n):
            neighbours[first + t] = by_code[t] >> 32
            similarities[first + t] = np.float32(_similarity(rule, values[by_code[t] & 0xFFFFFFFF]))
