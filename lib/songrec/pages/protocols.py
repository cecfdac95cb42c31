"""Protocols: each log under every published protocol, and the challenge beside what others reached."""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from songrec.errors import DataError
from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Results, protocol_of
from songrec.show.bump import bumps
from songrec.show.figure import Figure
from songrec.show.prose import Prose, prose
from songrec.show.table import RANGE, Table, counts, estimates, measured, numbers, stacked, table, words

SHARED = ("popularity", "user_knn", "item_knn", "rp3beta", "ease", "als")
"""The models that ran under every protocol."""

LEVELS = ("popularity", "item_knn")
"""Whose precision shows what a protocol does to a level; popularity has nothing to tune."""

PROTOCOLS = ("weak", "triplet_holdout", "strong")

COLUMNS = ((DECIDING, 10), ("ndcg", 100), ("recall_capped", 20), ("recall_capped", 50))

CHALLENGE = "msd-challenge-fragment"

WHOLE_CHALLENGE = {
    "item-based, asymmetric cosine, calibrated": 0.17712,
    "item-based, asymmetric cosine": 0.16665,
    "user-based": 0.15037,
    "ALS": 0.05092,
    "popularity": 0.021,
}
"""MAP@500 on the challenge's public part (Aiolli 2013; the challenge's forum for popularity)."""


def protocols(every: Sequence[Results]) -> Table:
    """Every protocol on every log: the shared models, best first."""
    note = (
        f"{RANGE} Bold: by MAP@10, of these models the best and all that are not significantly worse. Capped "
        "recall is divided by the smaller of the cut-off and the number held out, as where strong "
        "generalisation was published."
    )
    return _by_protocol(every, _levels, note)


def _levels(run: Results) -> Table:
    """Accuracy of the shared models; a run chooses its cut-offs, so a column may be missing."""
    models = _shared(run)
    users = run.metric(models[0]).n_users
    columns = {
        "model": words(run.label(model) for model in models),
        "users": counts([users, *[None] * (len(models) - 1)]),
    }
    for metric, k in COLUMNS:
        rows = run.rows("evaluate", "metrics", metric=metric, k=k)
        if len(rows):
            head = f"{METRICS[metric].label}@{k}"
            columns[head] = estimates(rows.set_index("model").loc[models])
            if metric == DECIDING:
                best = run.best(metric, k, among=models)
                columns[head] = columns[head].marked(model in best for model in models)
    return table(columns)


def hidden(every: Sequence[Results]) -> Table:
    """What each protocol holds out of each log, and the precision of the same two models under it."""
    return _by_protocol(every, _held_out, RANGE)


def _held_out(run: Results) -> Table:
    """One row. Only users with something held out are scored."""
    users, songs = run.metric(LEVELS[0]).n_users, run.facts("split")["test"]["holdout"]
    precision = {
        f"Precision@10, {run.label(model)}": estimates(
            run.rows("evaluate", "metrics", model=model, metric="precision", k=10), interval="brackets"
        )
        for model in LEVELS
    }
    return table(
        {
            "users scored": counts([users]),
            "held out": counts([songs]),
            "held out per user": numbers([songs / users], digits=2),
            **precision,
        }
    )


def ranks(every: Sequence[Results]) -> Figure:
    """The shared models' ranks from protocol to protocol, a panel a log that has several."""
    made = {}
    for title, runs in _logs(every).items():
        if len(runs) > 1:
            rows = pd.concat([_places(run) for run in runs], ignore_index=True)
            # A model that one protocol lacks has no line.
            whole = rows.groupby("model")["protocol"].transform("nunique") == len(runs)
            made[title] = runs[0], rows[whole]
    if not made:
        raise DataError("no log is published under two protocols: publish a run under another one")
    canvas, said = bumps(made, "protocol")
    return Figure(
        canvas,
        pd.concat([rows.assign(log=title) for title, (_, rows) in made.items()]),
        "Ranks by MAP@10 under each protocol, the best at the top. Hollow: the best under that protocol and "
        "all that are not significantly worse. Lines that cross are pairs that protocols rank differently.",
        f"A line a model from protocol to protocol. {said}.",
    )


def _places(run: Results) -> pd.DataFrame:
    """The shared models, best first, with `hollow`: those that may be the best."""
    models = _shared(run)
    rows = run.rows("evaluate", "metrics", metric=DECIDING, k=10).set_index("model", drop=False).loc[models]
    best = run.best(among=models)
    rows = rows.assign(protocol=protocol_of(run), hollow=[model in best for model in models])
    return rows[["model", "protocol", "value", "hollow"]]


def orders(every: Sequence[Results]) -> Table:
    """Every two protocols of a log: which model is first, and which pairs stand in another order."""
    made = {
        title: stacked(
            {
                f"{protocol_of(one)}, {protocol_of(other)}": _order(one, other)
                for one, other in combinations(runs, 2)
            },
            first="protocols",
        )
        for title, runs in _logs(every).items()
    }
    note = (
        "By MAP@10. Trials: how many each search was given. First: one name where both protocols name the "
        "same model. Significant under both: the difference of the two models has a corrected p below .05 "
        "under the one protocol and under the other."
    )
    return stacked(made, first="data set", note=note, empty="No log is published under two protocols.")


