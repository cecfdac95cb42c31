"""Who and what is held out: every protocol gives the same `Split`."""

from songrec.splits.contract import HeldOut, Split
from songrec.splits.hashed import strong_hashed, temporal_hashed, weak_hashed
from songrec.splits.predefined import given
from songrec.splits.strong import strong
from songrec.splits.temporal import temporal
from songrec.splits.weak import triplet_holdout, weak

__all__ = [
    "HeldOut",
    "Split",
    "given",
    "strong",
    "strong_hashed",
    "temporal",
    "temporal_hashed",
    "triplet_holdout",
    "weak",
    "weak_hashed",
]
