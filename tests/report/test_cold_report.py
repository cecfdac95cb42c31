"""Tables and sentences of the cold start."""

import numpy as np
import pandas as pd
import pytest

from songrec.report import figures_cold, findings_cold, tables_cold

SHOWN = [0, 1, 5]


def per_user(mean: float, n: int = 50) -> pd.DataFrame:
    spread = np.linspace(-0.01, 0.01, n)
    return pd.DataFrame({"average_precision@10": mean + spread, "recall@10": mean + spread / 2})


@pytest.fixture
def grown():
    """Popularity always the same; item-KNN behind it, level, ahead; the hybrid as good as the better."""
    means = {"popularity": (0.05, 0.05, 0.05), "item_knn": (0.01, 0.05, 0.2), "hybrid": (0.05, 0.06, 0.2)}
    return {
        model: {n: per_user(m).sample(frac=1, random_state=n) for n, m in zip(SHOWN, by, strict=True)}
        for model, by in means.items()
    }


def findings(grown, kappa=2.0, named=0.5, ways=None):
    ways = ways or {"artist": per_user(0.2), "chance": per_user(0.02)}
    parts = {model: grown[model] for model in ("item_knn", "popularity", "hybrid")}
    tables = {
        "growth": tables_cold.curves(grown),
        "gains": tables_cold.gains(grown, "popularity", 10),
        "behind": tables_cold.gains(parts, "hybrid", 10),
        "kappa": pd.DataFrame({"kappa": [7.0, kappa], "value": [0.1, 0.2]}),
        "new_songs": tables_cold.new_song_rows(ways),
    }
    return findings_cold.cold_start("p", tables, named, "item_knn", "popularity", 10, False)


def test_from_how_many_songs_on(grown):
    gains = tables_cold.gains(grown, "popularity", 10)
    assert tables_cold.ahead_from(gains) == {"item_knn": 5, "hybrid": 1}
    grown["item_knn"] = dict.fromkeys(SHOWN, per_user(0.01))
    grown["hybrid"][5] = per_user(0.01)  # ahead with one song only: not from there on
    gains = tables_cold.gains(grown, "popularity", 10)
    assert tables_cold.ahead_from(gains) == {"item_knn": None, "hybrid": None}
    assert "Not even with the most shown is it for item-KNN and hybrid." in findings(grown)


def test_what_is_said(grown):
    text = findings(grown)
    assert "popularity has a MAP@10 of 0.0500 (0.0483 to 0.0516) while nothing is known" in text
    assert "that of hybrid with 1 song shown, 0.0600" in text
    assert "clear of it for hybrid from 1 song on and item-KNN from 5 songs on." in text
    assert "it is never below item-KNN or popularity by more than noise" in text
    assert "with that many songs shown, item-KNN and popularity weigh the same" in text
    assert "50 % have an artist whose name is known" in text
    assert "the intervals are apart" in text
    grown["hybrid"][5] = per_user(0.1)
    assert "It is below item-KNN with 5 songs shown, and by more than noise." in findings(grown)
    assert "it is item-KNN alone" in findings(grown, kappa=0.0)
    assert "nothing can be said of them" in findings(grown, named=0.0)
    assert "the intervals overlap" in findings(grown, ways=dict.fromkeys(["artist", "chance"], per_user(0.1)))


def test_cells(grown):
    cells = tables_cold.growth_cells(tables_cold.curves(grown), "average_precision", 10)
    assert list(cells.columns) == ["MAP@10 with so many shown", "0", "1", "5"]
    assert cells.iloc[1].tolist()[0] == "item-KNN"
    assert cells.iloc[1]["5"] == "0.2000 ± 0.0016"
    gains = tables_cold.gain_cells(tables_cold.gains(grown, "popularity", 10))
    assert gains["model"].tolist() == ["item-KNN", "hybrid"]
    kappas = pd.DataFrame({"kappa": [0.0, 0.3], "value": [0.1, 0.2], 1: [0.1, 0.25]})
    assert tables_cold.kappa_cells(kappas).iloc[1].tolist() == ["0.3", "0.2500", "0.2000"]
    ways = tables_cold.new_song_cells(tables_cold.new_song_rows({"artist": per_user(0.2)}))
    assert list(ways.columns) == ["ranked by", "MAP@10", "Recall@10"]
    alone = tables_cold.gains({"popularity": grown["popularity"]}, "popularity", 10)
    assert len(tables_cold.gain_cells(alone)) == 0


def test_the_figure_has_a_line_a_model(grown):
    figure = figures_cold.growth(tables_cold.curves(grown), 10)
    assert [len(axes.lines) for axes in figure.axes] == [3, 3]
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["0", "1", "5"]
