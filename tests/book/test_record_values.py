"""Values, tables and the README's headline come from the record, rounded as it supports."""

import json
import re

import pandas as pd
import pytest
from made_up_record import write_record

from songrec.errors import DataError
from songrec.report.readme import headline, placed
from songrec.report.record import HEADLINE, Record, on_record
from songrec.report.record_choice import frontier
from songrec.report.record_figures import FIGURES, record_figure
from songrec.report.record_tables import OF_ALL, OF_ONE, markdown, record_table
from songrec.report.values import write_value

SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("made-up/item_knn/precision@10", "0.0900"),
        ("made-up/item_knn/precision@10:.2f", "0.09"),
        ("made-up/item_knn/precision@10:.1%", f"9.0{SPACE}%"),
        ("made-up/item_knn/precision@10:pm", "0.0900 ± 0.0080"),
        ("made-up/item_knn/precision@10:ci", "0.0820 to 0.0980"),
        ("made-up/item_knn/precision@10:users", "500"),
        ("made-up/item_knn/coverage@10", f"45.0{SPACE}%"),
        ("made-up/best/precision@10", "0.0900"),
        ("made-up/best/precision@10:model", "item-KNN"),
        ("made-up/second/precision@10:model", "user-KNN"),
        ("made-up/best over popularity/precision@10", "4.50"),
        ("made-up/best over popularity/precision@10:ci", "4.05 to 4.95"),
        ("made-up/popularity over best/precision@10:ci", "0.20 to 0.25"),
        ("made-up/popularity minus best/precision@10:ci", "-0.0740 to -0.0660"),
        ("made-up/best minus second/precision@10", "+0.0100"),
        ("made-up/best minus second/precision@10:ci", "0.0060 to 0.0140"),
        ("made-up/chosen/precision@10:model", "user-KNN"),
        ("made-up/single minus chosen single/precision@10:ci", "0.0060 to 0.0140"),
        ("made-up/run/users", "12,345"),
        ("made-up/run/title", "A made-up log, made-up"),
        ("made-up/run/packages/numpy", "2.4.6"),
        ("made-up/run/read/users", "20,000"),
        ("made-up/run/known_titles:.1%", f"89.1{SPACE}%"),
        ("made-up/cost/item_knn/fit_seconds:.2f", "0.75"),
        ("made-up/cost/best/peak_mb:.0f", "200"),
        ("made-up/params/item_knn/neighbours", "50"),
        ("made-up/tuning/user_knn/untuned:.4f", "0.2200"),
        ("made-up/tuning/user_knn/difference:+.2f", "+0.02"),
        ("made-up/tuning/user_knn/difference:pm", "0.020 ± 0.010"),
        ("made-up/tuning/best/difference:ci", "-0.010 to 0.030"),
        ("made-up/study/cold_start/growth/value?model=item_knn,shown=5", "0.1"),
        ("made-up/study/cold_start/growth/value?model=best,shown=5:pm", "0.100 ± 0.020"),
        ("made-up/study/cold_start/growth/value?model=popularity,shown=5:ci", "0.030 to 0.070"),
        ("made-up/study/cold_start/growth/value?model=item_knn,shown=5:users", "50"),
        (
            "made-up/study/cold_start/new_songs/value?way=artist,metric=recall:ci%",
            f"31.0 to 35.0{SPACE}%",
        ),
        (
            "made-up/study/cold_start/new_songs/value?way=artist,metric=recall:pm%",
            f"33.0 ± 2.0{SPACE}%",
        ),
        ("made-up/study/definitions/spread/ratio?family=MAP:.1f", "2.0"),
        ("made-up/study/scale/accuracy/average_precision?model=pure_svd:ci", "0.0158 to 0.0226"),
    ],
)
def test_an_expression_gives_its_text(results, expression, text):
    assert write_value(expression, lambda profile: Record.load(profile, results)) == text


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("made-upp/item_knn/precision@10", "did you mean 'made-up'"),
        ("made-up/item_kn/precision@10", "did you mean 'item_knn'"),
        ("made-up/item_knn/precision@7", "did you mean 'precision@10'"),
        ("made-up/item_knn/coverage@10:ci", "no interval"),
        ("made-up/popularity over user_knn/gini@10:ci", "no interval"),
        ("made-up/run/userz", "'userz' is not on record"),
        ("made-up/run/packages", "not a single value"),
        ("made-up/run/read/usrs", "'usrs' is not on record; there is users, songs, triplets"),
        ("made-up/run", "names no value"),
        ("made-up/run/title:.2f", "cannot be written as '.2f'"),
        ("made-up/item_knn", "names no value"),
        ("made-up", "names no value"),
        ("made-up/tuning/als/difference", "'als' is not on record"),
        ("made-up/tuning/user_knn/gain", "'gain' is not on record"),
        ("made-up/tuning/user_knn/value:ci", "no interval"),
        ("made-up/study/cold_start", "names no value"),
        ("made-up/study/cold_start/growt/value", "growt.csv"),
        ("made-up/study/cold_start/growth/valeu?shown=5", "did you mean 'value'"),
        ("made-up/study/cold_start/growth/value?modle=item_knn", "did you mean 'model'"),
        ("made-up/study/cold_start/growth/value?model=item_knn", "2 rows fit 'model=item_knn'"),
        ("made-up/study/cold_start/growth/value?model=als", "0 rows fit"),
        ("made-up/study/cold_start/new_songs/value?way=chance,metric=recall:ci", "no interval"),
        ("made-up/study/cold_start/gains/value?model=item_knn:ci", "no interval"),
    ],
)
def test_what_is_not_on_record_is_an_error(results, expression, said):
    with pytest.raises(DataError, match=re.escape(said)):
        write_value(expression, lambda profile: Record.load(profile, results))


