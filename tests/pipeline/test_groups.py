"""The graph as a schedule reads it."""

import json

from songrec.cli import main
from songrec.pipeline.graph import read_graph
from songrec.pipeline.groups import PAGES, groups
from songrec.pipeline.plan import make_plan


def test_every_stage_is_in_one_group_that_runs_just_it():
    plan, found = make_plan("tiny"), groups("tiny")
    assert [stage for group in found for stage in group["stages"]] == [*plan.stages]
    for group in found:
        selected = {name for name, stage in plan.stages.items() if stage.selectors & set(group["only"])}
        assert selected == set(group["stages"])


def test_a_group_comes_after_those_that_it_needs():
    known: set[str] = set()
    for group in groups("tiny"):
        assert set(group["needs"]) <= known, group["name"]
        known.add(group["name"])
    assert known == {name for name, stage in read_graph().stages.items() if stage.study} | {PAGES}
    needs = {group["name"]: group["needs"] for group in groups("tiny")}
    assert needs["train"] == ["split", "tune"]
    assert needs["ingest"] == []


def test_a_profile_of_some_stages_has_their_groups():
    names = [group["name"] for group in groups("tiny-spark")]
    assert "spark" in names
    assert "train" not in names


def test_of_some_stages_it_has_what_they_need():
    names = [group["name"] for group in groups("tiny", ["study.compare"])]
    assert names == ["ingest", "split", "tune", "train", "evaluate", "compare"]


def test_the_command_prints_it(capsys):
    assert main(["plan", "--profile", "tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"profile": "tiny", "groups": groups("tiny")}
    assert main(["plan", "--profile", "tiny"]) == 0
    assert "train.item_knn, train.ease  after split, tune" in capsys.readouterr().out
