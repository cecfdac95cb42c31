"""What lists do besides hitting, in sentences made from the values: true of any run."""

from collections.abc import Mapping

import pandas as pd

from songrec.report.numbers import decimals, ends
from songrec.report.show import Prose, paragraphs
from songrec.report.style import label
from songrec.report.tables_beyond import EVERYBODY
from songrec.report.tables_models import DECIDING, HELD_OUT
from songrec.report.tables_segments import BY_SONG, BY_TASTE
from songrec.report.words import CAUTION, listed, log_of, sentence, share


def beyond(
    profile: str,
    tables: Mapping[str, pd.DataFrame],
    chosen: float,
    member: str,
    baseline: str,
    cost: float,
    cutoff: int,
    synthetic: bool,
    item: str = "song",
) -> Prose:
    """Surprise and reach, popularity bias, who is served, how much log it takes, what another order costs.

    tables : `glance`, `lifts`, `overlap` of `tables_beyond`; `segments`, `thinning`, `exchange` of
    `tables_segments`. chosen : lambda of the re-ranking of `member`, which might cost the share `cost`.
    """
    best = tables["glance"]["model"].iloc[0]
    lines = [
        _surprise(profile, tables["glance"], baseline, cutoff, synthetic, item),
        _lean(tables["lifts"], item),
        _served(tables["segments"], best, cutoff, item),
        _breaks(tables["thinning"], baseline, cutoff),
        _exchanged(tables["exchange"], chosen, member, cost, cutoff),
        _agreed(tables["overlap"], cutoff),
    ]
    return paragraphs([line for line in lines if line], CAUTION if synthetic else "")


def number(row, scale: float = 1, unit: str = "") -> str:
    """A mean with the ends of its interval, to the digits that the interval supports."""
    value, low, high = (scale * row[name] for name in ("value", "ci_low", "ci_high"))
    digits = decimals((high - low) / 2)
    interval = ends(low, high, digits)
    return f"{value:.{digits}f}{unit}" + (f" ({interval}{unit})" if interval else " (no interval)")


def _surprise(
    profile: str, glance: pd.DataFrame, baseline: str, cutoff: int, synthetic: bool, item: str
) -> str:
    by = {name: rows.set_index("model") for name, rows in glance.groupby("metric", sort=False)}
    rows = by["serendipity"].sort_values("value", ascending=False, kind="stable")
    top, first = rows.index[0], by[DECIDING].iloc[0]
    text = (
        f"On {log_of(profile, synthetic)}, the highest MAP@{cutoff} is that of {label(first.name)}, "
        f"{number(first)}. Of the first {cutoff} places, {label(top)} fills the largest share with hits that "
        f"{label(baseline)} would not have listed: {number(rows.iloc[0], 100, ' %')}"
    )
    equals = [label(model) for model in rows.index[1:] if rows.loc[model, "best"]]
    if equals:
        text += f"; within noise of it, user by user, {'is' if len(equals) == 1 else 'are'} {listed(equals)}"
    reach = by["coverage"]["value"]
    return (
        f"{text}. Its lists together name {share(reach[top])} of the {item}s and have a Gini of "
        f"{by['gini'].loc[top, 'value']:.3f}; {label(baseline)}'s name {share(reach[baseline])}, with "
        f"{by['gini'].loc[baseline, 'value']:.3f}."
    )


def _lean(lifts: pd.DataFrame, item: str) -> str:
    rows = lifts[lifts["group"] == EVERYBODY].set_index("model")
    models = rows.drop(index=HELD_OUT).sort_values("value", ascending=False, kind="stable")
    parts = {"more popular than": [], "less popular than": [], "within noise of": []}
    for model, row in models.iterrows():
        clear = row["ci_low"] > 0 or row["ci_high"] < 0
        way = (
            ("more popular than" if row["value"] > 0 else "less popular than") if clear else "within noise of"
        )
        parts[way].append(f"{label(model)} by {number(row, 100, ' %')}")
    said = [f"{way} what the user had heard: {listed(names)}" for way, names in parts.items() if names]
    return (
        f"Lists whose {item}s are, on average, {'; '.join(said)}. What users really went on to play differs "
        f"from it by {number(rows.loc[HELD_OUT], 100, ' %')}."
    )


