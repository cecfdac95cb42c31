"""Who and what is held out: every protocol gives the same `Split`."""

from songrec.splits.contract import HeldOut, Split
from songrec.splits.predefined import given
from songrec.splits.strong import strong
from songrec.splits.temporal import temporal
from songrec.splits.weak import triplet_holdout, weak

__all__ = ["HeldOut", "Split", "given", "strong", "temporal", "triplet_holdout", "weak"]
