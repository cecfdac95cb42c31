"""Every mean on record, in one frame."""

import pandas as pd
from made_up import estimates, made_up_run

from songrec.pages import all_results


def test_what_decides_stands_first_and_numbers_stay_numbers(tmp_path):
    rows = [
        ["popularity", "precision", 10, 0.5],
        ["popularity", "average_precision", 10, 0.1],
        ["ease", "average_precision", 10, 0.3],
        ["ease", "average_precision", 5, 0.4],
    ]
    tables = {("evaluate", "metrics"): estimates("model metric k", rows)}
    runs = [
        made_up_run(tmp_path, tables, {"split": {"protocol": "triplet_holdout"}}, name=name)
        for name in ("one", "two")
    ]
    table = all_results.means(runs)
    assert len(table) == 8
    assert table["Model"].tolist()[:4] == ["EASE", "popularity"] * 2
    assert set(table["Metric"][:4]) == {"MAP"}
    assert set(table["Protocol"]) == {"triplet holdout"}
    assert all(pd.api.types.is_numeric_dtype(table[name]) for name in ("k", "Mean", "Low", "High", "Users"))
