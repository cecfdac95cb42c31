"""What a smaller model costs, in sentences made from the values: true of any run."""

from typing import Any

import pandas as pd

from songrec.report.figures_rank import megabytes
from songrec.report.numbers import decimals, ends
from songrec.report.show import Prose, paragraphs
from songrec.report.tables_rank import FACTORS, FULL, NAMES, SVD
from songrec.report.words import CAUTION, article, log_of, share


def scale(
    profile: str,
    accuracy: pd.DataFrame,
    differences: pd.DataFrame,
    cutoff: int,
    synthetic: bool,
    item: str = "song",
) -> Prose:
    """What each smaller model gains or loses against the full space.

    accuracy, differences : the tables of `tables_rank`.
    """
    lines = [_full(profile, accuracy, cutoff, synthetic, item)]
    lines += [_smaller(model, accuracy, differences, cutoff) for model in (FACTORS, SVD)]
    return paragraphs(lines, CAUTION if synthetic else "")


def _full(profile: str, accuracy: pd.DataFrame, cutoff: int, synthetic: bool, item: str) -> str:
    full = accuracy[accuracy["model"] == FULL].iloc[0]
    low, high = full["average_precision_low"], full["average_precision_high"]
    digits = decimals((high - low) / 2)
    interval = ends(low, high, digits)
    return (
        f"On {log_of(profile, synthetic)}, {NAMES[FULL]}, where {article(item)} is described by "
        f"{full['rank']:,} users, has MAP@{cutoff} {full['average_precision']:.{digits}f}"
        f"{f' (95 % interval {interval})' if interval else ''} with {megabytes(full['bytes'])} MB of memory."
    )


def _smaller(model: str, accuracy: pd.DataFrame, differences: pd.DataFrame, cutoff: int) -> str:
    rows = accuracy[accuracy["model"] == model].reset_index(drop=True)
    pairs = differences[differences["model"] == model].reset_index(drop=True)
    place = int(rows["average_precision"].idxmax())
    best, pair = rows.iloc[place], pairs.iloc[place]
    digits = decimals((pair["difference_high"] - pair["difference_low"]) / 2)
    interval = ends(pair["difference_low"], pair["difference_high"], digits)
    full = accuracy[accuracy["model"] == FULL].iloc[0]
    text = (
        f"Of the numbers of factors tried, {NAMES[model]} is most accurate with {best['rank']:,}: "
        f"MAP@{cutoff} {best['average_precision']:.{digits}f}, {pair['difference']:+.{digits}f} against the "
        f"full space for the mean user ({f'95 % interval {interval}' if interval else 'no interval'}). The "
        f"factors reproduce {share(best['kept'])} of the log, and the model takes {megabytes(best['bytes'])} "
        f"MB, {_times(best['bytes'] / full['bytes'])} the full space takes."
    )
    if len(rows) > 1 and best["rank"] == rows["rank"].max():
        text += " That is the largest number tried: with more it might be better still."
    return text + " " + _within(pairs)


def _times(ratio: float) -> str:
    return "about what" if 0.95 < ratio < 1.05 else f"{ratio:.2g} times what"


def _within(pairs: pd.DataFrame) -> str:
    near = pairs[~(pairs["difference_high"] < 0)]
    if not len(near):
        return "At every number tried it is below the full space, by more than noise."
    if len(near) == len(pairs):
        return "At no number tried is it below the full space by more than noise."
    return f"It takes {near['rank'].min():,} not to be below the full space by more than noise."


def values(accuracy: pd.DataFrame, cutoff: int) -> dict[str, Any]:
    """The numbers by name, for prose elsewhere: `pure_svd.50.average_precision@10`, `pure_svd.best`."""
    found: dict[str, Any] = {"cutoff": cutoff}
    for row in accuracy.to_dict("records"):
        name = FULL if row["model"] == FULL else f"{row['model']}.{row['rank']}"
        found[f"{name}.average_precision@{cutoff}"] = float(f"{row['average_precision']:.4g}")
        found[f"{name}.bytes"] = row["bytes"]
    for model in (FACTORS, SVD):
        rows = accuracy[accuracy["model"] == model]
        found[f"{model}.best"] = int(rows.loc[rows["average_precision"].idxmax(), "rank"])
    return found
