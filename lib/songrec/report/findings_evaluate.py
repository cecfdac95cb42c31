"""What judging every list found, in sentences made from the values: true of any run."""

from math import isnan

import pandas as pd

from songrec.report.numbers import decimals, ends
from songrec.report.show import Prose, paragraphs
from songrec.report.style import label
from songrec.report.words import CAUTION, counted, listed, log_of


def evaluate(
    profile: str,
    metrics: pd.DataFrame,
    activity: pd.DataFrame,
    cutoff: int,
    synthetic: bool,
    item: str = "song",
) -> Prose:
    """How many users are served at all, and whether knowing more of a user helps.

    metrics : the result table; activity : `tables_models.by_activity` of `average_precision`.
    """
    rows = metrics[(metrics["metric"] == "hit_rate") & (metrics["k"] == cutoff)]
    rows = rows.sort_values("value", ascending=False, kind="stable")
    served = listed(
        [
            f"{label(r.model)} {100 * r.value:.1f} % ({_percents(r.ci_low, r.ci_high)})"
            for r in rows.itertuples()
        ]
    )
    n = int(rows["n_users"].iloc[0])
    lines = [
        f"Of the {counted(n, 'tested user')} of {log_of(profile, synthetic)}, this share has at least one "
        f"held-out {item} among the first {cutoff} of the list (95 % intervals): {served}.",
        _history(activity, cutoff, item),
    ]
    return paragraphs(lines, CAUTION if synthetic else "")


def _percents(low: float, high: float) -> str:
    return "no interval" if isnan(low) else f"{100 * low:.1f} to {100 * high:.1f} %"


def _history(activity: pd.DataFrame, cutoff: int, item: str) -> str:
    """Does the best model do better for users it knows more of? Only what the intervals support."""
    best = activity.groupby("model", sort=False)["value"].mean().idxmax()
    rows = activity[activity["model"] == best]
    if len(rows) < 2:
        return f"All tested users have about the same number of known {item}s."
    few, many = rows.iloc[0], rows.iloc[-1]
    half = {row["group"]: (row["ci_high"] - row["ci_low"]) / 2 for row in (few, many)}
    gap = many["value"] - few["value"]
    error = (half[few["group"]] ** 2 + half[many["group"]] ** 2) ** 0.5  # other users in each: independent
    digits = decimals(error)
    few_text, many_text = (
        f"{row['value']:.{digits}f} ({ends(row['ci_low'], row['ci_high'], digits)})" for row in (few, many)
    )
    numbers = (
        f"{few_text} for users with {few['group']} known {item}s, {many_text} for those with {many['group']}"
    )
    verdict = (
        f"users it knows {'more' if gap > 0 else 'less'} of are served better, by "
        f"{abs(gap):.{digits}f} ± {error:.{digits}f}"
        if abs(gap) > error
        else f"the difference, {gap:+.{digits}f} ± {error:.{digits}f}, is within noise"
    )
    return f"For {label(best)}, MAP@{cutoff} is {numbers}: {verdict}."
