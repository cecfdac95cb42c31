"""One ranking by many definitions: tables."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.evaluation import find_hits
from songrec.evaluation.variants import OWN, VARIANTS, by_every_definition
from songrec.studies import definitions

N = 60
CUTOFF = 3


@pytest.fixture(scope="module")
def scored():
    """Three models that list a held-out song with chance .6, .5 and .1 at each place."""
    generator = np.random.default_rng(0)
    holdout = csr_array(np.tile(np.array([1] * 4 + [0] * 8, np.int32), (N, 1)))
    by_model = {}
    for model, chance in {"ease": 0.6, "item_knn": 0.5, "popularity": 0.1}.items():
        hits = generator.random((N, CUTOFF)) < chance
        songs = np.where(hits, np.arange(CUTOFF), np.arange(CUTOFF) + 5)
        by_model[model] = by_every_definition(find_hits(songs, holdout), np.arange(N), CUTOFF)
    return by_model


def moved(scored, by, column):
    """The same values, with one column shifted for each model."""
    return {model: df.assign(**{column: df[column] + by.get(model, 0)}) for model, df in scored.items()}


def test_every_definition_names_who_uses_it():
    table = definitions.variants()
    assert len(table) == len(VARIANTS)
    assert table["own"].sum() == len(OWN) == 4
    row = table[table["definition"] == "all hits / sum of min(K, n)"].iloc[0]
    assert (row["family"], row["libraries"], row["own"]) == ("precision", "implicit", False)


def test_values_are_the_means_of_their_own_columns(scored):
    table = definitions.values(scored)
    assert len(table) == 3 * len(VARIANTS)
    for row in table.itertuples():
        assert row.value == pytest.approx(scored[row.model][f"{row.metric}@{row.k}"].mean())
        assert row.ci_low <= row.value <= row.ci_high
        assert (row.family, row.definition) == (VARIANTS[row.metric].family, VARIANTS[row.metric].formula)


def test_how_far_a_number_moves(scored):
    spread = definitions.spread(definitions.values(scored))
    recall = spread[(spread["family"] == "recall") & (spread["model"] == "ease")].iloc[0]
    assert recall["ratio"] == pytest.approx(4 / 3)
    nothing = definitions.spread(definitions.values({"ease": scored["ease"] * 0}))
    assert nothing["ratio"].isna().all()


def test_a_definition_that_reverses_models_is_found(scored):
    orders = definitions.orders(scored, CUTOFF)
    assert len(orders) == len(VARIANTS) - len(OWN)
    assert (orders["pairs"] == 3).all()
    changed = moved(scored, {"popularity": 5.0}, f"ndcg_clipped@{CUTOFF}")
    row = definitions.orders(changed, CUTOFF).set_index("metric").loc["ndcg_clipped"]
    assert (row["reversed"], row["significant"], row["tau"]) == (2, 2, pytest.approx(-1 / 3))


def test_two_ways_side_by_side_and_what_they_reverse(scored):
    other = moved(scored, {"popularity": 5.0}, f"recall@{CUTOFF}")
    table = definitions.two_ways({"all": scored, "few": other}, "recall", CUTOFF)
    assert table["model"].tolist() == ["ease", "ease", "item_knn", "item_knn", "popularity", "popularity"]
    assert table["place"].tolist() == [1, 2, 2, 3, 3, 1]
    found = {"few": definitions.agreement(scored, other, f"recall@{CUTOFF}")}
    rows = definitions.reversals(found)
    pairs = set(zip(rows["better"], rows["worse"], strict=True))
    assert pairs == {("ease", "popularity"), ("item_knn", "popularity")}
    assert rows["significant"].all()


def test_the_rate_of_seen_songs_counts_filled_places_only():
    fold_in = csr_array([[1, 1, 0, 0], [0, 0, 0, 1]])
    assert definitions.seen_rate(np.array([[0, 1], [3, -1]]), fold_in) == 1
    assert definitions.seen_rate(np.array([[2, 1], [0, 1]]), fold_in) == 1 / 4
    assert definitions.seen_rate(np.array([[-1, -1], [-1, -1]]), fold_in) == 0
