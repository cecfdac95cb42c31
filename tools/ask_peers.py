"""Ask another recommender library for its own numbers, and keep them in tests/evaluation/peers.json.

    python tools/ask_peers.py cases        # write the cases anew, without values
    python tools/ask_peers.py lenskit      # ask LensKit, put its values and version into the file

The second is run in an environment where that library is installed (each wants one of its own); the first
in the project's. The test of the definitions then holds every variant to the file, with no library at hand.

A case is a list of five places, -1 for an empty one, and the songs held out; the last case is an empty list.
A value is what the library returned for that case, one number a case: `null` where it gives no number or
leaves the user out. Some libraries have no lists shorter than K, they rank the whole catalogue: they are
given one with more songs than the cases name, and the rest of a short list are misses. Those that return
means only are asked for one user at a time.
"""

import json
import math
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np

FILE = Path(__file__).resolve().parents[1] / "tests" / "evaluation" / "peers.json"
CUTOFFS = (1, 2, 3, 5)
SONGS, PLACES = 12, 5
CASES = [
    ([3, 0, 1, 4, 7], {3, 1, 9}),  # hits at ranks 1 and 3
    ([1, 2, 3, 4, 5], {2}),  # a hit at rank 2, one song to find
    ([5, 6, -1, -1, -1], {6, 7, 8}),  # a list of two, a hit at rank 2
    ([0, 1, 2, 3, 4], {0, 1, 2, 3, 4, 5, 6, 7}),  # all hits, more to find than places
    ([9, 8, 7, 6, 5], {0, 1}),  # none
]
"""Worked out by hand in tests/evaluation/test_variants.py: a list, and what is held out."""

Lists = list[list[int]]
Answers = Iterator[tuple[str, str, int, list]]
"""What the library calls it, our variant, the cut-off, a value for each case."""


def lenskit(lists: Lists, hidden: Lists) -> Answers:
    """Its run analysis; older releases fill what has no value with 0 when they are let."""
    from lenskit.data import ItemList, ItemListCollection, UserIDKey
    from lenskit.metrics import RunAnalysis
    from lenskit.metrics.ranking import NDCG, AveragePrecision, LogRankWeight, Precision, Recall

    recommended, test = ItemListCollection(UserIDKey), ItemListCollection(UserIDKey)
    for user, (ranked, held_out) in enumerate(zip(lists, hidden, strict=True)):
        recommended.add(ItemList(item_ids=np.array(ranked, dtype=np.int64), ordered=True), user_id=user)
        test.add(ItemList(item_ids=np.array(held_out, dtype=np.int64)), user_id=user)
    metrics = {
        "Precision": (Precision, "precision_listed"),
        "Recall": (Recall, "recall_capped"),
        "AveragePrecision": (AveragePrecision, "average_precision_listed"),
        "NDCG": (NDCG, "ndcg_clipped"),
        "NDCG(weight=LogRankWeight(offset=1))": (
            lambda k: NDCG(k, weight=LogRankWeight(offset=1)),
            "ndcg",
        ),
    }
    for name, (metric, variant) in metrics.items():
        analysis = RunAnalysis()
        for k in CUTOFFS:
            analysis.add_metric(metric(k), label=str(k))
        found = analysis.measure(recommended, test).list_metrics(fill_missing=False)
        for k in CUTOFFS:
            yield name, variant, k, found[str(k)].reindex(range(len(lists))).tolist()


