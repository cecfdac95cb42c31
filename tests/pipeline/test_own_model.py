"""Adding a model is one file and one line: a model of ten lines, from its file to an answer."""

import json
import shutil

import pandas as pd
import pytest

from songrec.paths import NOTEBOOKS
from songrec.splits import Split

pytestmark = pytest.mark.slow

MODEL = """
from songrec.models.base import NonNegativeFloat, Recommender

class Together(Recommender):
    def __init__(self, power: NonNegativeFloat = 0.5):
        self.power = power

    def _fit(self, binary, plays):
        self.common_ = (binary.T @ binary).power(self.power).tocsr()

    def _scores(self, encoded, n_needed):
        return encoded @ self.common_
"""

PROFILE = """
title: My own
description: A small log and a model of my own.
synthetic: true
stages:
  ingest: {users: 150, songs: 120}
models:
  together: {estimator: Together, hyperparameters: {power: 1.0}}
"""


def test_a_model_of_ten_lines_runs_through_the_pipeline(checkout):
    assert len([line for line in MODEL.splitlines() if line]) <= 10
    shutil.copytree(NOTEBOOKS, checkout.root / "notebooks", dirs_exist_ok=True)
    (checkout.root / "notebooks" / "profiles" / "own.yml").write_text(PROFILE)
    models = checkout.root / "lib" / "songrec" / "models"
    (models / "together.py").write_text(MODEL)
    with (models / "__init__.py").open("a") as exports:
        exports.write("from songrec.models.together import Together; __all__ += ['Together']\n")

    ran = checkout.songrec("run", "--profile", "own", "--only", "evaluate").stdout
    assert " ran in " in next(line for line in ran.splitlines() if line.startswith("train.together"))
    made = checkout.root / "data" / "processed" / "own"
    assert json.loads((made / "models" / "together" / "meta.json").read_text())["params"] == {"power": 1.0}
    metrics = pd.read_csv(made / "metrics.csv")
    found = metrics[(metrics["metric"] == "recall") & (metrics["k"] == 10)].set_index("model")["value"]
    assert found["together"] > 2 * 10 / 120  # twice what chance finds
    page = json.loads((made / "notebooks" / "06_evaluate.ipynb").read_text())["cells"][-1]["outputs"][0]
    assert "together" in "".join(page["data"]["text/plain"])

    some = str(Split.load(made / "split").song_ids[0])
    asked = checkout.songrec(
        "recommend", "--profile", "own", "--model", "together", "--songs", some, "--n", "3"
    )
    assert [line.split()[0] for line in asked.stdout.splitlines() if "SOSYN" in line][-3:] == ["1", "2", "3"]
