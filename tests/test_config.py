"""Names and types of parameters are checked before anything runs, and errors say what to do."""

import json
import os
import sys
from datetime import date
from functools import partial

import pytest

from songrec.checks import read_yaml
from songrec.config import Parameter, profile_names, read_parameters, read_profile
from songrec.errors import ConfigError, DataError
from songrec.files import write_json
from songrec.paths import NOTEBOOKS, PROFILES, Paths
from songrec.pipeline.graph import read_graph
from songrec.pipeline.imports import closure
from songrec.pipeline.plan import _on_record, make_plan

HEAD = "title: T\ndescription: D\nsynthetic: true\n"


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
    ("sources", "said"),
    [
        (["a = 1"], "'a = 1' is not"),
        (["a: int = f()"], "is not `name: type = literal`"),
        (["a: complex = 1"], "with a type among"),
        (["a: set[int] = [1]"], "with a type among"),
        (['a: int = "1"'], "a must be int"),
        (["import os"], "'import os' is not"),
        (["a: int = "], "is not Python"),
        ([], "0 cells are tagged"),
        (["a: int = 1", "b: int = 1"], "2 cells are tagged"),
    ],
)
def test_a_bad_parameters_cell_is_named(tmp_path, sources, said):
    path = _notebook(tmp_path / "n.ipynb", *sources)
    with pytest.raises(ConfigError, match=said) as caught:
        read_parameters(path)
    assert str(path) in str(caught.value)


def test_an_unknown_profile_names_the_nearest():
    with pytest.raises(ConfigError, match=r"no profile 'sampel': did you mean 'sample'\? Profiles: .*tiny"):
        read_profile("sampel", PROFILES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: [", "is not YAML"),
        (HEAD, "models: Dictionary should have at least 1"),
        (HEAD + "models: {}", "models: Dictionary should have at least 1"),
        (HEAD + "colour: red", "unknown key 'colour'"),
        (HEAD.replace("true", "'yes'") + "models: [ease]", "synthetic must be a valid boolean, not 'yes'"),
        ("- a", "it must be a mapping, not"),
        ("stages: 3", "stages must be a mapping, not 3"),
        ("stages: {tune: 3}", r"stages\.tune must be a mapping, not 3"),
        (
            "models: [eas]",
            r"unknown model \(one of your own names its estimator\) 'eas': did you mean 'ease'",
        ),
        ("models: {ease: {colour: red}}", r"models\.ease: unknown key 'colour'"),
        ("models: {ease: {hyperparameters: 3}}", r"models\.ease: hyperparameters must be a mapping, not 3"),
        ("extends: other", "extends: unknown profile 'other'"),
        ("extends: p", "extends: p extends p"),
        ("extends: {p: 1}", "extends must be a valid list, not"),
        ("spaces: {}", r"unknown key 'spaces': it is now called 'models.LABEL.space'"),
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
        ("scale.cutoff=5", "unknown stage 'scale': it is now called 'model_size'"),
        ("tuning.cutoff=5", "unknown stage 'tuning': it is now called 'tuning_gain'"),
        ("split.protocol=given", "unknown protocol 'given': it is now called 'predefined'"),
        ("split.protocol=week", "unknown protocol 'week': did you mean 'weak'"),
        ("split.test=a third", "test must be float, not 'a third'"),
        ("split.seed=1.5", "seed must be int, not 1.5"),
        ("split.test", "write stage.parameter=value"),
        ("models.item_knnn.neighbours=3", "unknown model 'item_knnn': did you mean 'item_knn'"),
        ("models.item_knn.neighbors=3", "unknown hyper-parameter 'neighbors': did you mean 'neighbours'"),
        ("models.item_knn.neighbours=many", "neighbours must be a valid integer, not 'many'"),
        ("split.test=nan", "test must be a finite number, not nan"),
        ("split.profile=sample", "profile is not set here"),
        ("train.model=popularity", "model is not set here"),
        ("tune.estimator=UserKNN", "estimator is not set here"),
        ("models.item_knn=3", "write models.LABEL.HYPERPARAMETER=value"),
        ("compare.baseline=popularty", "unknown model 'popularty': did you mean 'popularity'"),
        ("recommend.model=itemknn", "unknown model 'itemknn': did you mean 'item_knn'"),
    ],
)
def test_overrides_are_checked_before_anything_runs(override, said):
    with pytest.raises(ConfigError, match=said):
        make_plan("tiny", [override])


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["split.protocol=predefined"], "'predefined' needs the files `visible` and `hidden`"),
        (["ingest.visible=a"], r"stages\.ingest: visible without hidden: a given split needs both halves"),
        (["ingest.validation=a", "split.protocol=predefined"], "validation without hidden and visible"),
        (["ingest.visible=a", "ingest.hidden=b"], "protocol 'weak' does not look at visible and hidden"),
    ],
)
def test_the_files_of_a_given_split_go_with_its_protocol(tmp_path, monkeypatch, overrides, said):
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    (tmp_path / "raw").mkdir()
    for name in "ab":
        (tmp_path / "raw" / name).write_text("u\ts\t1\n")
    with pytest.raises(ConfigError, match=said):
        make_plan("tiny", overrides)
    make_plan("tiny", ["ingest.visible=a", "ingest.hidden=b", "split.protocol=predefined"])