def rectools(lists: Lists, hidden: Lists) -> Answers:
    """Users without a list are in the holdout, so they count, as 0."""
    import pandas as pd
    from rectools import Columns
    from rectools.metrics import MAP, NDCG, Precision, Recall

    recommended = pd.DataFrame(
        [(user, song, rank) for user, ranked in enumerate(lists) for rank, song in enumerate(ranked, 1)],
        columns=[Columns.User, Columns.Item, Columns.Rank],
    )
    interactions = pd.DataFrame(
        [(user, song) for user, held_out in enumerate(hidden) for song in held_out],
        columns=[Columns.User, Columns.Item],
    )
    metrics = {
        "Precision": (Precision, {}, "precision"),
        "Precision(r_precision=True)": (Precision, {"r_precision": True}, "recall_capped"),
        "Recall": (Recall, {}, "recall"),
        "MAP": (MAP, {}, "average_precision_by_n"),
        "MAP(divide_by_k=True)": (MAP, {"divide_by_k": True}, "average_precision_by_k"),
        "NDCG": (NDCG, {}, "ndcg_full_ideal"),
        "NDCG(divide_by_achievable=True)": (NDCG, {"divide_by_achievable": True}, "ndcg"),
    }
    for name, (metric, options, variant) in metrics.items():
        for k in CUTOFFS:
            found = metric(k=k, **options).calc_per_user(recommended, interactions)
            yield name, variant, k, found.reindex(range(len(lists))).tolist()


def recbole(lists: Lists, hidden: Lists) -> Answers:
    """Its collector looks the songs of the best scores up, its metrics give all cut-offs at once.

    It writes `np.float`, which its configuration puts back into NumPy; with NumPy 2 that fails, so it wants
    an environment with 'numpy<2' and 'pandas<3'.
    """
    import torch
    from recbole.config.configurator import Config
    from recbole.evaluator.collector import Collector
    from recbole.evaluator.metrics import MAP, NDCG, Precision, Recall

    Config.compatibility_settings(None)
    config = {
        "topk": list(CUTOFFS),
        "metrics": ["Precision", "Recall", "MAP", "NDCG"],
        "metric_decimal_place": 8,
        "eval_args": {"mode": "full"},
        "device": "cpu",
    }
    collector = Collector(config)
    users = np.repeat(np.arange(len(hidden)), [len(held_out) for held_out in hidden])
    collector.eval_batch_collect(
        torch.tensor(scores(lists)), None, torch.tensor(users), torch.tensor(np.concatenate(hidden))
    )
    collected = collector.get_data_struct()
    metrics = {
        Precision: "precision",
        Recall: "recall",
        MAP: "average_precision",
        NDCG: "ndcg",
    }
    for metric, variant in metrics.items():
        asked = metric(config)
        hits, count = asked.used_info(collected)
        found = asked.metric_info(hits) if metric is Precision else asked.metric_info(hits, count)
        means = asked.calculate_metric(collected)
        for k in CUTOFFS:
            assert math.isclose(means[f"{metric.__name__.lower()}@{k}"], found[:, k - 1].mean(), abs_tol=1e-7)
            yield metric.__name__, variant, k, found[:, k - 1].tolist()


def recpack(lists: Lists, hidden: Lists) -> Answers:
    from recpack.metrics import NDCGK, CalibratedRecallK, PrecisionK, RecallK
    from scipy.sparse import csr_matrix

    predicted = np.zeros((len(lists), SONGS))
    for user, ranked in enumerate(lists):
        predicted[user, ranked] = np.arange(PLACES, PLACES - len(ranked), -1)
    truth = csr_matrix([[float(song in held_out) for song in range(SONGS)] for held_out in hidden])
    metrics = {
        PrecisionK: "precision",
        RecallK: "recall",
        CalibratedRecallK: "recall_capped",
        NDCGK: "ndcg",
    }
    for metric, variant in metrics.items():
        for k in CUTOFFS:
            asked = metric(k)
            asked.calculate(truth, csr_matrix(predicted))
            found = asked.results.set_index("user_id")["score"]
            yield metric.__name__, variant, k, found.reindex(range(len(lists))).tolist()


