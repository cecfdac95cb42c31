"""What the models' notebooks found, said in sentences made from the values: true of any run.

No sentence claims a "most" without the number, its interval where it has one, and who is within noise of it.
"""

from collections.abc import Mapping
from math import isnan
from typing import Any

import pandas as pd

from songrec.report.numbers import decimals, ends
from songrec.report.show import Prose
from songrec.report.style import label
from songrec.report.tables_models import DECIDING, HELD_OUT, NAMES, top_share
from songrec.report.words import article, counted, known_names, listed, log_of, sentence, share

_CAUTION = (
    "The log is synthetic. These numbers show that the whole line works; which model suits real listeners is "
    "decided on real data (the results on record)."
)


def train(
    profile: str,
    model: str,
    hyperparameters: Mapping[str, Any],
    lists: Mapping[str, Any],
    synthetic: bool,
    item: str = "song",
) -> Prose:
    """What one model's lists look like.

    lists : as `tables_models.list_facts` makes it.
    """
    settings = listed(
        [f"{name} = {value}" for name, value in hyperparameters.items()] or ["no parameter to set"]
    )
    lines = [
        f"{sentence(label(model))} ({settings}) made lists of up to {lists['n']} {item}s for "
        f"{counted(lists['users'], 'test user')} of {log_of(profile, synthetic)}; {share(lists['full'])} of "
        "the lists are full."
        + (" The others end where the model has no evidence for more." if lists["full"] < 1 else ""),
        f"The first {lists['cutoff']} places of all lists name {lists['distinct']:,} different {item}s, "
        f"{share(lists['distinct'] / lists['songs'])} of the catalogue. The most heard 1 % of the {item}s "
        f"fill {share(lists['top'])} of these places.",
    ]
    return _prose(lines, False)


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
    return _prose(lines, synthetic)


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


def compare(
    profile: str,
    headline: pd.DataFrame,
    gains: pd.DataFrame,
    reach: pd.DataFrame,
    baseline: str,
    cutoff: int,
    synthetic: bool,
    item: str = "song",
) -> Prose:
    """Which model to ship, by how much it beats the baseline, and what its lists do to the catalogue.

    headline, gains, reach : the tables of `tables_models`.
    """
    lines = [
        _winner(profile, headline, cutoff, synthetic, int(gains["n_users"].max()) if len(gains) else None),
        _gain(headline, gains, baseline, cutoff),
        _catalogue(headline, cutoff, item),
        _concentration(headline, reach, baseline, cutoff, item),
    ]
    return _prose([line for line in lines if line], synthetic)


def _winner(profile: str, headline: pd.DataFrame, cutoff: int, synthetic: bool, n_users: int | None) -> str:
    best = headline.iloc[0]
    digits = decimals((best[f"{DECIDING}_high"] - best[f"{DECIDING}_low"]) / 2)
    users = f" ({counted(n_users, 'user')})" if n_users else ""
    text = (
        f"On {log_of(profile, synthetic)}{users}, **{label(best['model'])}** has the highest MAP@{cutoff}: "
        f"{_number(best, DECIDING, digits)}."
    )
    equals = headline.iloc[1:]
    equals = equals[equals[f"{DECIDING}_best"]]
    if len(equals):
        others = listed([f"{label(r['model'])} ({r[DECIDING]:.{digits}f})" for _, r in equals.iterrows()])
        verb = "is" if len(equals) == 1 else "are"
        text += f" But {others} {verb} within noise of it: user by user, the difference is not clear of 0."
    elif len(headline) > 1:
        text += " User by user, its difference to every other model is clear of 0."
    return text


def _number(row: pd.Series, metric: str, digits: int) -> str:
    interval = ends(row[f"{metric}_low"], row[f"{metric}_high"], digits)
    return f"{row[metric]:.{digits}f}" + (f" (95 % interval {interval})" if interval else " (no interval)")


