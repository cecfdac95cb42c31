"""Each library's definition: on cases worked out by hand, by brute force, and against the libraries."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from ask_peers import CASES, SONGS, random_cases
from scipy.sparse import csr_array, csr_matrix

from songrec.errors import ConfigError
from songrec.evaluation import ACCURACY, find_hits, summarise
from songrec.evaluation.variants import OWN, VARIANTS, by_every_definition


def hits(cases=CASES):
    holdout = csr_array([[song in hidden for song in range(SONGS)] for _, hidden in cases], dtype=np.int32)
    return find_hits(np.array([ranked for ranked, _ in cases]), holdout)


L3, L5, L6 = math.log2(3), math.log2(5), math.log2(6)

# At k = 5, in the order of CASES. Precisions at the hits: 1/1 and 2/3; 1/2; 1/2; 1, 1, 1, 1, 1; none.
BY_HAND = {
    "precision": [2 / 5, 1 / 5, 1 / 5, 5 / 5, 0],
    "precision_listed": [2 / 5, 1 / 5, 1 / 2, 5 / 5, 0],
    "recall": [2 / 3, 1 / 1, 1 / 3, 5 / 8, 0],
    "recall_capped": [2 / 3, 1 / 1, 1 / 3, 5 / 5, 0],
    "average_precision": [(5 / 3) / 3, 1 / 2, (1 / 2) / 3, 5 / 5, 0],
    "average_precision_listed": [(5 / 3) / 3, 1 / 2, (1 / 2) / 2, 5 / 5, 0],
    "average_precision_by_n": [(5 / 3) / 3, 1 / 2, (1 / 2) / 3, 5 / 8, 0],
    "average_precision_by_k": [(5 / 3) / 5, (1 / 2) / 5, (1 / 2) / 5, 5 / 5, 0],
    # P@1..5: 1, 1/2, 2/3, 2/4, 2/5; then 0, 1/2, 1/3, 1/4, 1/5, twice; then ones
    "mean_precision": [
        (1 + 1 / 2 + 2 / 3 + 2 / 4 + 2 / 5) / 5,
        *[(1 / 2 + 1 / 3 + 1 / 4 + 1 / 5) / 5] * 2,
        1,
        0,
    ],
    # gains 1/log2(r + 1): 1, 1/L3, 1/2, 1/L5, 1/L6
    "ndcg": [1.5 / (1 + 1 / L3 + 1 / 2), 1 / L3, (1 / L3) / (1 + 1 / L3 + 1 / 2), 1, 0],
    # gains 1/log2(max(r, 2)): 1, 1, 1/L3, ...
    "ndcg_clipped": [(1 + 1 / L3) / (2 + 1 / L3), 1, 1 / (2 + 1 / L3), 1, 0],
    "ndcg_full_ideal": [
        gain / (1 + 1 / L3 + 1 / 2 + 1 / L5 + 1 / L6)
        for gain in (1.5, 1 / L3, 1 / L3, 1 + 1 / L3 + 1 / 2 + 1 / L5 + 1 / L6, 0)
    ],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_variant_gives_what_is_worked_out_by_hand(name):
    assert VARIANTS[name].score(hits(), 5) == pytest.approx(BY_HAND[name], abs=1e-12)


def test_every_variant_is_worked_out():
    assert set(BY_HAND) | {"precision_pooled"} == set(VARIANTS)


def test_pooled_precision_is_a_ratio_of_sums():
    # hits 2 + 1 + 1 + 5 + 0 = 9, possible min(5, n): 3 + 1 + 3 + 5 + 2 = 14
    assert VARIANTS["precision_pooled"].score(hits(), 5).mean() == pytest.approx(9 / 14)
    # k = 2: hits 1 + 1 + 1 + 2 + 0 = 5, possible 2 + 1 + 2 + 2 + 2 = 9
    assert VARIANTS["precision_pooled"].score(hits(), 2).mean() == pytest.approx(5 / 9)


def test_the_spread_of_pooled_precision_is_that_of_a_ratio():
    """Against a jackknife over the users, which knows nothing of linearisation."""
    generator = np.random.default_rng(0)
    cases = random_cases(generator, 400)
    judged = hits(cases)
    found, possible = judged.hits[:, :5].sum(axis=1), np.minimum(5, judged.n_relevant)
    without = (found.sum() - found) / (possible.sum() - possible)
    jackknife = np.sqrt(399 / 400 * ((without - without.mean()) ** 2).sum())
    table = by_every_definition(judged, np.arange(400), 5)[["precision_pooled@5"]]
    assert summarise(table)["se"].iloc[0] == pytest.approx(jackknife, rel=0.01)


class Stub:
    """A model for implicit's evaluator: it hands out the lists it was given."""

    def __init__(self, lists):
        self.lists = lists

    def recommend(self, users, _, N):
        return self.lists[users, :N].astype(np.int32), None