def test_a_date_is_text_with_and_without_quotes():
    until = Parameter("until", str, "", "")
    assert until.check(date(2010, 5, 31), "here") == until.check("2010-05-31", "here") == "2010-05-31"
    said = r"until must be str, not 0\.8 \(text stands in quotes: write '0\.8'\)"
    with pytest.raises(ConfigError, match=said):
        until.check(0.8, "here")


def test_text_is_text_whatever_it_looks_like():
    with pytest.raises(DataError, match=r"the raw file '\[1\]' does not exist"):
        make_plan("tiny", ["ingest.metadata=[1]"])
    path = ["ingest.source=triplets", "ingest.path=no-such-log"]
    with pytest.raises(DataError, match="the raw file 'no-such-log' does not exist"):
        make_plan("tiny", path)  # one value stands for a list of it


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
    assert tune["estimator"] == "ItemKNN"


@pytest.fixture
def profiles(tmp_path):
    """Writes profiles by name and reads one."""

    def read(name: str, **texts: str):
        for each, text in texts.items():
            (tmp_path / f"{each}.yml").write_text(text)
        return read_profile(name, tmp_path)

    return read


BASE = """
title: Base
description: D
synthetic: true
shared: {item: artist}
stages:
  ingest: {users: 5, seed: 1}
  beyond: {member: ease}
models: {popularity: , ease: {hyperparameters: {l2: 2.0}}, als: }
"""


def test_a_profile_says_only_what_differs_from_the_one_it_extends(profiles):
    child = "extends: base\ntitle: Child\nmodels: [ease, popularity]\n"
    found = profiles("child", base=BASE, child=child + "stages: {ingest: {users: 7}, beyond: null}")
    assert (found.title, found.description, found.shared) == ("Child", "D", {"item": "artist"})
    assert found.stages == {"ingest": {"users": 7, "seed": 1}}
    assert found.without == ["beyond"]
    assert list(found.models) == ["ease", "popularity"]
    assert found.models["ease"].hyperparameters == {"dropout": 0.0, "l2": 2.0}  # block, base


def test_what_is_null_is_taken_back(profiles):
    child = "extends: base\nshared: {item: null}\nstages: {ingest: {seed: null}}\n"
    taken_back = "models: {ease: {hyperparameters: {l2: null, dropout: null}}}"
    found = profiles("child", base=BASE, child=child + taken_back)
    assert found.shared == {}
    assert found.stages["ingest"] == {"users": 5}
    assert found.models["ease"].hyperparameters == {}


def test_of_several_profiles_the_last_holds(profiles):
    part = "stages: {ingest: {users: 9}, beyond: null}\nmodels: [als]"
    found = profiles("child", base=BASE, _part=part, child="extends: [base, _part]")
    assert found.stages == {"ingest": {"users": 9, "seed": 1}}
    assert list(found.models) == ["als"]
    assert found.without == ["beyond"]
    again = profiles("child", base=BASE, _part=part, child="extends: [base, _part]\nstages: {beyond: {}}")
    assert (again.stages["beyond"], again.without) == ({}, [])
    with pytest.raises(ConfigError, match="there is no profile '_part'"):
        profiles("_part")
    with pytest.raises(ConfigError, match="a extends b extends a"):
        profiles("a", a="extends: b", b="extends: a")


def test_every_profile_is_complete(shared_data):
    """Every profile but the downloaded one resolves, its raw files found beside the checkout."""
    names = set(profile_names(PROFILES))
    assert names >= {"tiny", "sample", "taste-profile-10k-songs", "taste-profile-3k-users", "lastfm-2k"}
    for name in sorted(names - {"taste-profile", "msd-scale"}):
        assert "train.popularity" in make_plan(name).stages