def test_the_interval_beside_a_difference_is_the_differences(results):
    asked = "made-up/study/cold_start/gains/difference?model=item_knn:ci"
    assert write_value(asked, lambda profile: Record.load(profile, results)) == "0.030 to 0.070"


def test_the_paired_interval_tells_close_models_apart(results):
    record = Record.load("made-up", results)
    assert record.not_worse("precision@10") == ["item_knn"]
    (results / "made-up" / "gains.csv").unlink()
    unpaired = Record.load("made-up", results)
    assert unpaired.not_worse("precision@10") == ["item_knn", "user_knn"]


def test_what_validation_would_have_shipped_stands_beside_what_came_first_on_test(results):
    cells = record_table("selection", [Record.load("made-up", results)]).cells
    assert cells["chosen by validation"].tolist() == [f"user-KNN{SPACE}†"] * 2  # ended by time
    assert cells["first on test"].tolist() == ["item-KNN"] * 2
    assert cells["ahead by"].tolist() == ["0.0300 (0.0260 to 0.0340)"] * 2
    (results / "made-up" / "tuning.csv").unlink()
    with pytest.raises(DataError, match="no model has a value on validation"):
        Record.load("made-up", results).chosen()


def test_evaluators_stand_side_by_side(results):
    made = record_table("evaluators", [Record.load("made-up", results)])
    assert "the median of 9 runs" in made.note
    assert "implicit with 5 cut-offs had 2." in made.note
    cells = made.cells
    assert cells["evaluator"].tolist() == [
        "this project 0.1.0",
        "implicit 0.7.3",
    ]
    assert cells["5 cut-offs, ms"].tolist() == ["20.0", "60.0"]
    assert cells["times this project's, one cut-off"].tolist() == ["1.0", "2.5"]
    (results / "bench" / "evaluators.csv").unlink()
    with pytest.raises(DataError, match="make bench"):
        record_table("evaluators", [Record.load("made-up", results)])


def test_the_smallest_gini_is_the_best(results):
    record = Record.load("made-up", results)
    assert record.models(by="gini@10") == ["item_knn", "user_knn", "popularity"]
    assert record.not_worse("gini@10") == ["item_knn"]


def test_a_ratio_to_nothing_is_refused(results):
    metrics = results / "made-up" / "metrics.csv"
    text = metrics.read_text().replace("popularity,precision,10,0.02", "popularity,precision,10,0")
    metrics.write_text(text)
    with pytest.raises(DataError, match="is 0"):
        Record.load("made-up", results).compare("over", "item_knn", "popularity", "precision@10")


def test_a_table_without_its_columns_is_refused(results):
    (results / "made-up" / "cost.csv").write_text("model,seconds\nitem_knn,1\n")
    with pytest.raises(DataError, match=r"cost\.csv: no column fit_seconds"):
        _ = Record.load("made-up", results).cost


