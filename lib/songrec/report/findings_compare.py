"""Which model to ship, in sentences made from the values: true of any run.

No sentence claims a "most" without the number, its interval where it has one, and who is within noise of it.
"""

from math import isnan
from typing import Any

import pandas as pd

from songrec.evaluation.comparisons import ALPHA
from songrec.report.numbers import decimals, ends
from songrec.report.show import Prose, paragraphs
from songrec.report.style import label
from songrec.report.tables_models import DECIDING, HELD_OUT, NAMES, top_share
from songrec.report.words import CAUTION, counted, listed, log_of, share


def compare(
    profile: str,
    headline: pd.DataFrame,
    gains: pd.DataFrame,
    compared: pd.DataFrame,
    reach: pd.DataFrame,
    baseline: str,
    cutoff: int,
    synthetic: bool,
    item: str = "song",
) -> Prose:
    """Which model to ship, by how much it beats the baseline, and what its lists do to the catalogue.

    headline, gains, reach : the tables of `tables_models`; compared : `pairs.gains`.
    """
    lines = [
        _winner(profile, headline, compared, cutoff, synthetic),
        _told_apart(compared, cutoff),
        _gain(headline, gains, baseline, cutoff),
        _catalogue(headline, cutoff, item),
        _concentration(headline, reach, baseline, cutoff, item),
    ]
    return paragraphs([line for line in lines if line], CAUTION if synthetic else "")


def _winner(
    profile: str, headline: pd.DataFrame, compared: pd.DataFrame, cutoff: int, synthetic: bool
) -> str:
    best = headline.iloc[0]
    n_users, tests = compared["n_users"].max(), int(compared["p_holm"].notna().sum())
    digits = decimals((best[f"{DECIDING}_high"] - best[f"{DECIDING}_low"]) / 2)
    users = f" ({counted(int(n_users), 'user')})" if len(compared) else ""
    corrected = f"corrected for all {tests:,} comparisons of this run" if tests > 1 else "one comparison"
    text = (
        f"On {log_of(profile, synthetic)}{users}, **{label(best['model'])}** has the highest MAP@{cutoff}: "
        f"{_number(best, DECIDING, digits)}."
    )
    equals = headline.iloc[1:]
    equals = equals[equals[f"{DECIDING}_best"]]
    if len(equals):
        others = listed([f"{label(r['model'])} ({r[DECIDING]:.{digits}f})" for _, r in equals.iterrows()])
        verb = "is" if len(equals) == 1 else "are"
        text += (
            f" But {others} {verb} not significantly worse: user by user, the difference may be chance "
            f"(p at least {ALPHA}, {corrected})."
        )
    elif len(headline) > 1:
        text += f" User by user, every other model is significantly worse (p below {ALPHA}, {corrected})."
    return text


def _told_apart(compared: pd.DataFrame, cutoff: int) -> str:
    """How many pairs the deciding metric tells apart, and how small a difference could have been seen."""
    rows = compared[compared["metric"] == DECIDING]
    if len(rows) < 2:
        return ""
    apart = int((rows["p_holm"] < ALPHA).sum())
    pairs = counted(len(rows), "pair")
    text = f"By MAP@{cutoff}, {apart:,} of {pairs} of models can be told apart on these users"
    least, most = rows["detectable"].min(), rows["detectable"].max()
    if isnan(least):
        return text + "."
    span = f"{least:.2g}"
    if span != f"{most:.2g}":
        span += f" to {most:.2g}, depending on the pair"
    return f"{text}. The smallest difference that one test would find four times in five is {span}."


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