def test_the_graph_declares_every_notebook_once():
    stages = read_graph().stages.values()
    studies = [stage.path.stem for stage in stages if stage.study]
    assert sorted(studies) == sorted(path.stem for path in (NOTEBOOKS / "studies").glob("*.ipynb"))
    pages = [stage.page_path.stem for stage in stages if stage.page is not None]
    assert sorted(pages) == sorted(path.stem for path in (NOTEBOOKS / "pages").glob("*.ipynb"))
    assert [int(stem[:2]) for stem in studies] == list(range(1, len(studies) + 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is not YAML"),
        ("a: {}", "a: notebook: Field required"),
        ("a: {notebook: n, input: []}", "a: unknown key 'input': did you mean 'inputs'"),
        ("a: {notebook: n, inputs: 3}", "a: inputs must be a valid list, not 3"),
        ("a: {notebook: n, inputs: [b]}", r"a: unknown artefact \(no stage before it makes it\) 'b'"),
        ("a: {notebook: n, page: [c]}", "a: page: unknown stage 'c'"),
        ("a: {notebook: n, study: false}", "a: without a study it is a page"),
        ("a: {notebook: n, study: false, page: [a]}", "a: page: unknown stage 'a'"),
        ("a: &a {notebook: n, outputs: {o: interim/o}}\nb: *a", "b: another stage makes o already"),
    ],
)
def test_a_bad_declaration_of_stages_is_named(tmp_path, text, said):
    (tmp_path / "pipeline.yml").write_text(text)
    with pytest.raises(ConfigError, match=rf"pipeline\.yml.*{said}"):
        read_graph(tmp_path / "pipeline.yml")


@pytest.mark.parametrize("name", ["", ".x", "a b", "a;b", "$(id)", "../up", "a/b", "é"])
def test_a_profiles_name_is_plain(name):
    with pytest.raises(ConfigError, match="is not a profile's name"):
        Paths(name)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Writes a profile of one's own: its `models` block."""
    monkeypatch.setattr("songrec.pipeline.plan.PROFILES", tmp_path)

    def write(models: str) -> str:
        (tmp_path / "mine.yml").write_text(f"{HEAD}models:\n{models}")
        return "mine"

    return write


def test_a_profile_of_ones_own_need_not_have_the_models_that_notebooks_name(own):
    plan = make_plan(own("  top: {estimator: Popularity}\n  slim: {estimator: FsSLIM}\n"))
    assert plan.stages["compare"].parameters["baseline"] == "top"
    assert plan.stages["beyond"].parameters["member"] == "slim"
    assert plan.stages["recommend"].estimators == ("Popularity", "FsSLIM")
    assert plan.stages["cold_start"].parameters["models"] == ["top", "slim"]


BLEND = "  blend: {estimator: Blend, members: [one, two]}\n"
MEMBERS = "  one: {estimator: ItemKNN}\n  two: {estimator: UserKNN}\n"


def test_members_stand_before_what_is_made_of_them(own):
    plan = make_plan(own(MEMBERS + BLEND))
    tune = plan.stages["tune.blend"]
    assert [path.name for path in tune.inputs][-2:] == ["one", "two"]
    assert tune.estimators == ("Blend", "ItemKNN", "UserKNN")
    assert set(tune.parameters["space"]) == {"weights.one", "weights.two", "by"}


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


def test_a_star_stands_for_all_members_that_can_run(own, monkeypatch):
    models = (
        MEMBERS + "  vae: {estimator: MultVAE, extra: neural}\n  first: {estimator: Hybrid, members: [one]}\n"
        '  blend: {estimator: Blend, members: ["*"]}\n'
    )
    for found, members in ((None, ["one", "two"]), ("torch", ["one", "two", "vae"])):
        monkeypatch.setattr("songrec.extras.find_spec", lambda name, found=found: found)
        assert make_plan(own(models)).profile.models["blend"].members == members


def test_a_model_takes_its_extra_from_the_block_of_its_estimator(own, monkeypatch):
    monkeypatch.setattr("songrec.extras.find_spec", lambda name: name)
    assert make_plan(own("  vae: {estimator: MultVAE}\n")).profile.models["vae"].extra == "neural"


@pytest.fixture
def record(tmp_path, monkeypatch):
    """A record with the search of one model."""
    monkeypatch.setattr("songrec.pipeline.plan._on_record", partial(_on_record, results=tmp_path))
    facts = {"estimator": "EASE", "hyperparameters": {"dropout": 0.0, "l2": 7.0}, "searched": ["l2"]}
    write_json(tmp_path / "old" / "tune" / "facts.json", {"ease": facts})
    return facts