def _gain(headline: pd.DataFrame, gains: pd.DataFrame, baseline: str, cutoff: int) -> str:
    best = headline.iloc[0]["model"]
    if best == baseline:
        return f"No model has a higher MAP@{cutoff} than the baseline, {label(baseline)}."
    row = gains[(gains["model"] == best) & (gains["metric"] == DECIDING)].iloc[0]
    digits = decimals((row["difference_high"] - row["difference_low"]) / 2)
    interval = ends(row["difference_low"], row["difference_high"], digits)
    text = (
        f"Against {label(baseline)} ({row['baseline']:.{digits}f}) that is {row['difference']:+.{digits}f} "
        f"for the mean user (95 % interval {interval or 'unknown'})"
    )
    if not row["difference_low"] > 0:
        return text + ", a difference within noise."
    if not isnan(row["ratio_low"]):
        text += f", {row['ratio']:.2f} times as much ({ends(row['ratio_low'], row['ratio_high'], 2)})"
    return text + "."


def _catalogue(headline: pd.DataFrame, cutoff: int, item: str) -> str:
    best, widest = headline.iloc[0], headline.loc[headline["coverage"].idxmax()]
    reached = share(best["coverage"])
    text = f"The top-{cutoff} lists of {label(best['model'])}, taken together, name {reached} of the {item}s"
    if widest["model"] == best["model"]:
        return text + (", no model's more." if len(headline) > 1 else ".")
    return text + f"; those of {label(widest['model'])} reach further, {share(widest['coverage'])}."


def _concentration(headline: pd.DataFrame, reach: pd.DataFrame, baseline: str, cutoff: int, item: str) -> str:
    top = top_share(reach)
    models = dict.fromkeys([headline.iloc[0]["model"], baseline])
    parts = [
        f"{share(top[model])} of the places in {label(model)}'s lists" for model in models if model in top
    ]
    return (
        f"The most heard 1 % of {item}s fill {listed(parts)}; they are {share(top[HELD_OUT])} of what users "
        "really listened to in the hidden part."
    )


def recommend(
    profile: str, model: str, examples: pd.DataFrame, known_titles: float, synthetic: bool, item: str = "song"
) -> Prose:
    """What the examples showed; they illustrate and prove nothing.

    examples : `examples.examples`.
    """
    listed_rows = examples[examples["kind"] == "recommended"]
    hits, places = int(listed_rows["hit"].sum()), len(listed_rows)
    lines = [
        f"Of the {counted(places, 'place')} in these lists of {label(model)} for "
        f"{counted(listed_rows['user'].nunique(), 'user')} of {log_of(profile, synthetic)}, {hits:,} "
        f"{'holds' if hits == 1 else 'hold'} {article(item)} that the user did play and the model had not "
        "been shown.",
        "A place without a hit need not be a bad recommendation: the log cannot tell "
        f"{article(item)} that was disliked from one that was never met.",
        known_names(known_titles, item),
    ]
    return _prose(lines, synthetic)


def values(headline: pd.DataFrame, gains: pd.DataFrame, baseline: str, cutoff: int) -> dict[str, Any]:
    """The comparison's numbers by name, for prose elsewhere: `item_knn.average_precision@10` and the like."""
    found: dict[str, Any] = {"best": headline.iloc[0]["model"], "baseline": baseline, "cutoff": cutoff}
    for row in headline.to_dict("records"):
        for name in NAMES:
            if name in row:
                found[f"{row['model']}.{name}@{cutoff}"] = _finite(row[name])
    for row in gains.to_dict("records"):
        for part in ("difference", "ratio"):
            found[f"{row['model']}.{row['metric']}@{cutoff}.{part}"] = _finite(row[part])
    return found


def _finite(number: float) -> float | None:
    return None if isnan(number) else float(f"{number:.4g}")


def _prose(lines: list[str], synthetic: bool) -> Prose:
    return Prose("\n\n".join([*lines, *([_CAUTION] if synthetic else [])]))
