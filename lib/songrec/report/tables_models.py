"""What the reports of further stages share."""

from collections.abc import Mapping

import pandas as pd

DECIDING = "average_precision"
"""The metric that orders the models: it rewards finding many of the held-out songs, and early."""

NAMES = {
    "precision": "Precision",
    "recall": "Recall",
    "recall_capped": "Recall (capped)",
    "f1": "F1",
    "average_precision": "MAP",
    "ndcg": "NDCG",
    "hit_rate": "Hit rate",
    "reciprocal_rank": "MRR",
    "novelty": "Novelty (bits)",
    "diversity": "Diversity",
    "coverage": "Coverage",
    "gini": "Gini",
}
HELD_OUT = "held out"
"""Stands where a model's name would, in the rows of `reach` that speak of what users really listened to."""

PerUser = Mapping[str, pd.DataFrame]


def ranked_models(metrics: pd.DataFrame, cutoff: int) -> list[str]:
    """Names of the models, best first by `DECIDING` at the cut-off; ties in the table's order."""
    rows = metrics[(metrics["metric"] == DECIDING) & (metrics["k"] == cutoff)]
    return rows.sort_values("value", ascending=False, kind="stable")["model"].tolist()
