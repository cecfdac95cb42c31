"""Evaluation: one ranking in, per-user numbers out, and what they say about the mean user."""

from songrec.evaluation.artists import artist_coverage, artist_diversity
from songrec.evaluation.beyond import catalogue_coverage, gini, intra_list_diversity, lorenz, novelty
from songrec.evaluation.bias import (
    history_popularity,
    mean_popularity,
    popularity,
    popularity_lift,
    serendipity,
)
from songrec.evaluation.bootstrap import studentised_interval
from songrec.evaluation.comparisons import holm
from songrec.evaluation.evaluator import Evaluation, evaluate, load_per_user, save_per_user
from songrec.evaluation.hits import Hits, find_hits
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
    score_lists,
)
from songrec.evaluation.overlap import jaccard, lowest_overlap_users, overlaps
from songrec.evaluation.segments import CLASSES, groups_by, popularity_classes, recall_by_class
from songrec.evaluation.statistics import means_of, paired_difference, paired_ratio, summarise

__all__ = [
    "ACCURACY",
    "CLASSES",
    "Evaluation",
    "Hits",
    "artist_coverage",
    "artist_diversity",
    "average_precision",
    "catalogue_coverage",
    "evaluate",
    "f1",
    "find_hits",
    "gini",
    "groups_by",
    "history_popularity",
    "hit_rate",
    "holm",
    "intra_list_diversity",
    "jaccard",
    "load_per_user",
    "lorenz",
    "lowest_overlap_users",
    "mean_popularity",
    "means_of",
    "ndcg",
    "novelty",
    "overlaps",
    "paired_difference",
    "paired_ratio",
    "popularity",
    "popularity_classes",
    "popularity_lift",
    "precision",
    "recall",
    "recall_by_class",
    "recall_capped",
    "reciprocal_rank",
    "save_per_user",
    "score_lists",
    "serendipity",
    "studentised_interval",
    "summarise",
]
