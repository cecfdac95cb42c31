"""Bump charts: ranks without ties, names at the ends, a panel a log."""

import numpy as np
from made_up import frame, made_up_run

from songrec.show.bump import bump, bumps, ranked_within, steps
from songrec.show.figure import Figure, subplots

ROWS = [["ease", "a", 0.3], ["item_knn", "a", 0.2], ["ease", "b", 0.1], ["item_knn", "b", 0.4]]


def test_names_stand_in_the_order_of_their_end(tmp_path):
    run, rows = made_up_run(tmp_path), frame("model by value", ROWS)
    canvas, (axes,) = subplots()
    bump(axes, rows.assign(rank=ranked_within(rows, "by"), hollow=[True, False] * 2), "by", run)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["EASE", "item-KNN"]
    (right,) = axes.child_axes
    ticks = dict(zip(right.get_yticks(), (each.get_text() for each in right.get_yticklabels()), strict=True))
    assert ticks == {1: "item-KNN", 2: "EASE"}
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "the first is at the top"
    marks = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() not in ("None", "")]
    assert marks.count("none") == 2
    assert "item-KNN" in Figure(canvas, rows, "", "").svg()


def test_a_panel_a_log_and_its_order_in_words(tmp_path):
    run, rows = made_up_run(tmp_path), frame("model by value", ROWS)
    canvas, said = bumps({"One": (run, rows), "Two": (run, rows)}, "by")
    assert len(canvas.axes) == 2
    assert said.startswith("One: a EASE, item-KNN; b item-KNN, EASE. Two: ")


def test_each_rank_is_written_into_its_field():
    _, (axes,) = subplots()
    steps(axes, np.array([[1.0, 2.0], [2.0, 1.0]]))
    assert [text.get_text() for text in axes.texts] == ["1", "2", "2", "1"]
    assert len({text.get_color() for text in axes.texts}) == 2, "light on dark, dark on light"
