"""Protocols: each log under every published protocol, and the challenge beside what others reached."""

from collections.abc import Callable, Sequence
from itertools import combinations

from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Results, protocol_of
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


def _order(one: Results, other: Results) -> Table:
    """One row: the models of the first run in the order of both."""
    models = [model for model in _shared(one) if model in _shared(other)]
    pairs = list(combinations(models, 2))
    reversed_pairs = [pair for pair in pairs if other.difference(*pair)["value"] < 0]
    significant = [pair for pair in reversed_pairs if _differ(one, pair) and _differ(other, pair)]
    named = "; ".join(f"{one.label(first)} and {one.label(second)}" for first, second in reversed_pairs)
    leaders = [next(model for model in run.models() if model in models) for run in (one, other)]
    tau = 1 - 2 * len(reversed_pairs) / len(pairs) if pairs else float("nan")
    return table(
        {
            "trials": words([f"{_trials(one)}, {_trials(other)}"]),
            "first": words([", ".join(dict.fromkeys(map(one.label, leaders)))]),
            "ranked differently": words(
                [f"{len(reversed_pairs)} of {len(pairs)}" + (named and f": {named}")]
            ),
            "significant under both": counts([len(significant)]),
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