def test_hyper_parameters_come_from_a_record_for_the_models_on_it(record, tmp_path):
    plan = make_plan("tiny", tuned_from="old")
    taken = plan.stages["tune.ease"].parameters["tuned"]
    assert taken == record | {"source": "the published run old"}
    assert plan.stages["tune.item_knn"].parameters["tuned"] == {}
    assert make_plan("tiny").stages["tune.ease"].parameters["tuned"] == {}
    with pytest.raises(ConfigError, match="--tuned-from: unknown record 'odl': did you mean 'old'"):
        make_plan("tiny", tuned_from="odl")
    record["estimator"] = "ALS"
    write_json(tmp_path / "old" / "tune" / "facts.json", {"ease": record})
    with pytest.raises(ConfigError, match="--tuned-from old: its ease is ALS, not EASE"):
        make_plan("tiny", tuned_from="old")


OWN = """
from songrec.models.base import Recommender
from my_models import helper

class Mine(Recommender):
    def __init__(self, power: float = 0.5):
        self.power = power

    def fit(self, train): ...
    def _encode_users(self, heard, users): ...
    def _scores(self, represented, n_needed): ...
"""


@pytest.fixture
def own_package(tmp_path, monkeypatch):
    """A package of somebody's own with a model."""
    package = tmp_path / "path" / "my_models"
    package.mkdir(parents=True)
    for name, text in {"__init__": "", "helper": "VALUE = 1", "mine": OWN, "broken": "1 / 0"}.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(package.parent)
    yield package
    for name in [name for name in sys.modules if name.startswith("my_models")]:
        del sys.modules[name]


def test_a_model_of_ones_own_comes_by_its_dotted_path(own, own_package):
    block = "  mine: {estimator: my_models.mine.Mine, hyperparameters: {power: 1.0}, title: My model}\n"
    plan = make_plan(own(block))
    assert plan.profile.models["mine"].title == "My model"
    assert plan.stages["tune.mine"].estimators == ("my_models.mine.Mine",)
    files = closure("", plan.stages["tune.mine"].estimators)
    assert {own_package / "mine.py", own_package / "helper.py"} <= set(files)
    with pytest.raises(ConfigError, match="unknown hyper-parameter 'powr': did you mean 'power'"):
        make_plan(own(block.replace("power", "powr")))


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (BLEND + MEMBERS, r"models\.blend: unknown member \(it must stand before\) 'one'"),
        (MEMBERS + "  mine: {estimator: ItemKNN, members: [one]}", "ItemKNN is not made of members"),
        ("  vae: {estimator: MultVAE, extra: ''}", r"models\.vae: write extra: neural, which MultVAE needs"),
        (
            "  one: {estimator: EASE, extra: neurall}",
            r"models\.one: unknown extra 'neurall': did you mean 'neural'",
        ),
        (
            MEMBERS + "stages: {split: {test: 1e-1}}",
            r"split: test must be float, not '1e-1' \(in quotes it is text: write 0.1\)",
        ),
        *(
            (f"  mine: {{estimator: {path}}}", rf"models\.mine: .*{said}")
            for path, said in (
                ("my_models.mien.Mine", "cannot be imported: No module named 'my_models.mien'"),
                (
                    "my_models.mine.Mien",
                    "imported: module 'my_models.mine' has no attribute 'Mien'",
                ),
                ("my_models.broken.Mine", "cannot be imported: division by zero"),
                ("my_models.helper.VALUE", "is no model: it must be a class derived from"),
                ("collections.Counter", "is no model"),
            )
        ),
    ],
)
def test_models_that_cannot_be_are_named(own, own_package, models, said):
    with pytest.raises(ConfigError, match=said):
        make_plan(own(models))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [{f'*a{i},' * 9}]\n" for i in range(9)), "multiply"),
        ("a: &a [*a]\n", "multiply"),
        ("[" * 5_000, "is not YAML"),
    ],
)
def test_yaml_that_explodes_is_refused_at_once(tmp_path, text, said):
    (tmp_path / "bomb.yml").write_text(text)
    with pytest.raises(ConfigError, match=rf"bomb\.yml .*{said}"):
        read_yaml(tmp_path / "bomb.yml")


def test_a_pipe_as_a_file_that_a_person_writes(tmp_path):
    os.mkfifo(tmp_path / "pipe.yml")
    with pytest.raises(ConfigError, match="is not a regular file"):
        read_yaml(tmp_path / "pipe.yml")
