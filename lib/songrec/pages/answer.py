"""The answer for one log: what to ship, how surely, what it beats; and the public logs beside it."""

from dataclasses import replace
from typing import Any

from songrec.pages import benchmark, compare
from songrec.results import ALPHA, Results, published
from songrec.show.figure import Figure
from songrec.show.numbers import p_equals
from songrec.show.prose import Prose, prose
from songrec.show.table import Table, table

PLACES = 10
"""The record and the table of situations look at lists of this length."""


def results(run: Results) -> Table:
    """A row a model, best first: what it reaches on the test users."""
    return compare.results(run, list(compare.GAINED))


def picture(run: Results) -> Figure | Prose:
    """Every other model's distance to the best one; words where there is no other."""
    alone = len(run.models(cutoff=_cutoff(run))) == 1
    return Prose("There is no second model to draw beside it.") if alone else compare.forest(run)


def decision(run: Results) -> Table:
    """The model to start with, by situation."""
    if _cutoff(run) != PLACES:
        return table({}, empty=f"Situations are compared by lists of {PLACES}, which this run does not have.")
    made = benchmark.decision(run)
    return replace(made, note=f"{made.note} {_why_another(run)}".rstrip())


def _why_another(run: Results) -> str:
    """Why the table's first row names another model than the answer; nothing where it names the same."""
    known, first = facts(run), benchmark.situations(run)[0]["model"]
    answered = known["baseline"] if known["verdict"] == "baseline" else known["winner"]
    if first == answered:
        return ""
    why = "the baseline" if known["verdict"] == "baseline" else "which did best on validation"
    behind = first in known["ahead"]
    return (
        f"The answer above is {run.label(answered)}, {why}; {run.label(first)}, "
        f"{'significantly better' if behind else 'not significantly better'}, ranks first on the test."
    )


def beside(run: Results) -> Table:
    """The models of this run on this log and on the public ones."""
    records = published()
    known = {model for record in records for model in record.models()}
    shared = [model for model in run.models(cutoff=_cutoff(run)) if model in known]
    if _cutoff(run) != PLACES or not shared:
        return table({}, empty="No public log has a model of this run at the same cut-off.")
    made = benchmark.across([run, *records], shared)
    costs = {name for name in made.columns if name.startswith("fit")}
    return replace(made, columns={name: of for name, of in made.columns.items() if name not in costs})


def _cutoff(run: Results) -> int:
    return run.facts(compare.STAGE)["cutoff"]


def facts(run: Results) -> dict[str, Any]:
    """What the findings say: the winner on validation, what the test says of it, and the verdict.

    The verdict is `only` (one model), `ship` (the winner), `baseline` (nothing is shown to be better than
    that) or `open`: the test shows another model to be better than the winner, or than the baseline where
    the winner is not.
    """
    cutoff, winner = _cutoff(run), run.winner()
    single = [model for model in run.models(cutoff=cutoff) if not run.made_of_others(model)]
    baseline = run.facts(compare.STAGE)["baseline"]
    baseline = baseline if baseline in single else ""
    pairs = {model: _pair(run, winner, model) for model in run.models(cutoff=cutoff) if model != winner}
    rivals = {model: pair for model, pair in pairs.items() if model in single}
    blends = [pair for model, pair in pairs.items() if model not in single and pair["value"] < 0]
    ahead = [model for model, pair in rivals.items() if pair["sure"] and pair["value"] < 0]
    others = [model for model in single if baseline and model not in (winner, baseline)]
    useful = [model for model in others if _wins(_pair(run, model, baseline))]
    return {
        "cutoff": cutoff,
        "winner": winner,
        "baseline": baseline,
        "tuned": [model for model in single if run.facts("tune").get(model, {}).get("value") is not None],
        "reached": run.metric(winner, cutoff=cutoff),
        "precision": run.metric(winner, "precision", cutoff).value,
        "rival": next(iter(rivals.values()), None),
        "gain": rivals.get(baseline),
        "blends": len(single) < len(pairs) + 1,
        "blend": blends[0] if blends else None,
        "ahead": ahead,
        "useful": useful,
        "alike": [model for model, pair in rivals.items() if not pair["sure"]],
        "beaten": [model for model, pair in pairs.items() if _wins(pair)],
        "verdict": _verdict(rivals, baseline, ahead, useful),
        "places": PLACES,
        "public": [f"{record.label(record.single())} ({record.title})" for record in published()],
    }


def _verdict(rivals: dict[str, dict], baseline: str, ahead: list[str], useful: list[str]) -> str:
    if not rivals:
        return "only"
    unproven = baseline in rivals and not _wins(rivals[baseline])
    if ahead or (unproven and useful):
        return "open"
    return "baseline" if unproven else "ship"


def _pair(run: Results, model: str, than: str) -> dict[str, Any]:
    """The comparison of two models by the deciding metric; `sure` where it is significant."""
    row = run.difference(model, than, cutoff=_cutoff(run))
    return row | {"sure": bool(row["p_holm"] < ALPHA), "p": p_equals(row["p_holm"], run.least_p())}


def _wins(pair: dict[str, Any]) -> bool:
    return pair["sure"] and pair["value"] > 0


def findings(run: Results) -> Prose:
    """What to ship, how sure that is, what it beats, and what is first on public logs."""
    return prose("answer.jinja", run, **facts(run))
