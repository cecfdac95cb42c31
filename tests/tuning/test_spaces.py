"""Search spaces: declared in one place, checked against the models, narrowed by what a profile fixes."""

import ast

import pytest

from songrec.errors import ConfigError
from songrec.models import create
from songrec.models.registry import model_names
from songrec.modelspec import read_models
from songrec.pipeline.graph import read_graph
from songrec.pipeline.notebook import code_of
from songrec.pipeline.plan import make_plan
from songrec.tuning.spaces import beyond, check_space, drawn, edges, searched

DECLARED = {label: spec for label, spec in read_models().items() if spec.space}
KNOWN = dict.fromkeys(["neighbours", "similarity", "alpha", "members", "weights"])
SPACE = {
    "neighbours": {"low": 5, "high": 1000, "log": True},
    "similarity": {"choices": ["cosine", "asymmetric"]},
    "alpha": {"low": 0.0, "high": 2.0, "when": {"similarity": ["asymmetric"]}},
}


def test_every_model_with_hyper_parameters_has_a_space():
    with_space = {spec.estimator for spec in DECLARED.values()}
    without = {name for name in model_names() if create(name).get_params()} - with_space
    assert without <= {"Popularity"}  # its one choice, the baseline's, is fixed


@pytest.mark.parametrize("label", sorted(DECLARED))
def test_the_defaults_lie_within_the_declared_space(label):
    check_space(DECLARED[label].space, label)
    params = create(DECLARED[label].estimator).get_params()
    for hyperparameter, entry in searched(DECLARED[label].space, {}, params, label).items():
        value = params[hyperparameter]
        if "choices" in entry:
            assert value in entry["choices"], hyperparameter
        elif "stop" in entry:
            assert value > 0
        elif value:  # 0, which no logarithmic range holds, is tried as trial 0
            value = drawn(entry, value, params)
            assert entry["low"] <= value <= entry["high"], hyperparameter
        if "low" in entry:
            assert (
                isinstance(entry["low"], int)
                == isinstance(entry["high"], int)
                == isinstance(params[hyperparameter], int)
            )


def test_what_is_fixed_is_not_searched():
    left = searched(SPACE, {"neighbours": 10}, KNOWN, "here")
    assert list(left) == ["similarity", "alpha"]
    assert left["alpha"]["when"] == {"similarity": ["asymmetric"]}


def test_a_condition_on_what_is_fixed_is_settled_at_once():
    assert list(searched(SPACE, {"similarity": "cosine"}, KNOWN, "here")) == ["neighbours"]
    left = searched(SPACE, {"similarity": "asymmetric"}, KNOWN, "here")
    assert left["alpha"] == {"low": 0.0, "high": 2.0}


def test_one_weight_for_each_member():
    left = searched({"weights.*": {"low": 0.0, "high": 1.0}}, {"members": {"a": 1, "b": 2}}, KNOWN, "here")
    assert left == {name: {"low": 0.0, "high": 1.0} for name in ("weights.a", "weights.b")}


def test_a_name_that_the_estimator_does_not_have():
    with pytest.raises(ConfigError, match=r"here: unknown hyper-parameter 'neighbour': did you mean 'neighb"):
        searched({"neighbour": {"low": 1, "high": 2}}, {}, KNOWN, "here")


@pytest.mark.parametrize(
    "entry",
    [
        {"low": 1},
        {"low": 2, "high": 1},
        {"low": 0, "high": 1, "log": True},
        {"low": 1, "high": 2, "choices": [1]},
        {"between": 1},
        {"low": "1", "high": 2},
        {"low": 1, "high": 2, "times": "k"},
        {"low": 1.0, "high": 2.0, "times": "k"},
        {"low": 1, "high": 2, "natural": ["above"]},
    ],
)
def test_a_range_that_makes_no_sense_is_named(entry):
    with pytest.raises(ConfigError, match=r"here: space\.k: "):
        check_space({"k": entry}, "here")


def test_edges_by_the_scale_of_the_range():
    space = {
        "l2": {"low": 1.0, "high": 10000.0, "log": True},
        "q": {"low": 0.0, "high": 10.0},
        "epochs": {"stop": 30},
        "by": {"choices": ["rank"]},
    }
    assert edges(space, {"l2": 9000.0, "q": 9.0, "epochs": 29, "by": "rank"}) == {"l2": "high"}
    assert edges(space, {"l2": 2.0, "q": 0.1, "epochs": 30}) == {"q": "low", "epochs": "high"}
    assert edges(space, {"l2": 1.1}) == {"l2": "low"}


def test_edges_of_a_ratio_and_natural_ones():
    space = {
        "alpha": {"low": 1.0, "high": 100.0},
        "l2": {"low": 0.1, "high": 10.0, "log": True, "times": "alpha"},
        "q": {"low": 0.0, "high": 10.0, "natural": ["low"]},
    }
    check_space(space, "here")
    assert edges(space, {"alpha": 50.0, "l2": 500.0, "q": 0.0}) == {"l2": "high"}
    assert edges(space, {"alpha": 50.0, "l2": 10.0, "q": 10.0}) == {"q": "high"}


def test_a_ratio_to_what_is_fixed_is_a_range_of_its_own():
    space = {"alpha": {"low": 1.0, "high": 9.0}, "beta": {"low": 0.5, "high": 2.0, "times": "alpha"}}
    assert searched(space, {"alpha": 3.0}, KNOWN | {"beta": None}, "here") == {
        "beta": {"low": 1.5, "high": 6.0}
    }


def test_beyond_an_edge():
    assert beyond({"low": 5, "high": 1000, "log": True}, "low") == ({"low": 1, "high": 1000, "log": True}, 2)
    assert beyond({"low": 0.0, "high": 3.0}, "high") == ({"low": 0.0, "high": 4.0}, 3.5)


def test_the_stored_page_searches_what_the_profile_tiny_searches():
    defaults = {
        parameter.name: parameter.default
        for parameter in make_plan("tiny").stages["tune.ease"].declaration.parameters.values()
    }
    assert make_plan("tiny").stages["tune.ease"].parameters == defaults


def test_tuning_never_names_the_test_part():
    code = ast.parse(code_of(read_graph()["tune"].path))
    assert not {node.attr for node in ast.walk(code) if isinstance(node, ast.Attribute)} & {
        "test",
        "final_train",
    }
