"""Numbers as a reader meets them: rounded to what their standard error supports, with their interval."""

from math import floor, isnan, log10

import pandas as pd

from songrec.report import pairs
from songrec.report.style import label
from songrec.report.tables_models import NAMES, PerUser, headline

_MOST = 4
_T = 1.96


def decimals(half_width: float, most: int = _MOST) -> int:
    """Decimals that a number with this 95 % half-width supports: at most two digits of its standard error.

    Two when the error's leading digits are 10 to 35, else one (the rule of the Particle Data Group).

    >>> decimals(0.0048), decimals(0.0139), decimals(0.02)
    (4, 3, 3)
    """
    if isnan(half_width) or half_width <= 0:
        return 3
    error = half_width / _T
    place = -floor(log10(error))
    leading = error * 10**place
    return max(0, min(most, place + (1 if leading < 3.55 else 0)))


def with_interval(value: float, low: float, high: float, digits: int | None = None) -> str:
    """A number and the half-width of its interval, or the number alone where there is none.

    >>> with_interval(0.09112, 0.0866, 0.0957), with_interval(0.5, float("nan"), float("nan"))
    ('0.0911 ± 0.0045', '0.500')
    """
    half = (high - low) / 2
    digits = decimals(half) if digits is None else digits
    return f"{value:.{digits}f}" + ("" if isnan(half) else f" ± {half:.{digits}f}")


def ends(low: float, high: float, digits: int) -> str:
    """The two ends of an interval: `0.021 to 0.034`."""
    return "" if isnan(low) or isnan(high) else f"{low:.{digits}f} to {high:.{digits}f}"


def headline_cells(table: pd.DataFrame, names: dict[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The headline ready for `show.table`: (cells of text, marks of the best), one column a metric.

    table : `tables_models.headline`; names : metric -> column title.
    """
    cells, marks = {"model": table["model"].map(label)}, {}
    for metric, title in names.items():
        if metric == "coverage":
            cells[title] = [f"{100 * value:.1f} %" for value in table[metric]]
        else:
            half = (table[f"{metric}_high"] - table[f"{metric}_low"]) / 2
            digits = decimals(float(half.max()))
            rows = zip(table[metric], table[f"{metric}_low"], table[f"{metric}_high"], strict=True)
            cells[title] = [with_interval(*row, digits) for row in rows]
        marks[title] = table[f"{metric}_best"]
    return pd.DataFrame(cells), pd.DataFrame(marks)


def gain_cells(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """`tables_models.gains` as text: a row a model and metric, difference and ratio with their intervals."""
    rows = []
    for row in table.itertuples():
        digits = decimals((row.difference_high - row.difference_low) / 2)
        ratio = "" if isnan(row.ratio) else f"{row.ratio:.2f}"
        rows.append(
            [
                label(row.model),
                names[row.metric],
                f"{row.difference:+.{digits}f}",
                ends(row.difference_low, row.difference_high, digits),
                ratio,
                ends(row.ratio_low, row.ratio_high, 2),
            ]
        )
    columns = ["model", "metric", "difference", "95 % interval", "ratio", "95 % interval of the ratio"]
    return pd.DataFrame(rows, columns=columns)


def p_text(p: float) -> str:
    """A p-value as it is read: three decimals, and no less than the test can tell.

    >>> p_text(0.0312), p_text(0.00003), p_text(1.0)
    ('0.031', '< 0.001', '1.000')
    """
    return "" if isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def pair_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Comparisons by one metric (`pairs.ordered`, `pairs.against_best`) as text, a row a pair of models."""
    rows = []
    for row in table.itertuples():
        digits = decimals((row.difference_high - row.difference_low) / 2)
        rows.append(
            {
                "model": label(row.model),
                "minus": label(row.than),
                "difference": f"{row.difference:+.{digits}f}",
                "95 % interval": ends(row.difference_low, row.difference_high, digits),
                "p": p_text(row.p),
                "p, Holm": p_text(row.p_holm),
                "p, Wilcoxon, Holm": p_text(row.wilcoxon_holm),
                "Cohen's d": "" if isnan(row.effect) else f"{row.effect:+.2f}",
                "better minus worse": f"{100 * row.superiority:+.0f} %",
                "detectable": "" if isnan(row.detectable) else f"{row.detectable:.{digits}f}",
            }
        )
    return pd.DataFrame(rows)


def all_metrics(metrics: pd.DataFrame, per_user: PerUser, cutoff: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every metric at one cut-off, a row a metric and a column a model: (cells of text, marks of the best).

    Gini, novelty and diversity are described and not marked: no value of theirs is best in itself.
    """
    names = [name for name in NAMES if name in set(metrics["metric"])]
    table = headline(metrics, pairs.gains(per_user, cutoff), cutoff, names)
    models = list(dict.fromkeys(metrics["model"]))
    table = table.set_index("model").loc[models]
    rows, marks = [], []
    for name in names:
        half = (table[f"{name}_high"] - table[f"{name}_low"]) / 2
        digits = decimals(float(half.max()))
        values = zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
        rows.append([f"{NAMES[name]}@{cutoff}", *(with_interval(*value, digits) for value in values)])
        marks.append([False, *(table[f"{name}_best"] & (name not in _DESCRIBED))])
    columns = ["metric", *map(label, models)]
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(marks, columns=columns)


_DESCRIBED = ("gini", "novelty", "diversity")


def activity_cells(table: pd.DataFrame, item: str) -> pd.DataFrame:
    """`tables_models.by_activity` as text: a row a group of users, a column a model."""
    digits = decimals(float(((table["ci_high"] - table["ci_low"]) / 2).max()))
    text = [with_interval(r.value, r.ci_low, r.ci_high, digits) for r in table.itertuples()]
    wide = table.assign(text=text).pivot(index="group", columns="model", values="text")  # noqa: PD010
    groups, models = dict.fromkeys(table["group"]), dict.fromkeys(table["model"])
    users = table.drop_duplicates("group")["n_users"].to_numpy()
    cells = wide.loc[list(groups), list(models)].rename(columns=label).reset_index(drop=True)
    cells.columns.name = None
    cells.insert(0, f"known {item}s", list(groups))
    cells.insert(1, "users", users)
    return cells