@pytest.mark.parametrize("k", [1, 2, 5])
def test_implicit_prints_the_same_numbers(k):
    evaluation = pytest.importorskip("implicit.evaluation")
    cases = CASES + random_cases(np.random.default_rng(k), 200)
    lists = np.array([ranked for ranked, _ in cases])
    holdout = csr_matrix([[song in hidden for song in range(SONGS)] for _, hidden in cases], dtype=np.int32)
    arguments = Stub(lists), csr_matrix(holdout.shape, dtype=np.int32), holdout, k, False
    means = by_every_definition(hits(cases), np.arange(len(cases)), k).mean()
    assert evaluation.precision_at_k(*arguments) == pytest.approx(means[f"precision_pooled@{k}"])
    assert evaluation.mean_average_precision_at_k(*arguments) == pytest.approx(
        means[f"average_precision@{k}"]
    )
    assert evaluation.ndcg_at_k(*arguments) == pytest.approx(means[f"ndcg@{k}"])
    assert k == 1 or means[f"precision_pooled@{k}"] != pytest.approx(means[f"precision@{k}"])


PEERS = json.loads(Path(__file__).with_name("peers.json").read_text(encoding="utf-8"))
"""What other libraries returned for the cases it lists; `ask_peers.py` tells how it is made."""

ASKED = [
    (library, metric, k)
    for library, answer in PEERS["libraries"].items()
    for metric, one in answer["values"].items()
    for k in one["k"]
]

NOT_IN_THE_FILE = {
    "implicit": "runs live, above",
    "Elliot": "not on the package index: its formula is checked, in hand-made cases and by brute force",
    "the Mult-VAE papers": "papers",
}


def test_the_libraries_were_asked_about_the_cases_worked_out_by_hand():
    asked = [(ranked, set(hidden)) for ranked, hidden in PEERS["cases"]]
    assert asked[: len(CASES)] == CASES
    assert len(asked) >= 40
    assert {k for _, _, k in ASKED} == {"1", "2", "3", "5"}


@pytest.mark.parametrize(("library", "metric", "k"), ASKED)
def test_a_library_returned_the_same_numbers(library, metric, k):
    cases = [(ranked, set(hidden)) for ranked, hidden in PEERS["cases"]]
    answer = PEERS["libraries"][library]["values"][metric]
    ours = VARIANTS[answer["variant"]].score(hits(cases), int(k))
    theirs = np.array(answer["k"][k], dtype=np.float64)  # None becomes NaN
    empty = np.array([max(ranked) < 0 for ranked, _ in cases])
    assert not np.isnan(theirs[~empty]).any()
    assert ours[~np.isnan(theirs)] == pytest.approx(theirs[~np.isnan(theirs)], abs=1e-7)


def test_every_library_named_was_asked_for_what_is_said_of_it():
    named = {(name, who.split(" (")[0]) for name, variant in VARIANTS.items() for who in variant.who}
    returned = {
        (answer["variant"], library)
        for library, asked in PEERS["libraries"].items()
        for answer in asked["values"].values()
    }
    assert {pair for pair in named if pair[1] not in NOT_IN_THE_FILE} == returned
    assert NOT_IN_THE_FILE.keys() <= {who for _, who in named}


def test_the_chapter_names_the_version_of_each():
    chapter = (Path(__file__).parents[2] / "book/definitions.md").read_text(encoding="utf-8")
    for library, answer in PEERS["libraries"].items():
        assert re.search(rf"\b{library}( Recommenders)? {re.escape(answer['version'])}\b", chapter), library


def test_the_projects_own_definitions_come_first():
    assert OWN == {"precision": "precision", "recall": "recall", "MAP": "average_precision", "NDCG": "ndcg"}
    assert all(VARIANTS[name].score is ACCURACY[name] for name in OWN.values())


def test_a_cutoff_beyond_the_lists_is_refused_by_all():
    for variant in VARIANTS.values():
        with pytest.raises(ConfigError, match="beyond the lists"):
            variant.score(hits(), 6)


def test_an_empty_list_is_worth_nothing_and_is_a_number():
    judged = hits([([-1, -1], {1}), ([1, 2], {1})])
    for name, variant in VARIANTS.items():
        values = variant.score(judged, 2)
        assert np.isfinite(values).all()
        if name != "precision_pooled":  # whose values are no user's own
            assert values[0] == 0