def cornac(lists: Lists, hidden: Lists) -> Answers:
    """Its MAP has no cut-off: it is the AP / n of the whole catalogue, and not asked for."""
    from cornac.metrics import NDCG, Precision, Recall

    metrics = {Precision: "precision", Recall: "recall", NDCG: "ndcg"}
    for metric, variant in metrics.items():
        for k in CUTOFFS:
            found = [
                float(metric(k=k).compute(gt_pos=np.array(held_out), pd_rank=np.array(ranked, dtype=int)))
                for ranked, held_out in zip(lists, hidden, strict=True)
            ]
            yield metric.__name__, variant, k, found


def recommenders(lists: Lists, hidden: Lists) -> Answers:
    """Means only. A user without a list is asked for beside the first one too: left out, or counted as 0?"""
    import pandas as pd
    from recommenders.evaluation import python_evaluation

    def mean(function: str, users: list[int], k: int) -> float:
        recommended = [(u, s, 1.0 / r) for u in users for r, s in enumerate(lists[u], 1)]
        held_out = [(u, song, 1.0) for u in users for song in hidden[u]]
        integers = {"userID": np.int64, "itemID": np.int64}
        return float(
            getattr(python_evaluation, function)(
                pd.DataFrame(held_out, columns=["userID", "itemID", "rating"]).astype(integers),
                pd.DataFrame(recommended, columns=["userID", "itemID", "prediction"]).astype(integers),
                k=k,
            )
        )

    metrics = {
        "precision_at_k": "precision",
        "recall_at_k": "recall",
        "map": "average_precision_by_n",
        "map_at_k": "average_precision",
        "ndcg_at_k": "ndcg",
    }
    for function, variant in metrics.items():
        for k in CUTOFFS:
            found = [mean(function, [user], k) for user in range(len(lists))]
            for user, ranked in enumerate(lists):
                if not ranked and mean(function, [0, user], k) == found[0] > 0:
                    found[user] = None
            every = mean(function, list(range(len(lists))), k)
            given = [value for value in found if value is not None]
            assert math.isclose(every, sum(given) / len(given), abs_tol=1e-9)
            yield function, variant, k, found


def ranx(lists: Lists, hidden: Lists) -> Answers:
    """It scores any retrieval run; a user without a list is given an empty one by `make_comparable`."""
    from ranx import Qrels, Run, evaluate

    # The results come in the order of the names.
    names = [f"{user:03}" for user in range(len(lists))]
    truth = {name: {str(song): 1 for song in held_out} for name, held_out in zip(names, hidden, strict=True)}
    run = {
        name: {str(song): 1.0 / rank for rank, song in enumerate(ranked, 1)}
        for name, ranked in zip(names, lists, strict=True)
        if ranked
    }
    metrics = {
        "precision": "precision",
        "recall": "recall",
        "map": "average_precision_by_n",
        "ndcg": "ndcg",
    }
    asked = [f"{metric}@{k}" for metric in metrics for k in CUTOFFS]
    found = evaluate(Qrels(truth), Run(run), asked, return_mean=False, make_comparable=True)
    for metric, variant in metrics.items():
        for k in CUTOFFS:
            yield metric, variant, k, found[f"{metric}@{k}"].tolist()


def irspack(lists: Lists, hidden: Lists) -> Answers:
    """Means only, of whole rankings. (Songs masked by minus infinity it does not list; where fewer than K are
    left, it takes their number for K, in all but its recall and its MAP. That is not asked for.)
    """
    from irspack.evaluation import Evaluator
    from scipy.sparse import csr_matrix

    metrics = {
        "precision": ("precision", False, "precision"),
        "recall": ("recall", False, "recall"),
        "recall(recall_with_cutoff=True)": ("recall", True, "recall_capped"),
        "map": ("map", False, "average_precision_by_n"),
        "ndcg": ("ndcg", False, "ndcg"),
    }
    for name, (metric, capped, variant) in metrics.items():
        for k in CUTOFFS:
            found = []
            for ranked, held_out in zip(lists, hidden, strict=True):
                evaluator = Evaluator(
                    csr_matrix([[float(song in held_out) for song in range(SONGS + PLACES)]]),
                    cutoff=k,
                    recall_with_cutoff=capped,
                    n_threads=1,
                )
                found.append(evaluator.get_score_from_score_matrix(scores([ranked]))[metric])
            yield name, variant, k, found


