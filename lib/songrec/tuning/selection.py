"""The blend's own search: members added one after the other, as long as validation gains by it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from songrec.evaluation.hits import find_hits
from songrec.evaluation.metrics import average_precision
from songrec.models import Blend
from songrec.ranking import best_in_rows
from songrec.splits import HeldOut

DEPTH = 50
"""Songs of each member that are candidates for a user's list, besides those of the others."""

CELLS = 1_000_000
"""Users x songs looked at together; each member takes 24 bytes of every one."""

SHARES = (0.5, 0.25, 0.1)
"""What a member that is added may be of the whole."""

GAIN = 1.002
"""A step must improve by so much: less may be the luck of the validation users."""


@dataclass(frozen=True)
class Candidates:
    """What each member says of the songs that some member would list.

    Attributes
    ----------
    listed : csr_array (n, n_songs)
        Which songs these are, of each user.
    parts : dict
        Manner of blending -> label -> float32 array, one for each entry of `listed`; -inf where the member
        has no evidence.
    """

    listed: csr_array
    parts: dict[str, dict[str, np.ndarray]]

    def top(self, weights: Mapping[str, float], by: str, k: int) -> np.ndarray:
        """The blend's lists, int32 (n, k), among the candidates."""
        parts = {label: self.parts[by][label] for label in weights}
        total = sum(weights[label] * np.where(part > -np.inf, part, 0) for label, part in parts.items())
        total[np.all([part == -np.inf for part in parts.values()], axis=0)] = -np.inf
        scores = csr_array(
            (total.astype(np.float32), self.listed.indices, self.listed.indptr), shape=self.listed.shape
        )
        return best_in_rows(scores, k)[0]


def select(
    blend: Blend, validation: HeldOut, cutoff: int, seconds: float
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Choose the members of a blend, their weights and what is added up.

    Parameters
    ----------
    blend : Blend
        Fitted, with all the models that may be members.
    validation : HeldOut
        Users to evaluate on.
    cutoff : int
        The value is the mean AP at this cut-off.
    seconds : float
        No step begins after so many.

    Returns
    -------
    chosen : dict
        `weights`, of the members that were chosen, and `by`; on `validation` never worse than the best member
        alone.
    trials : DataFrame
        value, point (such hyper-parameters): all members alike, each alone, every step, and what was chosen.

    Notes
    -----
    Greedy forward selection with replacement, of the models' weights instead of their number: from the best
    member on, each step adds to one member's weight what makes it one of `SHARES` of the whole, and takes
    that of all which gains most; the first step that gains less than `GAIN` is the last. Both manners of
    blending are tried so. The trials rank `Candidates`; what is chosen is evaluated as it will rank.

    References
    ----------
    Caruana et al. 2004, "Ensemble selection from libraries of models", ICML.
    """
    deadline = time.perf_counter() + seconds
    labels, rows = list(blend.members_), []
    candidates = _candidates(blend, validation)

    def value_of(songs: np.ndarray) -> float:
        return float(f"{average_precision(find_hits(songs, validation.holdout), cutoff).mean():.6g}")

    def kept(value: float, weights: Mapping[str, float], by: str) -> None:
        rows.append((value, _point(weights, by)))

    def value_at(weights: Mapping[str, float], by: str) -> float:
        return value_of(candidates.top(weights, by, cutoff))

    alike = dict.fromkeys(labels, 1.0)
    kept(value_at(alike, blend.by), alike, blend.by)
    alone = {label: value_at({label: 1.0}, blend.by) for label in labels}
    for label, value in alone.items():
        kept(value, {label: 1.0}, blend.by)
    first = max(alone, key=alone.get)
    found = [(alone[first], {first: 1.0}, blend.by)]
    for by in candidates.parts:
        value, weights = alone[first], {first: 1.0}
        while time.perf_counter() < deadline:
            steps = [_added(weights, label, share) for label in labels for share in SHARES]
            values = [value_at(step, by) for step in steps]
            best = int(np.argmax(values))
            if values[best] < GAIN * value:
                break
            value, weights = values[best], steps[best]
            kept(value, weights, by)
            found.append((value, weights, by))
    # As it will rank: whole lists, of the best that holds what it promised.
    for _, weights, by in sorted(found, key=lambda each: -each[0]):
        chosen = _point(weights, by)
        blend.set_params(weights=dict.fromkeys(labels, 0.0) | chosen["weights"], by=by)
        songs, _ = blend.recommend(validation.fold_in, cutoff, users=validation.users)
        kept(value_of(songs), weights, by)
        if rows[-1][0] >= alone[first]:
            break
    return chosen, pd.DataFrame(rows, columns=["value", "point"])


def _added(weights: Mapping[str, float], label: str, share: float) -> dict[str, float]:
    """The weights with so much more of one that the addition is `share` of the whole."""
    more = sum(weights.values()) * share / (1 - share)
    return {**weights, label: weights.get(label, 0.0) + more}


def _point(weights: Mapping[str, float], by: str) -> dict[str, Any]:
    """Hyper-parameters, the largest weight 1."""
    largest = max(weights.values())
    return {"weights": {label: float(f"{each / largest:.4g}") for label, each in weights.items()}, "by": by}


def _candidates(blend: Blend, validation: HeldOut) -> Candidates:
    n, step = len(validation.users), max(1, CELLS // blend.n_songs_)
    blocks, values = [], {}
    for start in range(0, n, step):
        some = slice(start, start + step)
        fold_in = csr_array(validation.fold_in[some])
        parts = list(blend.parts(fold_in, validation.users[some]))
        listed = np.zeros(fold_in.shape, bool)
        for _, scores, _ in parts:
            codes, _ = best_in_rows(scores, DEPTH, fold_in)
            row, place = np.nonzero(codes >= 0)
            listed[row, codes[row, place]] = True
        blocks.append(csr_array(listed))
        for label, scores, by_manner in parts:
            for by, part in by_manner.items():
                part[scores == -np.inf] = -np.inf
                values.setdefault((by, label), []).append(part[listed].astype(np.float32))
    joined: dict[str, dict[str, np.ndarray]] = {}
    for (by, label), each in values.items():
        joined.setdefault(by, {})[label] = np.concatenate(each)
    return Candidates(csr_array(vstack(blocks)), joined)
