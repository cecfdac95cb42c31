"""What the page of the cold start says, from tables that are made up."""

import numpy as np
import pytest
from made_up import estimates, frame, made_up_run, whole

from songrec.pages import cold_start

MAP = ("average_precision", 10)


def run(tmp_path, models=("popularity", "item_knn"), shown=(1, 5), lead=0.1, named=0.5, kappa=1.0, **options):
    """Each model's MAP rises by `lead` over popularity from the second number of songs on."""
    every = [(model, n) for model in [*models, "hybrid"] for n in (0, *shown)]
    curve = [[m, *MAP, n, 0.05 + (lead if n and m != "popularity" else 0)] for m, n in every]
    others = [(m, n) for m, n in every if m != "popularity"]
    gains = [[m, "popularity", *MAP, n, lead if n > shown[0] else 0.0] for m, n in others]
    hybrid = [[model, "hybrid", *MAP, n, 0.0] for model in ("item_knn", "popularity") for n in shown]
    new = [["artist", *MAP, 0.2], ["artist and year", *MAP, 0.3], ["random", *MAP, 0.01]]
    tables = {
        "curve": estimates("model metric k shown", curve),
        "gains": estimates("model than metric k shown", gains),
        "hybrid": estimates("model than metric k shown", hybrid),
        "new_songs": estimates("way metric k", new),
    }
    facts = {"baseline": "popularity", "member": "item_knn", "cutoff": 10, "kappa": kappa, "named": named}
    return made_up_run(tmp_path, tables, facts, models, stage="cold_start", **options)


def test_facts(tmp_path):
    facts = cold_start.facts(run(tmp_path))
    assert facts["start"]["value"] == 0.05
    assert [(each["model"], each["shown"]) for each in facts["highest"]] == [("item_knn", 1), ("item_knn", 5)]
    assert facts["since"] == {5: ["item_knn", "hybrid"]}
    assert facts["never"] == []
    assert facts["behind"] == {}
    assert facts["apart"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"models": ("popularity",)},
        {"shown": (1,)},
        {"lead": 0.0},
        {"named": 0.0},
        {"kappa": 0.0},
        {"kappa": 0.25},
        {"item": "movie", "synthetic": True},
    ],
    ids=str,
)
def test_findings_are_whole_sentences_whatever_was_found(tmp_path, options):
    whole(cold_start.findings(run(tmp_path, **options)))


def test_without_artists_no_table_of_zeros(tmp_path):
    made = run(tmp_path, named=0.0)
    assert repr(cold_start.new_songs(made)).startswith("No artist is known of the new")
    assert "No artist of these is known, so they cannot be ranked." in whole(cold_start.findings(made))


def test_a_small_kappa_is_told_as_a_weight(tmp_path):
    said = "chosen on other users, is 0.25: with one movie shown, item-KNN has 80 % of the weight."
    assert said in whole(cold_start.findings(run(tmp_path, kappa=0.25, item="movie")))


def test_a_model_without_a_list_says_so_and_one_without_a_hit_does_not(tmp_path):
    table = cold_start.curve(run(tmp_path)).columns["0 shown"].cells
    assert table[1] == "no list"
    assert table[0].startswith("0.05")
    assert table[2].startswith("0.05")


def test_ahead_means_with_all_that_are_tried_from_there_on():
    lows = {"a": [0.1, -0.1, 0.1], "b": [np.nan, 0.1, 0.2]}
    rows = [[m, n, low] for m, of in lows.items() for n, low in zip((1, 2, 5), of, strict=True)]
    assert cold_start.ahead_from(frame("model shown ci_low", rows)) == {"a": 5, "b": 2}


def test_a_panel_a_log(tmp_path):
    made = [run(tmp_path / name) for name in ("a", "b")]
    figure = cold_start.curves_by_log(made)
    assert len(figure.canvas.axes) == 2
    assert figure.svg()
