"""The stage `spark`: the study's line by both engines, and what it would take on a cluster."""

from songrec.studies.spark.engines import AskedLog, LinePlan
from songrec.studies.spark.paper import largest_here, on_paper
from songrec.studies.spark.run import (
    ENGINES,
    STEPS,
    Line,
    by_engine,
    cluster_settings,
    costs,
    differing,
    line,
    on_engines,
    own_parameters,
)

__all__ = [
    "ENGINES",
    "STEPS",
    "AskedLog",
    "Line",
    "LinePlan",
    "by_engine",
    "cluster_settings",
    "costs",
    "differing",
    "largest_here",
    "line",
    "on_engines",
    "on_paper",
    "own_parameters",
]
