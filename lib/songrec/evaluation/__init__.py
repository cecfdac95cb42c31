"""Evaluation: one ranking in, per-user numbers out; what they say about the mean user, and how surely."""

from songrec.evaluation.beyond import catalogue_coverage, gini, intra_list_diversity, novelty
from songrec.evaluation.evaluator import Evaluation, evaluate, load_per_user, save_per_user
from songrec.evaluation.judge import Judgement, judge
from songrec.evaluation.metrics import (
    ACCURACY,
    average_precision,
    f1,
    hit_rate,
    ndcg,
    precision,
    recall,
    recall_capped,
    reciprocal_rank,
)
from songrec.evaluation.results import load_results, result_rows, save_results
from songrec.evaluation.statistics import paired_difference, ratio_gain, summarise

__all__ = [
    "ACCURACY",
    "Evaluation",
    "Judgement",
    "average_precision",
    "catalogue_coverage",
    "evaluate",
    "f1",
    "gini",
    "hit_rate",
    "intra_list_diversity",
    "judge",
    "load_per_user",
    "load_results",
    "ndcg",
    "novelty",
    "paired_difference",
    "precision",
    "ratio_gain",
    "recall",
    "recall_capped",
    "reciprocal_rank",
    "result_rows",
    "save_per_user",
    "save_results",
    "summarise",
]
