"""Adding a model is one file and one line: a model of ten lines, from its file to an answer."""

import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.errors import DataError
from songrec.models import create, load_model
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
    metrics = pd.read_csv(made / "tables" / "evaluate" / "metrics.csv")
    found = metrics[(metrics["metric"] == "recall") & (metrics["k"] == 10)].set_index("model")["value"]
    assert found["together"] > 2 * 10 / 120  # twice what chance finds
    some = str(Split.load(made / "split").song_ids[0])
    asked = checkout.songrec(
        "recommend", "--profile", "own", "--model", "together", "--songs", some, "--n", "3"
    )
    assert [line.split()[0] for line in asked.stdout.splitlines() if "SOSYN" in line][-3:] == ["1", "2", "3"]


def test_a_model_outside_of_the_library_is_named_by_its_dotted_path(ran):
    (ran.root / "own").mkdir()
    (ran.root / "own" / "my_models.py").write_text(MODEL)
    ran.edit("notebooks/profiles/toy.yml", "models:", "models:\n  mine: {estimator: my_models.Together}")
    lacking = ran.songrec("run", "--profile", "toy", code=2)
    assert "models.mine: the model 'my_models.Together' cannot be imported" in lacking.stderr
    ran = replace(ran, path=(ran.root / "own",))
    assert ran.run("--only", "train") == ["train.mine"]
    assert "Together(" in (ran.processed / "fitted" / "mine.txt").read_text()
    ran.edit("own/my_models.py", "0.5", "0.6")
    assert ran.run("--only", "train") == ["train.mine"]


def test_a_saved_model_of_ones_own_is_loaded_by_its_dotted_path(tmp_path, monkeypatch):
    (tmp_path / "kept_models.py").write_text(MODEL)
    monkeypatch.syspath_prepend(tmp_path)
    log = csr_array(np.array([[1, 1, 0], [1, 1, 1]]))
    model = create("kept_models.Together", power=1.0).fit(log)
    model.save(tmp_path / "saved")
    loaded = load_model(tmp_path / "saved")
    assert np.array_equal(loaded.recommend(log, 2)[0], model.recommend(log, 2)[0])
    monkeypatch.delitem(sys.modules, "kept_models")
    (tmp_path / "kept_models.py").unlink()
    with pytest.raises(DataError, match=r"holds no model that this version knows: .*cannot be imported"):
        load_model(tmp_path / "saved")
