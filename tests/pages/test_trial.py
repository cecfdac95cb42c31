"""What the page of the trial says, from tables that are made up."""

import pytest
from made_up import frame, made_up_run, whole

from songrec.pages import trial

MODELS = {"ease": 1.1, "item_knn": 0.9, "popularity": 0.3}
PAIRS = [("ease", "item_knn"), ("ease", "popularity"), ("item_knn", "popularity")]


def run(tmp_path, offline=(0.03, 0.1, 0.07), split_p=0.01, models=MODELS, synthetic=True):
    quality = [
        [model, metric, 10, value / scale, 0.01, value / scale - 0.02, value / scale + 0.02, 1000]
        for metric, scale in (("expected_plays", 1), ("average_precision", 9))
        for model, value in models.items()
    ]
    pairs = []
    for (version, than), measured in zip(PAIRS if len(models) > 1 else [], offline, strict=False):
        for design, value, p, needed in (
            ("true", 0.2, None, 10.0),
            ("offline", measured, 0.001, 90.0),
            ("interleaved", 0.1, 0.001, 50.0),
            ("split", 0.2, split_p, 200.0),
        ):
            ends = [value, 0.01, value - 0.02, value + 0.02]
            pairs.append([design, version, than, *ends, p, 0.1, 1000, 2000, needed])
    columns = "design version than value se ci_low ci_high p wins n_users lists needed"
    tables = {
        "quality": frame("model metric k value se ci_low ci_high n_users", quality),
        "pairs": frame(columns, pairs),
    }
    facts = {"users": 1000, "shown": 2, "cutoff": 10}
    return made_up_run(tmp_path, tables, facts, stage="trial", synthetic=synthetic)


def test_tables(tmp_path):
    made = run(tmp_path)
    table = trial.quality(made)
    assert table.columns["model"].cells == ["EASE", "item-KNN", "popularity"]
    assert list(table.columns) == ["model", "expected plays", "MAP@10"]
    pairs = trial.pairs(made)
    assert pairs.columns["pair"].cells[0] == "EASE before item-KNN"
    assert pairs.columns["by"].cells[:4] == ["truth", "offline", "interleaving", "split"]
    assert pairs.columns["p"].cells[0] == ""
    assert pairs.columns["users needed"].cells[:4] == ["", "90", "50", "200"]
    assert "EASE 0.122 and 1.10" in trial.agreement(made).alt


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "the order is EASE, item-KNN and popularity."),
        ({}, "Offline puts all of 3 pairs in that order and tells all apart"),
        ({}, "In this world, offline metrics foretell what listeners do."),
        ({}, "Of 3 pairs that both trials tell apart, a split needs 4 times as many users"),
        ({"offline": (-0.03, 0.1, 0.07)}, "Offline puts 2 of 3 pairs in that order"),
        ({"offline": (-0.03, 0.1, 0.07)}, "wrongly so item-KNN before EASE."),
        ({"offline": (-0.03, 0.1, 0.07)}, "Offline metrics mislead here"),
        ({"split_p": 0.4}, "There is no pair that both trials tell apart: 1,000 listeners"),
        ({}, "The listeners are invented"),
    ],
)
def test_findings(tmp_path, options, said):
    assert said in whole(trial.findings(run(tmp_path, **options)))
