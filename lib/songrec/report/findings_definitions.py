"""What a number depends on besides the ranking, in sentences made from the values: true of any run."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from songrec.evaluation.order import Agreement
from songrec.evaluation.variants import OWN
from songrec.report.numbers import decimals, ends
from songrec.report.show import Prose, paragraphs
from songrec.report.style import label
from songrec.report.words import CAUTION, counted, listed, log_of, sentence, share


def definitions(
    profile: str,
    tables: Mapping[str, pd.DataFrame],
    agreements: Mapping[str, Agreement],
    known: Mapping[str, float],
    by_lot: float,
    cutoff: int,
    synthetic: bool,
    item: str = "song",
) -> Prose:
    """By how much definitions move a number, and what sampling and songs already heard do to it.

    tables : `values`, `spread` and `orders` of `tables_definitions`; `sampled` and `seen`, its `two_ways`.
    agreements : `sampled` and `seen`, whether the two ways order the models alike.
    known : model -> share of the places that songs already heard take when they are let in.
    by_lot : the recall of a ranking by lot among the sampled competitors.
    """
    lines = [
        _numbers(profile, tables, cutoff, synthetic),
        _orders(tables["orders"]),
        _sampled(tables["sampled"], agreements["sampled"], by_lot, cutoff, item),
        _seen(tables["seen"], agreements["seen"], known, cutoff, item),
    ]
    return paragraphs(lines, CAUTION if synthetic else "")


def _numbers(profile: str, tables: Mapping[str, pd.DataFrame], cutoff: int, synthetic: bool) -> str:
    values, spread = tables["values"], tables["spread"]
    own = values[values["metric"] == OWN["MAP"]]
    best = own.loc[own["value"].idxmax(), "model"]
    rows = spread[spread["model"] == best].sort_values("ratio", ascending=False, kind="stable")
    parts = [
        f"{row.family}@{cutoff} lies between {row.smallest:.4f} and {row.largest:.4f}, "
        f"a factor of {row.ratio:.2f}"
        for row in rows.itertuples()
        if not np.isnan(row.ratio)
    ]
    if not parts:
        return f"On {log_of(profile, synthetic)} no list hits anything, and every definition says 0."
    users = counted(int(own["n_users"].iloc[0]), "user")
    return (
        f"On {log_of(profile, synthetic)}, for the very same lists of {label(best)} ({users}), "
        f"{'; '.join(parts)}. Nothing changes but who wrote the evaluator."
    )


def _orders(orders: pd.DataFrame) -> str:
    pairs = int(orders["pairs"].max())
    if not pairs:
        return "There is one model only: no definition can change an order."
    changed = orders[orders["reversed"] > 0]
    same = f"all {len(orders)}" if not len(changed) else f"{len(orders) - len(changed)} of the {len(orders)}"
    text = (
        f"Compared with the definition that this project uses for the same word, {same} other definitions "
        f"leave the order of the models as it is ({counted(pairs, 'pair')})."
    )
    if len(changed):
        parts = [f"{row.definition} ({counted(row.reversed, 'pair')})" for row in changed.itertuples()]
        clear = int(changed["clear"].sum())
        verdict = "none of them is" if not clear else f"{clear} of them {'is' if clear == 1 else 'are'}"
        text += f" Pairs are reversed by {listed(parts)}; {verdict} clear of noise by both definitions."
    return text


def _sampled(table: pd.DataFrame, found: Agreement, by_lot: float, cutoff: int, item: str) -> str:
    best = table.iloc[0]
    text = (
        f"Ranked among all {item}s not heard, held-out {item}s have a recall@{cutoff} of "
        f"{_number(best, 'first')} by {label(best['model'])}; ranked among the sampled ones, of "
        f"{_number(best, 'second')}, where a ranking by lot would have {by_lot:.3f}."
    )
    return f"{text} {_agreed(found, 'sampling')}"


def _seen(table: pd.DataFrame, found: Agreement, known: Mapping[str, float], cutoff: int, item: str) -> str:
    best, most = table.iloc[0], max(known, key=known.__getitem__)
    text = (
        f"When {item}s that the user is known to have heard are let into the lists, they take "
        f"{share(known[most])} of the first {cutoff} places of {label(most)}"
    )
    if most != best["model"]:
        text += f" and {share(known[best['model']])} of those of {label(best['model'])}"
    text += (
        f"; the MAP@{cutoff} of {label(best['model'])} goes from {_number(best, 'first')} to "
        f"{_number(best, 'second')}."
    )
    return f"{text} {_agreed(found, 'letting them in')}"


def _agreed(found: Agreement, doing: str) -> str:
    if not found.pairs:
        return "With one model there is no order to change."
    if not found.reversed:
        return f"{sentence(doing)} leaves the order of the models as it is."
    named = [f"{label(better)} before {label(worse)}" for better, worse in found.reversed[:3]]
    more = len(found.reversed) - len(named)
    which = listed(named) if not more else ", ".join(named) + f" and {more} more"
    clear = len(found.clear)
    verdict = (
        "none of these reversals is" if not clear else f"{clear} of these {'is' if clear == 1 else 'are'}"
    )
    return (
        f"{sentence(doing)} reverses {len(found.reversed)} of {counted(found.pairs, 'pair')} of models "
        f"(Kendall's tau {found.tau:.2f}; no longer {which}); {verdict} clear of noise both ways."
    )


def _number(row: pd.Series, way: str) -> str:
    digits = decimals((row[f"{way}_high"] - row[f"{way}_low"]) / 2)
    interval = ends(row[f"{way}_low"], row[f"{way}_high"], digits)
    return f"{row[way]:.{digits}f}" + (f" ({interval})" if interval else "")
