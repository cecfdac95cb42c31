"""What one model's lists look like, and what the model costs, as tables.

A page is made for each model, and making it fits the model: so this depends on nothing but the lists.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.lists import TopN
from songrec.report.tables_tune import asked, flat, setting
from songrec.report.words import share

CUTOFF = 10
TOPS = {"0.1 %": 0.001, "1 %": 0.01, "10 %": 0.1, "50 %": 0.5}


def concentration(lists: TopN, train: csr_array, holdout: csr_array, cutoff: int = CUTOFF) -> pd.DataFrame:
    """How far down the charts the lists go: columns `top`, `songs`, `recommended`, `listened`.

    Songs stand in the order of their listeners in `train`, most first (ties by the lower code). The first
    `songs` of them fill the share `recommended` of the lists' first `cutoff` places, and are the share
    `listened` of what users really listened to in the hidden part.
    """
    n = train.shape[1]
    order = np.argsort(-np.bincount(train.indices, minlength=n), kind="stable")
    first = lists.songs[:, :cutoff]
    counts = [max(1, round(top * n)) for top in TOPS.values()]
    columns = {"top": list(TOPS), "songs": counts}
    for name, named in (("recommended", first[first >= 0]), ("listened", holdout.indices)):
        places = np.bincount(named, minlength=n)[order].cumsum()
        columns[name] = [float(places[count - 1] / max(places[-1], 1)) for count in counts]
    return pd.DataFrame(columns)


def list_facts(
    lists: TopN, charts: pd.DataFrame, n_songs: int, cutoff: int = CUTOFF
) -> dict[str, float | int]:
    """The lists in numbers; `charts` is their `concentration`.

    `users`, `n` (longest length), `full` (share of lists that are full), `songs` (of the catalogue), and of
    the first `cutoff` places: `distinct` songs, `top` (share of the most heard 1 % of songs).
    """
    first = lists.songs[:, :cutoff]
    return {
        "users": len(lists.users),
        "n": lists.n,
        "full": float(np.mean(lists.songs[:, -1] >= 0)),
        "songs": n_songs,
        "cutoff": cutoff,
        "distinct": len(np.unique(first[first >= 0])),
        "top": float(charts.set_index("top")["recommended"]["1 %"]),
    }


def facts_table(facts: Mapping[str, Any], model: str, tuned: Mapping[str, Any], item: str) -> pd.DataFrame:
    """`tables_models.list_facts` for reading: columns `quantity`, `value`."""
    rows = {
        "model": model,
        **{
            f"hyper-parameter {name}": setting(value)
            for name, value in flat(tuned["hyperparameters"]).items()
        },
        "search": asked(tuned),
        "lists": f"{facts['users']:,}",
        f"{item}s in a list, at most": f"{facts['n']:,}",
        "full lists": share(facts["full"]),
        f"{item}s in the catalogue": f"{facts['songs']:,}",
        f"different {item}s in the first {facts['cutoff']} places": f"{facts['distinct']:,}",
        f"share of these places for the most heard 1 % of {item}s": share(facts["top"]),
    }
    return pd.DataFrame({"quantity": list(rows), "value": list(rows.values())})


def charts_table(charts: pd.DataFrame, item: str, cutoff: int = CUTOFF) -> pd.DataFrame:
    """`concentration` for reading."""
    return pd.DataFrame(
        {
            f"most heard {item}s": charts["top"],
            f"{item}s": charts["songs"],
            f"share of the first {cutoff} places": charts["recommended"].map(share),
            "share of hidden listening": charts["listened"].map(share),
        }
    )


COSTS = ("fit (s)", "rank, per user (ms)", "peak memory (MB)", "threads")
"""Columns of `cost_table` that hold numbers."""


def cost_table(costs: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """What each model costs, for reading: two or three digits are all that a timing has."""
    rows = [
        [
            model,
            _timing(cost["fit_seconds"]),
            _timing(cost["recommend_ms_per_user"]),
            f"{cost['peak_mb']:,.0f}",
            int(cost["threads"]),
        ]
        for model, cost in costs.items()
    ]
    return pd.DataFrame(rows, columns=["model", *COSTS])


def _timing(value: float) -> str:
    return f"{value:.3g}" if value >= 0.01 else "< 0.01"


def changed_table(lists: TopN, untuned: TopN, cutoff: int = CUTOFF) -> pd.DataFrame:
    """How far the lists of the tuned model differ from those without tuning: columns `quantity`, `value`."""
    ours, plain = lists.songs[:, :cutoff], untuned.songs[:, :cutoff]
    common = np.array([np.isin(a[a >= 0], b).sum() for a, b in zip(ours, plain, strict=True)])
    rows = [
        [f"first {cutoff} places that hold the same", share(float(np.mean(np.all(ours == plain, axis=1))))],
        [f"places of the first {cutoff} in common, mean", f"{common.mean():.1f}"],
    ]
    return pd.DataFrame(rows, columns=["quantity", "value"])
