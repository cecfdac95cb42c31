"""Tables and figures of the record beyond accuracy, of cold start and across protocols."""

import pandas as pd
import pytest
from made_up_record import write_record

from songrec.errors import DataError
from songrec.report.record import Record, on_record
from songrec.report.record_beyond import REALLY_PLAYED, chosen_lambda, overlap_ends
from songrec.report.record_figures_beyond import lift
from songrec.report.record_tables import record_table
from songrec.report.values import write_value


def test_a_log_by_every_measure(results):
    made = record_table("beyond", [Record.load("made-up", results)], metrics=["serendipity", "gini"])
    assert list(made.cells) == ["model", "MAP@10", "Serendipity@10", "Gini"]
    assert made.cells["model"].tolist() == ["popularity", "user-KNN", "item-KNN"]  # as the stage kept them
    assert made.cells["MAP@10"].tolist()[2] == "0.090 ± 0.010"
    assert made.strong[2].tolist() == [False, True, True, False]
    assert "in MAP@10 and Serendipity@10" in made.note


def test_logs_stand_below_one_another(tmp_path):
    for name in ("a", "b"):
        write_record(tmp_path, name)
    made = record_table("lifts", on_record(tmp_path), models="popularity item_knn")
    assert made.cells["data set"].tolist() == ["A made-up log, a", "", "", "A made-up log, b", "", ""]
    assert made.cells["model"].tolist() == ["popularity", "item-KNN", REALLY_PLAYED] * 2
    assert made.cells["niche"].tolist() == ["50 ± 10 %"] * 6
    assert made.left == [True, True, False, False, False, False]


def test_parts_of_users_and_of_songs(results):
    records = [Record.load("made-up", results)]
    songs = record_table("by_song", records)
    assert list(songs.cells)[2:] == ["head", "middle", "tail"]
    assert "head 100 songs (5.0 %)" in songs.note
    users = record_table("by_user", records, models="item_knn")
    assert list(users.cells)[2:] == ["short history", "long history", "niche taste", "mainstream taste"]
    assert users.cells["niche taste"].tolist() == ["0.090 ± 0.010"]


def test_what_another_order_gave_and_cost(results):
    record = Record.load("made-up", results)
    assert chosen_lambda(record) == 0.5
    row = record_table("exchange", [record]).cells.set_index("")["A made-up log, made-up"]
    assert row["MAP@10 kept"] == "96.3 ± 0.8 %"
    assert row["diversity, listeners"] == "+0.100 ± 0.010"
    assert row["coverage"] == "45.0 % to 55.0 %"
    assert overlap_ends(record) == ["user-KNN and item-KNN 0.40", "popularity and item-KNN 0.05"]


def test_a_figure_says_what_it_does_not_draw(results):
    chart, words = lift([Record.load("made-up", results)])
    drawn = [text.get_text() for text in chart.axes[0].get_yticklabels()]
    assert drawn == [REALLY_PLAYED, "item-KNN", "user-KNN"]
    assert "Not drawn: popularity +50 %" in words


def test_draws_and_leads_on_every_log(results):
    records = [Record.load("made-up", results)]
    assert record_table("draws", records).cells.iloc[0, 1:].tolist() == [
        "item-KNN", "popularity", "+0.0700", "+0.0600 to +0.0800", "5 of 5", "4 of 5",
    ]  # fmt: skip
    leads = record_table("cold_gains", records)
    assert leads.cells["5 shown"].tolist() == ["+0.050 ± 0.020"]
    assert leads.strong[0].tolist() == [False, False, True]


def test_what_the_tests_say_of_two_models(results):
    gains = results / "made-up" / "gains.csv"
    frame = pd.read_csv(gains)
    frame.assign(p_holm=0.01, effect=0.25, superiority=0.1).to_csv(gains, index=False)

    def text(expression):
        return write_value(f"made-up/{expression}", lambda profile: Record.load(profile, results))

    assert text("item_knn minus popularity/precision@10/p_holm:.3f") == "0.010"
    assert text("popularity minus item_knn/precision@10/p_holm:.3f") == "0.010"
    assert text("best minus second/average_precision@10/effect:+.2f") == "+0.25"
    assert text("second minus best/average_precision@10/effect:+.2f") == "-0.25"
    assert text("item_knn minus popularity/precision@10/superiority:.0%") == "10\N{NO-BREAK SPACE}%"
    with pytest.raises(DataError, match="did you mean 'p_holm'"):
        text("item_knn minus popularity/precision@10/p_hol")
    with pytest.raises(DataError, match="no test of it is on record"):
        text("item_knn minus popularity/precision@10/detectable")
    with pytest.raises(DataError, match="no test of it is on record"):
        text("item_knn minus popularity/coverage@10/p_holm")


@pytest.fixture
def protocols(tmp_path):
    """One log under two protocols: under the second the two neighbourhood models change places."""
    write_record(tmp_path, "log", fingerprint="one", protocol="weak")
    write_record(tmp_path, "log-strong", fingerprint="one", protocol="strong")
    folder = tmp_path / "log-strong"
    for name in ("metrics.csv", "gains.csv"):
        text = (folder / name).read_text().replace("weak,", "strong,")
        swapped = text.replace("item_knn", "x").replace("user_knn", "item_knn").replace("x,", "user_knn,")
        (folder / name).write_text(swapped)
    return [Record.load("log", tmp_path)]


def test_orders_of_two_protocols(protocols):
    row = record_table("orders", protocols).cells.iloc[0]
    assert row["protocols"] == "weak, strong"
    assert row["first"] == "item-KNN, user-KNN"
    assert row["in another order"] == "1 of 3: item-KNN and user-KNN"
    assert row["clear under both"] == "0"  # the made-up record holds no p-value
    assert row["Kendall's tau"] == "0.33"
    assert row["trials"] == "20, 20"


def test_what_each_protocol_hides(protocols):
    cells = record_table("hidden", protocols).cells
    assert cells["protocol"].tolist() == ["weak", "strong"]
    assert cells["hidden a user"].tolist() == ["5.00", "5.00"]
    assert cells["Precision@10, item-KNN"].tolist() == ["0.0900 ± 0.0080", "0.0800 ± 0.0080"]
