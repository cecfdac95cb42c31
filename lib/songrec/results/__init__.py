"""The results of a run, and the published ones: the same folder of tables, the same object."""

from songrec.evaluation.comparisons import ALPHA
from songrec.results.published import MAIN, protocol_of, published
from songrec.results.run import DAGGER, HEADER, VERSION, Estimate, Results

__all__ = ["ALPHA", "DAGGER", "HEADER", "MAIN", "VERSION", "Estimate", "Results", "protocol_of", "published"]
