"""The same models on several draws of a split: how much of a figure is the draw's?"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from songrec.evaluation.hits import find_hits
from songrec.evaluation.metrics import average_precision, ndcg, precision, recall
from songrec.models import create
from songrec.splits import Split


def score(split: Split, tuned: Mapping[str, Mapping[str, Any]], cutoff: int) -> dict[str, pd.DataFrame]:
    """Each model fitted on training and validation and scored on test: model -> values by user.

    tuned : model -> estimator and hyperparameters (`songrec.tuning.read_tuned`). The columns are
    `average_precision@cutoff`, `precision@...`, `recall@...` and `ndcg@...`; the index holds the users' ids,
    whose codes may differ between splits.
    """
    train, test = split.final_train(), split.test
    users = pd.Index(split.user_ids[test.users], name="user")
    scored = {}
    for name, of in tuned.items():
        model = create(of["estimator"], **of["hyperparameters"]).fit(train)
        judged = find_hits(model.recommend(test.fold_in, cutoff, users=test.users)[0], test.holdout)
        metrics = (average_precision, precision, recall, ndcg)
        values = {f"{metric.__name__}@{cutoff}": metric(judged, cutoff) for metric in metrics}
        scored[name] = pd.DataFrame(values, index=users)
    return scored
