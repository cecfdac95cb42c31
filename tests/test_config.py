"""Names and types of parameters are checked before anything runs, and errors say what to do."""

import json

import pytest

from songrec.config import read_parameters, read_profile
from songrec.errors import ConfigError, DataError
from songrec.paths import NOTEBOOKS, PROFILES, Paths
from songrec.pipeline.graph import read_graph
from songrec.pipeline.plan import make_plan


def _notebook(path, *sources):
    cells = [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": text} for text in sources]
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_a_parameters_cell_gives_names_types_defaults_and_comments(tmp_path):
    source = 'a: int = 1  # a count\nb: list[str] = ["x"]  # n\nc: dict = {"k": -1.5}  # any\nd: bool = True'
    found = read_parameters(_notebook(tmp_path / "n.ipynb", source))
    assert {name: (p.default, p.help) for name, p in found.items()} == {
        "a": (1, "a count"),
        "b": (["x"], "n"),
        "c": ({"k": -1.5}, "any"),
        "d": (True, ""),
    }


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a = 1", "'a = 1' is not"),
        ("a: int = f()", "is not `name: type = literal`"),
        ("a: complex = 1", "with a type among"),
        ("a: set[int] = [1]", "with a type among"),
        ('a: int = "1"', "a must be int"),
        ("import os", "'import os' is not"),
        ("a: int = ", "is not Python"),
    ],
)
def test_a_bad_parameters_cell_is_named(tmp_path, source, said):
    path = _notebook(tmp_path / "n.ipynb", source)
    with pytest.raises(ConfigError, match=said) as caught:
        read_parameters(path)
    assert str(path) in str(caught.value)


def test_there_must_be_one_parameters_cell(tmp_path):
    with pytest.raises(ConfigError, match="0 cells are tagged"):
        read_parameters(_notebook(tmp_path / "n.ipynb"))
    with pytest.raises(ConfigError, match="2 cells are tagged"):
        read_parameters(_notebook(tmp_path / "n.ipynb", "a: int = 1", "b: int = 1"))


def test_an_unknown_profile_names_the_nearest():
    with pytest.raises(ConfigError, match=r"no profile 'sampel': did you mean 'sample'\? Profiles: .*tiny"):
        read_profile("sampel", PROFILES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: [", "is not YAML"),
        ("title: T\ndescription: D\nsynthetic: true", "models: Field required"),
        (
            "title: T\ndescription: D\nsynthetic: true\nmodels: {}",
            "models: Dictionary should have at least 1",
        ),
        ("title: T\ndescription: D\nsynthetic: true\ncolour: red", "colour: Extra inputs|models: Field"),
        (
            "title: T\ndescription: D\nsynthetic: 'yes'\nmodels: {a: {estimator: A}}",
            "synthetic: Input should be",
        ),
    ],
)
def test_a_bad_profile_file_is_named_with_its_key(tmp_path, text, said):
    (tmp_path / "p.yml").write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        read_profile("p", tmp_path)
    assert str(tmp_path / "p.yml") in str(caught.value)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("splt.test=0.3", "unknown stage 'splt': did you mean 'split'"),
        ("split.tset=0.3", "unknown parameter 'tset': did you mean 'test'"),
        ("split.test=a third", "test must be float, not 'a third'"),
        ("split.seed=1.5", "seed must be int, not 1.5"),
        ("split.test", "write stage.parameter=value"),
        ("models.item_knnn.neighbours=3", "unknown model 'item_knnn': did you mean 'item_knn'"),
        ("models.item_knn.neighbors=3", "unknown hyper-parameter 'neighbors': did you mean 'neighbours'"),
        ("models.item_knn.neighbours=many", "neighbours must be int, not 'many'"),
        ("ingest.path=[1]", None),
        ("split.test=nan", "test must be a finite number, not nan"),
        ("split.profile=sample", "profile is not set here"),
        ("train.model=popularity", "model is not set here"),
        ("recommend.estimator=UserKNN", "estimator is not set here"),
        ("models.item_knn=3", "write models.LABEL.HYPERPARAMETER=value"),
        ("compare.baseline=popularty", "unknown model 'popularty': did you mean 'popularity'"),
        ("recommend.model=itemknn", "unknown model 'itemknn': did you mean 'item_knn'"),
    ],
)
def test_overrides_are_checked_before_anything_runs(override, said):
    if said is None:  # text is text, whatever it looks like
        with pytest.raises(DataError, match=r"the raw file '\[1\]' does not exist"):
            make_plan("tiny", [override])
        return
    with pytest.raises(ConfigError, match=said):
        make_plan("tiny", [override])


def test_values_come_in_the_order_default_profile_override():
    assert make_plan("tiny").stages["ingest"].parameters["users"] == 1000
    sample = make_plan("sample").stages["ingest"].parameters
    assert (sample["users"], sample["source"], sample["profile"]) == (6000, "synthetic", "sample")
    assert make_plan("sample", ["ingest.users=7"]).stages["ingest"].parameters["users"] == 7
    changed = make_plan("sample", ["ingest.max_reject_share=1e-3", "models.item_knn.neighbours=5"])
    assert changed.stages["ingest"].parameters["max_reject_share"] == 0.001
    assert changed.stages["train.item_knn"].parameters["hyperparameters"] == {"neighbours": 5}
    assert changed.stages["recommend"].parameters["estimator"] == "ItemKNN"


def test_yaml_that_reads_a_number_as_text_is_told_how_to_write_it(tmp_path, monkeypatch):
    text = (PROFILES / "tiny.yml").read_text() + "stages: {split: {test: 1e-1}}\n"
    (tmp_path / "mine.yml").write_text(text)
    monkeypatch.setattr("songrec.pipeline.plan.PROFILES", tmp_path)
    with pytest.raises(
        ConfigError, match=r"split: test must be float, not '1e-1' \(YAML reads 1e-1 as text: write 0.1\)"
    ):
        make_plan("mine")


def test_every_profile_is_complete(shared_data):
    """Every profile but the downloaded one resolves, its raw files found beside the checkout."""
    names = {path.stem for path in PROFILES.glob("*.yml")}
    assert names >= {"tiny", "sample", "taste-profile-10k-songs", "taste-profile-3k-users", "lastfm-2k"}
    for name in sorted(names - {"taste-profile", "msd-scale"}):
        assert "train.item_knn" in make_plan(name).stages


def test_the_graph_declares_every_notebook_once():
    notebooks = [stage.notebook for stage in read_graph().stages.values()]
    assert sorted(notebooks) == sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("name", ["", ".x", "a b", "a;b", "$(id)", "../up", "a/b", "é"])
def test_a_profiles_name_is_plain(name):
    with pytest.raises(ConfigError, match="is not a profile's name"):
        Paths(name)