def test_page_one_comes_first_and_synthetic_runs_not_at_all(tmp_path):
    for profile, run in (("a", {}), ("b", {"item": "artist"}), (HEADLINE, {}), ("s", {"synthetic": True})):
        write_record(tmp_path, profile, **run)
    assert [record.profile for record in on_record(tmp_path)] == [HEADLINE, "a", "b"]


def test_results_are_sorted_rounded_and_marked(results):
    made = record_table("results", [Record.load("made-up", results)])
    assert markdown(made).splitlines()[:5] == [
        "| model | Precision@10 | Recall@10 | MAP@10 | Coverage@10 |",
        "|:--|--:|--:|--:|--:|",
        "| item-KNN | **0.0900 ± 0.0080** | **0.1800 ± 0.0080** | **0.2700 ± 0.0080** | 45.0 % |",
        "| user-KNN\N{NO-BREAK SPACE}† | 0.0800 ± 0.0080 | 0.1600 ± 0.0080 | 0.2400 ± 0.0080 | 40.0 % |",
        "| popularity | 0.0200 ± 0.0080 | 0.0400 ± 0.0080 | 0.0600 ± 0.0080 | 10.0 % |",
    ]


def test_what_is_described_is_not_marked(results):
    made = record_table("results", [Record.load("made-up", results)], metrics=["coverage", "gini"])
    assert not made.strong.any()
    assert "No value is best in itself. † its search was ended by time" in made.note


def test_a_log_stands_as_read_and_as_filtered(results):
    cells = record_table("datasets", [Record.load("made-up", results)]).cells
    assert cells[""].tolist() == ["as read", "filtered"]
    assert cells["items"].tolist() == ["9,000", "2,000"]
    assert cells["share of cells"].tolist() == ["0.28 %", "1.62 %"]


def test_what_all_runs_share_is_said_once(tmp_path):
    write_record(tmp_path, "a", filters={"core": 5, "min_songs": 1})
    write_record(tmp_path, "b", filters={"core": 5, "min_songs": 1}, users=7)
    made = record_table("provenance", [Record.load(name, tmp_path) for name in ("a", "b")])
    assert "users" in made.cells[""].tolist()
    assert "filters" not in made.cells[""].tolist()
    assert "filters: core of 5." in made.note
    assert "as read: 20,000 users, 9,000 items, 500,000 triplets" in made.note
    assert "{" not in made.note


def test_examples_mark_what_the_user_played(results):
    made = record_table("examples", [Record.load("made-up", results)], user=1)
    assert made.cells["played most"].tolist() == ["Heard 1 by u2", "Heard 2 by u2", ""]
    assert made.cells["plays"].tolist() == ["8", "7", ""]
    assert made.cells["item-KNN recommends"].tolist() == ["New 1", "New 2", "New 3"]
    assert made.strong[:, 3].tolist() == [False, True, False]
    assert made.note == "Hidden from the model and found by it: 1 of 3, in bold."


def test_the_brief_is_read_backwards(results):
    made = record_table("implied", [Record.load("made-up", results)])
    column = dict(
        zip(
            made.cells["quantity"], zip(made.cells["brief"], made.cells["measured"], strict=True), strict=True
        )
    )
    assert column["songs held out of a user, 10 × P@10 / R@10 of popularity"] == ("15", "5.0")
    assert column["songs in popularity’s lists".replace("’", "'")] == ("", "200")
    assert column["size of the catalogue; for the brief, that in which as many are 15 %"] == (
        "1,333",
        "2,000",
    )
    assert column["gain of item-KNN over popularity, precision@10"] == ("2.8", "4.50")


@pytest.mark.parametrize("kind", [kind for kind in [*OF_ALL, *OF_ONE] if kind != "orders"])
def test_every_table_has_cells(results, kind):
    made = record_table(kind, [Record.load("made-up", results)])
    assert made.cells.shape[0] >= 1
    assert len(made.left) == made.cells.shape[1] >= 2


@pytest.mark.parametrize("kind", FIGURES)
def test_every_figure_says_its_numbers(results, kind):
    chart, words = record_figure(kind, [Record.load("made-up", results)])
    assert chart.axes
    said = ("0.270 at 0.810", "lambda 0.5") if kind == "frontier" else ("item-KNN", "user-KNN", "popularity")
    assert all(each in words for each in said)