def findings(every: Sequence[Results]) -> Prose:
    """What a protocol does to the level of one model, and to the order of the shared ones, log by log."""
    logs = [
        {
            "title": title,
            "levels": [(protocol_of(run), run.metric(LEVELS[0], "precision")) for run in runs],
            "compared": [_compared(one, other) for one, other in combinations(runs, 2)],
        }
        for title, runs in _logs(every).items()
        if len(runs) > 1
    ]
    return prose("protocols.jinja", every[0], logs=logs, name=every[0].label(LEVELS[0]))


def _compared(one: Results, other: Results) -> dict[str, Any]:
    """Which pairs of shared models stand in another order under the other protocol."""
    models = [model for model in _shared(one) if model in _shared(other)]
    pairs = list(combinations(models, 2))
    turned = [pair for pair in pairs if other.difference(*pair)["value"] < 0]
    clear = [pair for pair in turned if _differ(one, pair) and _differ(other, pair)]
    # Of the models in these pairs those in every pair explain them all.
    common = set.intersection(*map(set, clear)) if clear else set()
    return {
        "protocols": (protocol_of(one), protocol_of(other)),
        "trials": (_trials(one), _trials(other)),
        "models": models,
        "pairs": len(pairs),
        "turned": [tuple(map(one.label, pair)) for pair in turned],
        "significant": [tuple(map(one.label, pair)) for pair in clear],
        "common": [one.label(model) for model in models if model in common],
    }


def _order(one: Results, other: Results) -> Table:
    """One row: the models of the first run in the order of both."""
    found = _compared(one, other)
    models, pairs, turned = found["models"], found["pairs"], found["turned"]
    named = "; ".join(f"{first} and {second}" for first, second in turned)
    leaders = [next(model for model in run.models() if model in models) for run in (one, other)]
    tau = 1 - 2 * len(turned) / pairs if pairs else float("nan")
    return table(
        {
            "trials": words([", ".join(map(str, found["trials"]))]),
            "first": words([", ".join(dict.fromkeys(map(one.label, leaders)))]),
            "ranked differently": words([f"{len(turned)} of {pairs}" + (named and f": {named}")]),
            "significant under both": counts([len(found["significant"])]),
            "Kendall's tau": numbers([tau], digits=2),
        }
    )


def _differ(run: Results, pair: tuple[str, str]) -> bool:
    """Whether the two models differ significantly by the deciding metric."""
    return len(run.best(among=pair)) == 1


def _trials(run: Results) -> int:
    """How many trials each search was given."""
    return max(facts["asked"] for facts in run.facts("tune").values())


def challenge(every: Sequence[Results]) -> Table:
    """MAP@500 on the fragment of the challenge, if that is published, and below it what others reached."""
    parts, said = {}, ""
    for run in (each for each in every if each.name == CHALLENGE):
        rows = run.rows("evaluate", "metrics", metric=DECIDING, k=500).set_index("model")
        rows = rows.loc[run.models(cutoff=500)]
        parts["this fragment"] = table(
            {
                "model": words(map(run.label, rows.index)),
                "users": counts(rows["n_users"]),
                "MAP@500": measured(run, DECIDING, 500, rows.index),
            }
        )
        unseen, held_out = run.facts("split")["test_unseen"], run.facts("split")["test"]["holdout"]
        said = (
            f" On the fragment, {unseen:,} of the {held_out:,} held-out triplets are of songs that nobody "
            "has in training: no model here can find those."
        )
    parts["published, whole challenge"] = table(
        {
            "model": words(WHOLE_CHALLENGE),
            "users": counts([110_000] * len(WHOLE_CHALLENGE)),
            "MAP@500": numbers(WHOLE_CHALLENGE.values(), digits=4),
        }
    )
    note = (
        f"{RANGE} Bold: the best on the fragment, and all that are not significantly worse. The published "
        f"figures have no interval, and are not comparable with the others.{said}"
    )
    return stacked(parts, first="log", note=note)


def _shared(run: Results) -> list[str]:
    """The shared models that the run has, best first."""
    return [model for model in run.models() if model in SHARED]


def _by_protocol(every: Sequence[Results], rows: Callable[[Results], Table], note: str) -> Table:
    """The rows of every run, log by log and protocol by protocol."""
    made = {
        title: stacked({protocol_of(run): rows(run) for run in runs}, first="protocol")
        for title, runs in _logs(every).items()
    }
    return stacked(made, first="data set", note=note)


def _logs(every: Sequence[Results]) -> dict[str, list[Results]]:
    """Title -> the runs of one log, protocol by protocol.

    Of each log that ran under the first run's protocol; it is called as that run is.
    """
    comparable = [run for run in every if protocol_of(run) in PROTOCOLS]
    comparable.sort(key=lambda run: PROTOCOLS.index(protocol_of(run)))
    return {
        main.title: [run for run in comparable if _fingerprint(run) == _fingerprint(main)]
        for main in every
        if protocol_of(main) == protocol_of(every[0])
    }


def _fingerprint(run: Results) -> str:
    """Which log it is, whatever the protocol."""
    return run.facts("ingest")["fingerprint"]
