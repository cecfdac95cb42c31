"""How the models compare, as tables: each figure of the comparison is drawn from one of these."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.evaluation import paired_difference, ratio_gain, summarise
from songrec.evaluation.comparisons import ALPHA
from songrec.lists import TopN
from songrec.splits import Split

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


def headline(
    metrics: pd.DataFrame, compared: pd.DataFrame, cutoff: int, shown: Sequence[str]
) -> pd.DataFrame:
    """One row a model, best first: for each metric its value, interval and whether it is among the best.

    compared : `pairs.gains`, all comparisons of the run.

    Columns `model`, and for each metric `m` of `shown`: `m`, `m_low`, `m_high` (the 95 % interval) and
    `m_best`: true for the largest mean, and for all that the paired permutation test, corrected for all
    comparisons, does not call worse than it. A number of all lists together (coverage) has no interval and
    no test: only the largest value is marked.
    """
    table = pd.DataFrame({"model": ranked_models(metrics, cutoff)})
    for name in shown:
        rows = metrics[(metrics["metric"] == name) & (metrics["k"] == cutoff)].set_index("model")
        rows = rows.loc[table["model"]].reset_index()
        table[name], table[f"{name}_low"], table[f"{name}_high"] = (
            rows["value"],
            rows["ci_low"],
            rows["ci_high"],
        )
        table[f"{name}_best"] = _among_best(rows, compared[compared["metric"] == name])
    return table


def _among_best(rows: pd.DataFrame, compared: pd.DataFrame) -> np.ndarray:
    top = rows["value"] == rows["value"].max()
    best = set(rows.loc[top, "model"])  # more than one where four digits do not tell them apart
    alike = compared[compared["p_holm"] >= ALPHA]
    near = set(alike.loc[alike["model"].isin(best), "than"]) | set(
        alike.loc[alike["than"].isin(best), "model"]
    )
    return (top | rows["model"].isin(near)).to_numpy()


def gains(per_user: PerUser, baseline: str, cutoff: int, shown: Sequence[str]) -> pd.DataFrame:
    """Every model against the baseline, user by user: difference and ratio of means with 95 % intervals.

    Columns `model`, `metric`, `value`, `baseline`, `difference`, `difference_low`, `difference_high`,
    `ratio`, `ratio_low`, `ratio_high`, `n_users`; models in the order of `per_user`, the baseline left out.
    """
    columns = [f"{name}@{cutoff}" for name in shown]
    tables = []
    for model, values in per_user.items():
        if model == baseline:
            continue
        ours, theirs = values[columns], per_user[baseline][columns]
        difference = paired_difference(ours, theirs).rename(
            columns={"ci_low": "difference_low", "ci_high": "difference_high"}
        )
        ratio = ratio_gain(ours, theirs)
        difference["ratio"] = ratio["ratio"]
        difference["ratio_low"], difference["ratio_high"] = ratio["ci_low"], ratio["ci_high"]
        tables.append(difference.drop(columns=["se", "k"]).assign(model=model))
    order = ["model", "metric", "value", "baseline", "difference", "difference_low", "difference_high"]
    order += ["ratio", "ratio_low", "ratio_high", "n_users"]
    return pd.concat(tables, ignore_index=True)[order] if tables else pd.DataFrame(columns=order)


def by_cutoff(metrics: pd.DataFrame, shown: Sequence[str]) -> pd.DataFrame:
    """The rows of the result table for these metrics, at every cut-off."""
    rows = metrics[metrics["metric"].isin(shown)]
    return rows[["model", "metric", "k", "value", "ci_low", "ci_high"]].reset_index(drop=True)


def trade_off(metrics: pd.DataFrame, cutoff: int) -> pd.DataFrame:
    """Accuracy (`DECIDING`: `value`, `ci_low`, `ci_high`) beside `coverage` and `gini`, a row a `model`."""
    rows = metrics[metrics["k"] == cutoff]
    accuracy = rows[rows["metric"] == DECIDING][["model", "value", "ci_low", "ci_high"]]
    for name in ("coverage", "gini"):
        values = rows[rows["metric"] == name].set_index("model")["value"]
        accuracy = accuracy.assign(**{name: values.reindex(accuracy["model"]).to_numpy()})
    return accuracy.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)


def reach(lists: Mapping[str, TopN], train: csr_array, holdout: csr_array, cutoff: int) -> pd.DataFrame:
    """How far down the charts lists go: columns `model`, `song_share`, `place_share`, both cumulative.

    Songs stand in the order of their listeners in `train`, most first (ties by the lower code); of all places
    within the cut-off, `place_share` belongs to the first `song_share` of the songs. Rows of the "model"
    `HELD_OUT` say the same of what users really listened to: of all entries of `holdout`.
    """
    listeners = np.bincount(train.indices, minlength=train.shape[1])
    order = np.argsort(-listeners, kind="stable")
    named = {HELD_OUT: np.bincount(holdout.indices, minlength=train.shape[1])}
    for model, topn in lists.items():
        first = topn.songs[:, :cutoff]
        named[model] = np.bincount(first[first >= 0], minlength=train.shape[1])
    n = train.shape[1]
    points = np.unique(np.concatenate([np.geomspace(1, n, 150), np.linspace(1, n, 50)]).round().astype(int))
    tables = []
    for model, counts in named.items():
        share = counts[order].cumsum()[points - 1] / max(counts.sum(), 1)
        tables.append(pd.DataFrame({"model": model, "song_share": points / n, "place_share": share}))
    return pd.concat(tables, ignore_index=True)


def top_share(curve: pd.DataFrame, share: float = 0.01) -> pd.Series:
    """From `reach`: for each model, the part of all places that the first `share` of the songs fill."""
    within = curve[curve["song_share"] <= max(share, curve["song_share"].min())]
    return within.groupby("model", sort=False)["place_share"].max()


def hits(per_user: PerUser, cutoff: int, most: int = 5) -> pd.DataFrame:
    """Share of users by number of hits within the cut-off: columns `model`, `hits` (text), `share`.

    `ci_low` and `ci_high` are Wilson's 95 % interval of the share (Wilson 1927), which stays within 0 and 1.
    """
    tables = []
    for model, values in per_user.items():
        count = (values[f"precision@{cutoff}"] * cutoff).round().astype(int)
        share = [float(np.mean(count == n)) for n in range(most)] + [float(np.mean(count >= most))]
        words = [str(n) for n in range(most)] + [f"{most}+"]
        low, high = _wilson(np.array(share), len(count))
        tables.append(
            pd.DataFrame({"model": model, "hits": words, "share": share, "ci_low": low, "ci_high": high})
        )
    return pd.concat(tables, ignore_index=True)


def _wilson(share: np.ndarray, n: int, z: float = 1.96) -> tuple[np.ndarray, np.ndarray]:
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # Rounding must not put a share of exactly 0 or 1 outside its own interval.
    return np.minimum(middle - half, share), np.maximum(middle + half, share)


def by_activity(per_user: PerUser, known: np.ndarray, column: str, groups: int = 4) -> pd.DataFrame:
    """A metric by how much the model knows of the user: mean and 95 % interval in groups of about equal size.

    known : int (n_users,), songs of each user's fold-in, in the order of the frames' rows.
    Columns `model`, `group` (text, such as `12 to 19`), `value`, `ci_low`, `ci_high`, `n_users`.
    """
    edges = np.unique(np.quantile(known, np.linspace(0, 1, groups + 1)[1:-1], method="inverted_cdf"))
    group = np.searchsorted(edges, known, side="left")
    rows = []
    for model, values in per_user.items():
        for number in np.unique(group):
            inside = group == number
            mean = summarise(values.loc[inside, [column]]).iloc[0]
            low, high = known[inside].min(), known[inside].max()
            text = f"{low:,} to {high:,}" if low < high else f"{low:,}"
            rows.append([model, text, mean["value"], mean["ci_low"], mean["ci_high"], int(inside.sum())])
    return pd.DataFrame(rows, columns=["model", "group", "value", "ci_low", "ci_high", "n_users"])


def known_songs(split: Split) -> np.ndarray:
    """Songs of each test user's fold-in, int (n_test_users,)."""
    return np.diff(split.test.fold_in.indptr)
