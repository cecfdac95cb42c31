"""What repeated splits found, in sentences made from the values: true of any run."""

import pandas as pd

from songrec.report.numbers import decimals, ends
from songrec.report.show import Prose, paragraphs
from songrec.report.style import label
from songrec.report.tables_models import DECIDING, NAMES
from songrec.report.words import CAUTION, counted, listed, log_of


def repeats(
    profile: str, spread: pd.DataFrame, order: pd.DataFrame, cutoff: int, protocol: str, synthetic: bool
) -> Prose:
    """Is the draw or are the users the larger doubt, and would another draw have said the same?

    spread, order : of `tables_repeats`.
    """
    rows = spread[(spread["metric"] == DECIDING) & (spread["k"] == cutoff)]
    splits = int(rows["splits"].iloc[0])
    lines = [_means(profile, rows, cutoff, protocol, splits, synthetic)]
    if splits > 1:
        lines += [_doubts(rows, protocol), _order(order, splits)]
    else:
        lines.append("One split has no spread: name several seeds.")
    return paragraphs(lines, CAUTION if synthetic else "")


def _means(profile: str, rows: pd.DataFrame, cutoff: int, protocol: str, splits: int, synthetic: bool) -> str:
    parts = []
    for row in rows.itertuples():
        digits = decimals((row.ci_high - row.ci_low) / 2)
        interval = ends(row.ci_low, row.ci_high, digits)
        parts.append(f"{label(row.model)} {row.value:.{digits}f}" + (f" ({interval})" if interval else ""))
    return (
        f"Over {counted(splits, 'split')} of {log_of(profile, synthetic)} under `{protocol}`, the mean "
        f"{NAMES[DECIDING]}@{cutoff} is {listed(parts)}; in brackets the 95 % interval for other users and "
        "other draws together."
    )


def _doubts(rows: pd.DataFrame, protocol: str) -> str:
    if protocol == "given":
        return (
            "The test part of a given split comes with the data: only the validation part was drawn anew, "
            "and the final models learn from both, so every split says the same."
        )
    share = rows["sd_splits"] / rows["se_users"].where(rows["se_users"] > 0)
    larger = rows.loc[rows["sd_splits"] > rows["se_users"], "model"].map(label).tolist()
    low, high = share.min(), share.max()
    text = (
        f"The standard deviation between splits is {low:.2f} to {high:.2f} times the standard error between "
        "the users of one split"
    )
    if larger:
        return f"{text}; as far as so few splits can tell, the draw is the larger doubt for {listed(larger)}."
    return f"{text}: as far as so few splits can tell, for every model the listeners are the larger doubt."


def _order(order: pd.DataFrame, splits: int) -> str:
    if not len(order):
        return "One model has no order."
    unsettled = order[order["ahead"] < order["splits"]]
    if len(unsettled):
        pairs = [
            f"{label(r.model)} is before {label(r.than)} in {r.ahead} of {splits}"
            for r in unsettled.itertuples()
        ]
        return f"The order of the models is not the same in every split: {listed(pairs)}."
    unclear = order[order["clear"] < order["splits"]]
    text = f"All {splits} splits put the models into the same order"
    if not len(unclear):
        return f"{text}, and in each the paired difference between neighbours is clear of 0."
    pairs = [
        f"{label(r.model)} is clear of {label(r.than)} in {r.clear} of {splits}" for r in unclear.itertuples()
    ]
    return f"{text}; by the paired differences, {listed(pairs)}."