def test_an_unknown_table_or_figure_names_those_there_are(results):
    records = [Record.load("made-up", results)]
    with pytest.raises(DataError, match="results"):
        record_table("resluts", records)
    with pytest.raises(DataError, match="headline"):
        record_figure("headlines", records)


def test_the_readme_gets_its_headline(results):
    block = headline(on_record(results))
    text = "before\n<!-- headline -->\nof yesteryear\n<!-- /headline -->\nafter\n"
    once = placed(text, block)
    assert "12,345 users, 2,000 songs and 400,000 triplets" in once
    assert "yesteryear" not in once
    assert placed(once, block) == once
    with pytest.raises(DataError, match="marks"):
        placed("no marks", block)


def test_a_broken_record_is_named(results):
    (results / "made-up" / "run.json").write_text(json.dumps({})[:-1])
    with pytest.raises(DataError, match=r"run\.json"):
        _ = Record.load("made-up", results).run


def test_the_frontier_is_what_no_other_equals_for_less():
    frame = pd.DataFrame(
        {
            "model": ["cheap", "same", "dear", "wasteful", "best"],
            "value": [0.1, 0.1, 0.2, 0.15, 0.3],
            "s": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    assert frontier(frame, "s") == ["cheap", "dear", "best"]


def test_where_to_start_follows_from_the_figures(results):
    made = record_table("decision", [Record.load("made-up", results)])
    start = made.cells.set_index("situation")["start with"]
    assert start["accuracy first, a catalogue of some ten thousand songs"] == "item-KNN"
    assert start["shortest answer, at least 90 % of the best accuracy"] == "item-KNN"
    assert start["a listener about whom nothing is known"] == "popularity"
    assert start["new listeners, of whom 5 songs are known"] == "item-KNN"
    because = made.cells.set_index("situation")["because"]
    assert because.iloc[0] == "MAP@10 0.2700 ± 0.0080"
    # Not what popularity has among all tested users, of whom much is known.
    assert because["a listener about whom nothing is known"] == "MAP@10 of such listeners 0.0400 ± 0.0200"
    assert "45 % of the catalogue listed" in set("; ".join(made.cells["because"]).split("; "))


def test_what_tuning_was_worth(results):
    made = record_table("tuning", [Record.load("made-up", results)])
    assert made.cells["model"].tolist() == ["item-KNN", "user-KNN\N{NO-BREAK SPACE}†"]
    assert made.cells["trials"].tolist() == ["20 of 20", "3 of 20"]
    assert made.cells["difference"].tolist()[1] == "+0.0200 (+0.0100 to +0.0300)"
    assert made.strong[:, list(made.cells.columns).index("difference")].tolist() == [False, True]


def test_studies_on_record_are_tables(results):
    record = Record.load("made-up", results)
    growth = record_table("cold_start", [record]).cells.set_index("model")
    assert growth.loc["popularity", "5 shown"] == "0.0500 ± 0.0200"
    assert growth.loc["item-KNN", "0 shown"] == "no list"
    new = record_table("new_songs", [record]).cells.set_index("way")
    assert new.loc["artist", "MAP@10"] == "0.2400 (0.2200 to 0.2600)"
    assert new.loc["chance", "Recall@10"] == "0.0200 (exact)"
    ranks = record_table("ranks", [record]).cells
    assert ranks["dimensions"].tolist() == ["1,000", "2"]
    assert ranks["MAP@10"].tolist()[1] == "0.0192 ± 0.0034"
    alike = record_table("similar", [record]).cells
    assert alike["item-KNN"].tolist() == ["Other", "Third"]
    assert alike["ALS"].tolist() == ["Third", ""]
    assert record_table("repeats", [record]).cells.iloc[0].tolist() == [
        "item-KNN",
        "0.1200",
        "0.00120",
        "0.00220",
        "0.1150 to 0.1250",
    ]
    assert record_table("seeds", [record]).cells.iloc[0].tolist() == ["item-KNN", "0.1210", "0.1190"]
    assert record_table("definitions", [record]).cells.iloc[0].tolist() == ["item-KNN", "1.80", "2.00"]
    with pytest.raises(DataError, match=r"studies/beyond/x\.csv"):
        record.study("beyond", "x")
