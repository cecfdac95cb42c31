"""What the cold start found, in sentences made from the values: true of any run."""

from collections.abc import Mapping

import pandas as pd

from songrec.report.numbers import decimals, ends
from songrec.report.show import Prose, paragraphs
from songrec.report.style import label
from songrec.report.tables_cold import METRIC, ahead_from
from songrec.report.words import CAUTION, counted, listed, log_of, share


def cold_start(
    profile: str,
    tables: Mapping[str, pd.DataFrame],
    named: float,
    member: str,
    baseline: str,
    cutoff: int,
    synthetic: bool,
    item: str = "song",
) -> Prose:
    """How soon a model knows better than the charts, what the hybrid is worth, and what metadata say.

    tables : `growth`, `gains` and `new_songs` of `tables_cold` (there: `curves`, `gains`, `new_song_rows`),
    `behind`, the gains of the hybrid's two parts against it, and `kappa` (of `evaluation.cold.by_kappa`).
    named : share of the new songs whose artist is known.
    """
    tried = tables["kappa"]
    kappa = float(tried.loc[tried["value"].idxmax(), "kappa"])
    lines = [
        _start(profile, tables["growth"], baseline, cutoff, synthetic, item),
        _ahead(tables["gains"], baseline, item),
        _hybrid(tables["behind"], kappa, member, baseline, item),
        _new_songs(tables["new_songs"], named, cutoff, item),
    ]
    return paragraphs(lines, CAUTION if synthetic else "")


def _start(profile: str, curves: pd.DataFrame, baseline: str, cutoff: int, synthetic: bool, item: str) -> str:
    rows = curves[curves["metric"] == METRIC]
    some = rows.loc[rows["shown"] > 0, "shown"]
    nobody = rows[(rows["model"] == baseline) & (rows["shown"] == 0)].iloc[0]
    parts = []
    for n in dict.fromkeys([some.min(), some.max()]):
        best = rows[rows["shown"] == n].sort_values("value", ascending=False, kind="stable").iloc[0]
        parts.append(f"that of {label(best['model'])} with {counted(int(n), item)} shown, {_mean(best)}")
    return (
        f"For {counted(int(nobody['n_users']), 'user')} of {log_of(profile, synthetic)} whom no model had "
        f"met, {label(baseline)} has a MAP@{cutoff} of {_mean(nobody)} while nothing is known of them. The "
        f"highest mean is {listed(parts)}."
    )


def _mean(row: pd.Series) -> str:
    digits = decimals((row["ci_high"] - row["ci_low"]) / 2)
    interval = ends(row["ci_low"], row["ci_high"], digits)
    return f"{row['value']:.{digits}f}" + (f" ({interval})" if interval else "")


def _ahead(gains: pd.DataFrame, baseline: str, item: str) -> str:
    since: dict[int, list[str]] = {}
    never = []
    for model, n in ahead_from(gains[gains["shown"] > 0]).items():
        since.setdefault(n, []).append(label(model)) if n is not None else never.append(label(model))
    parts = [f"{listed(since[n])} from {counted(n, item)} on" for n in sorted(since)]
    text = (
        f"User by user, the difference to {label(baseline)} is above 0 and clear of it for {listed(parts)}."
        if parts
        else ""
    )
    if never:
        text += f"{' ' if text else ''}Not even with the most shown is it for {listed(never)}."
    return text or "No model is compared with the baseline."


def _hybrid(behind: pd.DataFrame, kappa: float, member: str, baseline: str, item: str) -> str:
    """Is the hybrid ever below what it is made of, by more than noise?"""
    text = f"The hybrid's kappa, chosen on other users, is {kappa:g}: "
    if kappa:
        text += f"with that many {item}s shown, {label(member)} and {label(baseline)} weigh the same."
    else:
        text += f"as soon as anything is known, it is {label(member)} alone."
    ahead = behind[(behind["ci_low"] > 0)]
    if not len(ahead):
        others = " or ".join(label(model) for model in dict.fromkeys(behind["model"]))
        return f"{text} However many {item}s are shown, it is never below {others} by more than noise."
    parts = [
        f"{label(model)} with {listed([str(n) for n in rows['shown']])} {item}s shown"
        for model, rows in ahead.groupby("model", sort=False)
    ]
    return f"{text} It is below {listed(parts)}, and by more than noise."


def _new_songs(rows: pd.DataFrame, named: float, cutoff: int, item: str) -> str:
    rows = rows[rows["metric"] == METRIC].set_index("way")
    text = (
        f"A model of who listens to what cannot list a new {item} at all. Of these, {share(named)} have an "
        "artist whose name is known"
    )
    if not named:
        return f"{text}: nothing can be said of them."
    chance, others = rows.loc["chance"], rows.drop(index="chance")
    best = others.loc[others["value"].idxmax()]
    parts = [f"{way} {_mean(row)}" for way, row in others.iterrows()]
    verdict = "the intervals are apart" if best["ci_low"] > chance["ci_high"] else "the intervals overlap"
    return (
        f"{text}. Ranking only the new {item}s for {counted(int(best['n_users']), 'user')} who played some "
        f"of them, MAP@{cutoff} is {listed(parts)}, against {_mean(chance)} by chance: {verdict}."
    )
