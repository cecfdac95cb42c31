"""Full ranking against a few sampled songs, and the order of the models (a part of `definitions`)."""

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import pandas as pd

from songrec.pages.definitions import STAGE, ways
from songrec.results import Results
from songrec.show.bump import bump, ranked_within
from songrec.show.figure import Figure, subplots
from songrec.show.numbers import share
from songrec.show.prose import Prose, listed, prose
from songrec.show.style import NARROW, colour


def ranks(run: Results) -> Figure:
    """The models' ranks both ways, and the share of songs that each model does not list, where known."""
    rows, item = _ranked(run), run.item
    missing = run.table(STAGE, "unscored").set_index("model") if run.has(STAGE, "unscored") else None
    models = rows["model"].nunique()
    options = {"gridspec_kw": {"width_ratios": [3.2, 1]}} if missing is not None else {}
    columns = 1 if missing is None else 2
    canvas, (axes, *more) = subplots(columns, height=1.2 + 0.25 * models, width=NARROW, **options)
    bump(axes, rows, "step", run, write=_numbered(run))
    if missing is not None:
        last = rows[rows["step"] == rows["step"].iloc[-1]].set_index("model")["rank"]
        shares_of = missing.loc[last.index, "value"]
        more[0].barh(last, shares_of, color=[colour(run, model) for model in last.index], height=0.6)
        for place, part in zip(last, shares_of, strict=True):
            more[0].text(part, place, f" {share(part)}" if part else "", va="center", fontsize=8)
        more[0].set(ylim=axes.get_ylim(), xlim=(0, 1.5 * max(shares_of.max(), 0.01)), yticks=[], xticks=[])
        more[0].spines[:].set_visible(False)
        more[0].grid(False)
        more[0].set_title("not listed", fontsize=8.5, fontweight="normal")
    k = run.facts(STAGE)["cutoff"]
    drawn = rows[["model", "step", "value", "rank"]].assign(step=rows["step"].str.replace("\n", " "))
    also = (
        f" On the right: the share of held-out {item}s that a model does not list at all, which are misses."
        if missing is not None
        else f" How many held-out {item}s a model does not list at all is not on record here."
    )
    return Figure(
        canvas,
        drawn,
        f"Models by the recall@{k} of held-out {item}s, ranked among all that the user does not know, and "
        f"among a few drawn at random.{also}",
        f"A line a model from rank to rank. {_told_ranks(run, drawn)}.",
    )


def _numbered(run: Results) -> Callable[[Mapping[str, Any], bool], str]:
    """Writes a model's name with its rank towards the line."""
    return lambda row, right: (
        f"{row['rank']}  {run.label(row['model'])}" if right else f"{run.label(row['model'])}  {row['rank']}"
    )


def _told_ranks(run: Results, rows: pd.DataFrame) -> str:
    """In words: each step's models in their order."""
    return "; ".join(
        f"{step}: {listed(run.label(model) for model in of.sort_values('rank')['model'])}"
        for step, of in rows.groupby("step", sort=False)
    )


def _ranked(run: Results) -> pd.DataFrame:
    """Ranks among all songs, among a few, and among a few for songs that every model lists, where known."""
    steps = dict(zip(ways(run.table(STAGE, "sampled")), ("among\nall", "among\na few"), strict=True))
    rows = run.table(STAGE, "sampled")
    rows = rows.assign(step=rows["way"].map(steps))
    if run.has(STAGE, "sampled_common"):
        common = run.table(STAGE, "sampled_common")
        common = common[common["way"] == ways(common)[-1]]
        rows = pd.concat([rows, common.assign(step="a few, of\nthose all list")])
    # Column by column; a model's rows in a column are in the order of the first.
    rows = rows.sort_values("step", key=lambda step: step.map([*dict.fromkeys(step)].index), kind="stable")
    return rows.assign(rank=ranked_within(rows, "step")).reset_index(drop=True)


def findings(run: Results) -> Prose:
    """What ranking among a few does to the order, and how much of that missing scores explain."""
    rows = run.table(STAGE, "sampled")
    first, second = ways(rows)
    place = {way: of.set_index("model")["place"] for way, of in rows.groupby("way", sort=False)}
    moved = (place[first] - place[second]).sort_values(kind="stable")
    facts = {"known": run.has(STAGE, "unscored"), "common": {}}
    if facts["known"]:
        missing = run.table(STAGE, "unscored")
        facts["most"] = missing.loc[missing["value"].idxmax()].to_dict()
        facts["all"] = int((missing["value"] == 0).sum())
    if run.has(STAGE, "sampled_common"):
        common = run.table(STAGE, "sampled_common")
        turned, share_common = len(_turned(common)), run.facts(STAGE)["share_common"]
        facts["common"] = {"turned": turned, "share": share_common}
    risen, fallen = moved.index[-1], moved.index[0]
    return prose(
        "sampling.jinja",
        run,
        **facts,
        cutoff=run.facts(STAGE)["cutoff"],
        users=int(rows["n_users"].max()),
        models=len(moved),
        pairs=len(moved) * (len(moved) - 1) // 2,
        turned=len(_turned(rows)),
        ends=[(model, place[first][model], place[second][model]) for model in (risen, fallen)],
        leaders=[place[way].idxmin() for way in (first, second)],
    )


def _turned(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """The pairs of models that stand in opposite order by the two ways."""
    first, second = (rows[rows["way"] == way].set_index("model")["value"] for way in ways(rows))
    pairs = combinations(first.index, 2)
    return [(a, b) for a, b in pairs if (first[a] - first[b]) * (second[a] - second[b]) < 0]