LIBRARIES = {
    "lenskit": ("LensKit", lenskit),
    "rectools": ("RecTools", rectools),
    "recbole": ("RecBole", recbole),
    "recpack": ("RecPack", recpack),
    "cornac": ("Cornac", cornac),
    "recommenders": ("Microsoft", recommenders),
    "ranx": ("ranx", ranx),
    "irspack": ("irspack", irspack),
}
"""The package -> the name it has in `VARIANTS`, and how to ask it."""


def scores(lists: Lists) -> np.ndarray:
    """float64 (cases, songs): the listed songs descend, then come fillers no case names, then the rest."""
    matrix = np.zeros((len(lists), SONGS + PLACES))
    matrix[:, SONGS:] = 1
    for user, ranked in enumerate(lists):
        matrix[user, ranked] = np.arange(2 * PLACES, 2 * PLACES - len(ranked), -1)
    return matrix


def random_cases(generator: np.random.Generator, n: int) -> list:
    cases = []
    for _ in range(n):
        ranked = generator.permutation(SONGS)[:5]
        ranked[generator.integers(1, 6) :] = -1
        cases.append(
            (ranked.tolist(), set(generator.permutation(SONGS)[: generator.integers(1, 9)].tolist()))
        )
    return cases


def cases() -> list:
    """The hand-made cases of the test, forty by chance, and an empty list."""
    made = [*CASES, *random_cases(np.random.default_rng(7), 40), ([-1] * PLACES, {0, 1})]
    return [[ranked, sorted(held_out)] for ranked, held_out in made]


def number(value: float | None) -> float | int | None:
    """To seven digits after the point, in as few characters as JSON allows."""
    if value is None or math.isnan(value):
        return None
    return int(value) if value == int(value) else round(value, 7)


def write(content: dict) -> None:
    """A line for each case and each library's metric at each cut-off, so that a change can be read."""
    rows = ",\n".join(f"  {json.dumps(case)}" for case in content["cases"])
    libraries = []
    for library, answer in sorted(content["libraries"].items()):
        metrics = []
        for metric, one in answer["values"].items():
            lines = [
                f"      {json.dumps(k)}: {json.dumps(values, separators=(',', ':'))}"
                for k, values in one["k"].items()
            ]
            head = f'    {json.dumps(metric)}: {{"variant": {json.dumps(one["variant"])}, "k": {{\n'
            metrics.append(head + ",\n".join(lines) + "}}")
        head = f'  {json.dumps(library)}: {{"version": {json.dumps(answer["version"])}, "values": {{\n'
        libraries.append(head + ",\n".join(metrics) + "}}")
    text = f'{{"cases": [\n{rows}],\n"libraries": {{\n' + ",\n".join(libraries) + "}}\n"
    assert json.loads(text) == content
    FILE.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    if arguments not in [["cases"], *([package] for package in LIBRARIES)]:
        print(f"usage: ask_peers.py cases | {' | '.join(LIBRARIES)}", file=sys.stderr)
        return 2
    (package,) = arguments
    if package == "cases":
        write({"cases": cases(), "libraries": {}})
        return 0
    warnings.simplefilter("ignore")
    content = json.loads(FILE.read_text(encoding="utf-8"))
    lists = [[song for song in ranked if song >= 0] for ranked, _ in content["cases"]]
    name, ask = LIBRARIES[package]
    values: dict = defaultdict(lambda: {"variant": None, "k": {}})
    for metric, variant, k, found in ask(lists, [held_out for _, held_out in content["cases"]]):
        assert len(found) == len(lists)
        values[metric]["variant"] = variant
        values[metric]["k"][str(k)] = [number(value) for value in found]
    content["libraries"][name] = {"version": version(package), "values": dict(values)}
    write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
