"""Tables, figures and sentences of the definitions."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.evaluation import find_hits
from songrec.evaluation.order import same_order
from songrec.evaluation.variants import OWN, VARIANTS, by_every_definition
from songrec.report import figures_definitions, findings_definitions, tables_definitions

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
    table = tables_definitions.who()
    assert len(table) == len(VARIANTS)
    assert table["reported here"].sum() == len(OWN) == 4
    row = table[table["definition"] == "all hits / sum of min(K, n)"].iloc[0]
    assert (row["called"], row["used by"], row["reported here"]) == ("precision", "implicit", False)


def test_values_are_the_means_of_their_own_columns(scored):
    table = tables_definitions.values(scored)
    assert len(table) == 3 * len(VARIANTS)
    for row in table.itertuples():
        assert row.value == pytest.approx(scored[row.model][f"{row.metric}@{row.k}"].mean())
        assert row.ci_low <= row.value <= row.ci_high
        assert (row.family, row.definition) == (VARIANTS[row.metric].family, VARIANTS[row.metric].formula)


def test_for_reading_there_is_a_table_a_word(scored):
    tables = tables_definitions.by_family(tables_definitions.values(scored))
    assert list(tables) == ["precision@3", "recall@3", "MAP@3", "NDCG@3"]
    assert tables["recall@3"].columns.tolist() == ["model", "hits / n", "hits / min(K, n)"]
    assert tables["recall@3"]["model"].tolist() == ["EASE", "item-KNN", "popularity"]
    # n = 4 and K = 3 for every user: capped recall is 4/3 of recall
    capped, plain = (tables["recall@3"][name].to_numpy() for name in ("hits / min(K, n)", "hits / n"))
    assert capped == pytest.approx(4 / 3 * plain)


def test_how_far_a_number_moves(scored):
    spread = tables_definitions.spread(tables_definitions.values(scored))
    recall = spread[(spread["family"] == "recall") & (spread["model"] == "ease")].iloc[0]
    assert recall["ratio"] == pytest.approx(4 / 3)
    cells = tables_definitions.spread_cells(spread)
    assert cells.columns.tolist() == ["model", "precision", "recall", "MAP", "NDCG"]
    assert cells["recall"].tolist() == ["1.33"] * 3
    nothing = {"ease": scored["ease"] * 0}
    empty = tables_definitions.spread(tables_definitions.values(nothing))
    assert empty["ratio"].isna().all()
    assert (tables_definitions.spread_cells(empty).iloc[0, 1:] == "").all()


def test_a_definition_that_reverses_models_is_found(scored):
    orders = tables_definitions.orders(scored, CUTOFF)
    assert len(orders) == len(VARIANTS) - len(OWN)
    assert (orders["pairs"] == 3).all()
    changed = moved(scored, {"popularity": 5.0}, f"ndcg_clipped@{CUTOFF}")
    row = tables_definitions.orders(changed, CUTOFF).set_index("metric").loc["ndcg_clipped"]
    assert (row["reversed"], row["clear"], row["tau"]) == (2, 2, pytest.approx(-1 / 3))
    cells = tables_definitions.order_cells(tables_definitions.orders(changed, CUTOFF))
    assert "2 of 3" in cells["pairs reversed"].tolist()


def test_two_ways_side_by_side(scored):
    other = moved(scored, {"popularity": 5.0}, f"recall@{CUTOFF}")
    table = tables_definitions.two_ways(scored, other, "recall", CUTOFF)
    assert table["model"].tolist() == ["ease", "item_knn", "popularity"]
    assert table["first_place"].tolist() == [1, 2, 3]
    assert table["second_place"].tolist() == [2, 3, 1]
    cells = tables_definitions.two_way_cells(table, {"first": "all", "second": "few"})
    assert cells.columns.tolist() == ["model", "all", "all: place", "few", "few: place"]
    assert " ± " in cells["all"].iloc[0]


def test_the_share_of_known_songs_counts_filled_places_only():
    fold_in = csr_array([[1, 1, 0, 0], [0, 0, 0, 1]])
    assert tables_definitions.known_share(np.array([[0, 1], [3, -1]]), fold_in) == 1
    assert tables_definitions.known_share(np.array([[2, 1], [0, 1]]), fold_in) == 1 / 4
    assert tables_definitions.known_share(np.array([[-1, -1], [-1, -1]]), fold_in) == 0


def test_figures_draw_every_model(scored):
    figure = figures_definitions.definitions(tables_definitions.values(scored))
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "precision@3",
        "recall@3",
        "MAP@3",
        "NDCG@3",
    ]
    assert len(figure.axes[2].get_yticks()) == 5
    table = tables_definitions.two_ways(scored, scored, "recall", CUTOFF)
    (axes,) = figures_definitions.two_ways(table, "across", "up", diagonal=True).axes
    assert axes.get_legend_handles_labels()[1] == ["EASE", "item-KNN", "popularity"]


def findings(scored, sampled=None, let_in=None):
    sampled, let_in = sampled or scored, let_in or scored
    values = tables_definitions.values(scored)
    tables = {
        "values": values,
        "spread": tables_definitions.spread(values),
        "orders": tables_definitions.orders(scored, CUTOFF),
        "sampled": tables_definitions.two_ways(scored, sampled, "recall", CUTOFF),
        "seen": tables_definitions.two_ways(scored, let_in, "average_precision", CUTOFF),
    }
    agreements = {
        "sampled": tables_definitions.agreement(scored, sampled, f"recall@{CUTOFF}"),
        "seen": tables_definitions.agreement(scored, let_in, f"average_precision@{CUTOFF}"),
    }
    known = dict.fromkeys(scored, 0.25) | {list(scored)[-1]: 0.5}
    return findings_definitions.definitions("p", tables, agreements, known, 0.1, CUTOFF, False)


def test_what_is_said(scored):
    text = findings(scored)
    assert "for the very same lists of EASE (60 users)" in text
    assert "a factor of 1.33" in text
    assert "all 9 other definitions leave the order of the models as it is (3 pairs)" in text
    assert (
        "where a ranking by lot would have 0.100. Sampling leaves the order of the models as it is." in text
    )
    assert "they take 50 % of the first 3 places of popularity and 25 % of those of EASE" in text


def test_reversals_are_said_and_how_sure_they_are(scored):
    changed = moved(scored, {"popularity": 5.0}, f"ndcg_clipped@{CUTOFF}")
    text = findings(changed, sampled=moved(scored, {"popularity": 5.0}, f"recall@{CUTOFF}"))
    assert "8 of the 9 other definitions leave the order" in text
    assert "Pairs are reversed by ranks 1 and 2 alike (2 pairs); 2 of them are clear of noise" in text
    assert (
        "Sampling reverses 2 of 3 pairs of models (Kendall's tau -0.33; no longer EASE before popularity"
        in text
    )
    assert "2 of these are clear of noise both ways" in text


def test_one_model_or_no_hit_can_be_told_too(scored):
    text = findings({"ease": scored["ease"]})
    assert "no definition can change an order" in text
    assert "With one model there is no order to change." in text
    assert "every definition says 0" in findings({"ease": scored["ease"] * 0})


def test_many_reversals_are_counted_not_listed():
    one = {name: np.full(40, place) + np.zeros(40) for place, name in enumerate("abcd")}
    other = {name: -values for name, values in one.items()}
    said = findings_definitions._agreed(same_order(one, other), "sampling")
    assert "Sampling reverses 6 of 6 pairs" in said
    assert "and 3 more" in said