def _served(segments: pd.DataFrame, best: str, cutoff: int, item: str) -> str:
    mine = segments[segments["model"] == best]
    users = mine[mine["by"] == BY_TASTE].reset_index(drop=True)
    songs = mine[mine["by"] == BY_SONG].reset_index(drop=True)
    text = ""
    if len(users) > 1:
        few, many = users.iloc[0], users.iloc[-1]
        apart = few["ci_high"] < many["ci_low"] or many["ci_high"] < few["ci_low"]
        verdict = "the intervals are apart" if apart else "the intervals overlap"
        text = (
            f"For {label(best)}, MAP@{cutoff} is {number(few)} for {few['group']} listeners and "
            f"{number(many)} for {many['group']} ones: {verdict}. "
        )
    parts = [f"{number(row, 100, ' %')} of the {row['group']}" for _, row in songs.iterrows()]
    return f"{text}Of the hidden {item}s {label(best)} finds {listed(parts)}." if parts else text.strip()


def _breaks(table: pd.DataFrame, baseline: str, cutoff: int) -> str:
    """How much is left of each model with the thinnest log, and up to where it is ahead of the charts."""
    least = table["share"].min()
    rows = table[table["share"] == least]
    parts = []
    for row in rows.itertuples():
        kept = pd.Series({"value": row.kept, "ci_low": row.kept_low, "ci_high": row.kept_high})
        parts.append(f"{label(row.model)} {number(kept, 100, ' %')}")
    text = f"With {share(least)} of the training log, models keep of their MAP@{cutoff}: {listed(parts)}."
    ahead, lost = [], []
    for model, rows in table[table["model"] != baseline].groupby("model", sort=False):
        behind = rows.loc[~(rows["ahead_low"] > 0), "share"]
        if len(behind):
            lost.append(f"{label(model)} with {listed([share(one) for one in behind])}")
        else:
            ahead.append(label(model))
    if ahead:
        text += f" At every share, ahead of {label(baseline)} by more than noise: {listed(ahead)}."
    if lost:
        text += f" Not ahead of it by more than noise: {listed(lost)}."
    return text


def _exchanged(table: pd.DataFrame, chosen: float, member: str, cost: float, cutoff: int) -> str:
    if not chosen:
        return (
            f"No re-ranking of {label(member)} makes lists more varied for at most {share(cost)} of "
            f"MAP@{cutoff} on validation: the order stays as it is."
        )
    rows = table.set_index("metric")
    varied, paid = rows.loc["diversity"], rows.loc[DECIDING]
    held = paid["ratio_low"] >= 1 - cost
    broken = paid["ratio_high"] < 1 - cost
    verdict = "kept" if held else "broken" if broken else "neither clearly kept nor clearly broken"
    kept = pd.Series({"value": paid["ratio"], "ci_low": paid["ratio_low"], "ci_high": paid["ratio_high"]})
    return (
        f"Re-ranked with the lambda that validation chose, {chosen:g}, the lists of {label(member)} have "
        f"on test a diversity that differs by {_difference(varied)} and a MAP@{cutoff} that differs by "
        f"{_difference(paid)}, user by user: {number(kept, 100, ' %')} of the accuracy is left. The bound of "
        f"{share(cost)} that was set on validation is {verdict} on test."
    )


def _difference(row: pd.Series) -> str:
    digits = decimals((row["ci_high"] - row["ci_low"]) / 2)
    interval = ends(row["ci_low"], row["ci_high"], digits)
    return f"{row['difference']:+.{digits}f} ({interval or 'no interval'})"


def _agreed(table: pd.DataFrame, cutoff: int) -> str:
    if not len(table):
        return ""
    parts = []
    for way, place in (("most", table["value"].idxmax()), ("least", table["value"].idxmin())):
        row = table.loc[place]
        parts.append(f"{way} alike are those of {label(row['one'])} and {label(row['other'])}, {number(row)}")
        if len(table) == 1:
            parts = [f"those of {label(row['one'])} and {label(row['other'])} share {number(row)}"]
            break
    return sentence(
        f"of the {cutoff} songs a list, as the mean Jaccard of two models' lists, {listed(parts)}."
    )
