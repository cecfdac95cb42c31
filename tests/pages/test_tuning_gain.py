"""What the page of tuning's gain says, from tables that are made up."""

import numpy as np
import pytest
from made_up import frame, made_up_run, whole

from songrec.pages import tuning_gain

FOUND = {"asked": 20, "trials": 20, "capped": False, "edges": {}}


def run(tmp_path, differences, tuned=None, half=0.01, **options):
    """Each model's MAP is 0.1 untuned, and higher by `differences` tuned."""
    rows = []
    for model, gain in differences.items():
        key = [model, "average_precision", 10]
        rows += [[*key, "untuned", 0.1, np.nan, np.nan], [*key, "tuned", 0.1 + gain, np.nan, np.nan]]
        rows.append([*key, "difference", gain, gain - half, gain + half])
    table = frame("model metric k statistic value ci_low ci_high", rows).assign(n_users=100)
    facts = {"tuning_gain": {"cutoff": 10}, "tune": dict.fromkeys(differences, FOUND) | (tuned or {})}
    return made_up_run(tmp_path, {("tuning_gain", "gain"): table}, facts, list(differences), **options)


def test_facts_and_table(tmp_path):
    differences = {"popularity": 0.0, "item_knn": 0.05, "ease": -0.02, "als": 0.001}
    made = run(tmp_path, differences, {"popularity": FOUND | {"asked": 0, "trials": 0}})
    facts = tuning_gain.facts(made)
    assert facts["searched"] == ["item_knn", "ease", "als"]
    assert (facts["better"], facts["worse"]) == (["item_knn"], ["ease"])
    assert facts["most"]["value"] == 0.05
    table = tuning_gain.gain(made)
    assert table.columns["model"].cells == ["item-KNN", "als", "EASE"]
    assert table.columns["tuned"].cells == ["0.1500", "0.1010", "0.0800"]
    assert table.columns["difference"].bold == [True, False, False]


@pytest.mark.parametrize(
    ("differences", "tuned", "said"),
    [
        ({"item_knn": 0.05}, {}, "it is significantly better when tuned: its MAP@10 rises by 0.050"),
        ({"item_knn": 0.0}, {}, "For it, tuning gained nothing significant on the 100 test users."),
        ({"item_knn": 0.0, "ease": 0.0}, {}, "For none of them, tuning gained anything significant"),
        ({"item_knn": 0.05, "ease": 0.06}, {}, "all of them are significantly better when tuned."),
        ({"item_knn": 0.05, "ease": 0.0}, {}, "only item-KNN is significantly better when tuned:"),
        ({"item_knn": -0.05}, {}, "Item-KNN is significantly worse when tuned"),
        ({"item_knn": 0.0}, {"item_knn": FOUND | {"asked": 0}}, "no model had anything to search"),
        ({"item_knn": 0.05}, {"item_knn": FOUND | {"asked": 0, "source": "a-record"}}, "those of a-record."),
        ({"item_knn": 0.0}, {"item_knn": FOUND | {"capped": True}}, "tuned longer, it might be better."),
    ],
)
def test_sentences_are_whole_in_every_case(tmp_path, differences, tuned, said):
    made = run(tmp_path, differences, tuned, item="movie", synthetic=True)
    assert said.lower() in whole(tuning_gain.findings(made)).lower()
    assert tuning_gain.gains(made).alt.endswith(".")
    assert repr(tuning_gain.gain(made))


def test_the_gain_is_drawn_with_its_interval(tmp_path):
    figure = tuning_gain.gains(run(tmp_path, {"item_knn": 0.05, "ease": -0.02}))
    gain = figure.drawn[figure.drawn["statistic"] == "difference"].set_index("model")
    assert gain.loc["ease", ["value", "ci_low", "ci_high"]].tolist() == pytest.approx([-0.02, -0.03, -0.01])
    assert len(figure.canvas.axes) == 2
