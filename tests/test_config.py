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
        ("models.item_knn.neighbours=many", "neighbours must be a valid integer, not 'many'"),
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
    tune = changed.stages["tune.item_knn"].parameters
    assert tune["hyperparameters"] == {"weighting": "binary", "neighbours": 5}
    assert "neighbours" not in tune["space"]
    assert "shrink" in tune["space"]
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


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes a profile of one's own: its `models` block."""
    monkeypatch.setattr("songrec.pipeline.plan.PROFILES", tmp_path)

    def write(models: str) -> str:
        text = f"title: Mine\ndescription: x\nsynthetic: true\nmodels:\n{models}"
        (tmp_path / "mine.yml").write_text(text)
        return "mine"

    return write


def test_a_profile_of_ones_own_need_not_have_the_models_that_notebooks_name(own):
    plan = make_plan(own("  top: {estimator: Popularity}\n  slim: {estimator: FsSLIM}\n"))
    assert plan.stages["compare"].parameters["baseline"] == "top"
    assert plan.stages["recommend"].parameters["model"] == "slim"
    assert plan.stages["recommend"].parameters["estimator"] == "FsSLIM"
    assert plan.stages["cold_start"].parameters["models"] == ["top", "slim"]


def test_members_stand_before_what_is_made_of_them(own):
    blend = "  blend: {estimator: Blend, members: [one, two]}\n"
    members = "  one: {estimator: ItemKNN}\n  two: {estimator: UserKNN}\n"
    plan = make_plan(own(members + blend))
    tune = plan.stages["tune.blend"]
    assert [path.name for path in tune.inputs][-2:] == ["one.json", "two.json"]
    assert tune.estimators == ("Blend", "ItemKNN", "UserKNN")
    assert set(tune.parameters["space"]) == {"weights.one", "weights.two", "by"}
    with pytest.raises(ConfigError, match=r"models.blend: unknown member \(it must stand before\) 'one'"):
        make_plan(own(blend + members))
    with pytest.raises(ConfigError, match="ItemKNN is not made of members"):
        make_plan(own("  one: {estimator: ItemKNN}\n  two: {estimator: ItemKNN, members: [one]}\n"))


def test_a_model_whose_extra_is_missing_is_left_out_and_named(own, monkeypatch):
    models = (
        "  one: {estimator: ItemKNN}\n  vae: {estimator: MultVAE, extra: neural}\n"
        "  both: {estimator: Blend, members: [one, vae]}\n"
    )
    monkeypatch.setattr("songrec.extras.find_spec", lambda name: None)
    plan = make_plan(own(models))
    assert list(plan.profile.models) == ["one"]
    line = "needs PyTorch, which is not installed: make neural"
    assert plan.left_out == {"vae": line, "both": line}
    monkeypatch.setattr("songrec.extras.find_spec", lambda name: name)
    assert list(make_plan(own(models)).profile.models) == ["one", "vae", "both"]


def test_a_profile_says_which_extra_a_model_needs(own, monkeypatch):
    monkeypatch.setattr("songrec.extras.find_spec", lambda name: name)
    with pytest.raises(ConfigError, match=r"models\.vae: write extra: neural, which MultVAE needs"):
        make_plan(own("  vae: {estimator: MultVAE}\n"))
    with pytest.raises(ConfigError, match=r"models\.one: unknown extra 'neurall': did you mean 'neural'"):
        make_plan(own("  one: {estimator: ItemKNN, extra: neurall}\n"))
