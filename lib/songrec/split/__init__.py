"""Who and what is held out: every protocol gives the same `Split`."""

from songrec.split.contract import HeldOut, Split
from songrec.split.given import given
from songrec.split.strong import strong
from songrec.split.weak import triplet_holdout, weak

__all__ = ["HeldOut", "Split", "given", "strong", "triplet_holdout", "weak"]
