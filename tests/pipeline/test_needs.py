"""What stages are expected to take: from formulas and counts, and refused where it is more than there is."""

import re

import pytest

from songrec import measure
from songrec.config import read_profile
from songrec.errors import DataError
from songrec.files import write_json
from songrec.models import ease
from songrec.modelspec import memory_bytes, named, read_models
from songrec.paths import PROFILES
from songrec.pipeline import needs
from songrec.pipeline.graph import read_graph
from songrec.pipeline.plan import make_plan
from songrec.tables import FACTS

MILLION = ("msd-scale", 1_019_318, 384_546)


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """The profile at full size, before anything has run."""
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    monkeypatch.setattr(needs, "calibrated", lambda: 1.0)
    return make_plan("msd-scale")


def told_of(plan, stage, facts):
    write_json(plan.paths.tables / stage / FACTS, facts)


def test_every_formula_has_a_value(plan):
    for stage in plan.stages.values():
        if stage.page:
            continue
        declared = stage.declaration
        assert not (declared.memory and needs.need_of(stage, plan).bytes is None), stage.name
        assert not (declared.seconds and needs.need_of(stage, plan).seconds is None), stage.name
    for label, spec in read_models().items():
        assert spec.peak, label


def test_a_formula_names_what_its_estimator_has():
    from songrec.extras import missing
    from songrec.models import create

    for label, spec in read_models().items():
        if not missing(spec.extra):
            known = create(spec.estimator).get_params().keys() | {"users", "songs", "entries"}
            assert named(spec.peak) <= known, label


@pytest.mark.parametrize(("users", "songs"), [(471_355, 41_140), (60_000, 100_000), (2, 100_000)])
def test_the_formula_of_ease_says_what_ease_itself_asks_for(users, songs):
    said = memory_bytes(read_models()["ease"].peak, users=users, songs=songs, entries=1, l2=1.0)
    assert said == pytest.approx(ease.memory_needed(users, songs), rel=0.1)  # which knows the threads


def test_counts_are_guessed_then_those_of_the_log_then_those_of_the_split(plan):
    _, users, songs = MILLION
    guessed = needs._size(plan)
    assert (guessed.users, guessed.songs, guessed.tested) == (users, songs, 50_000)
    assert 47e6 < guessed.entries < 51e6
    told_of(plan, "ingest", {"users": 900, "songs": 80, "triplets": 7000})
    assert needs._size(plan) == needs.Size(900, 80, 7000, 900)
    told_of(plan, "split", {"users": 800, "songs": 70, "train": 6000, "test": {"users": 60}})
    assert needs._size(plan) == needs.Size(800, 70, 6000, 60)


def test_a_log_in_files_is_guessed_by_their_size(tmp_path, monkeypatch):
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    (tmp_path / "raw" / "taste-profile").mkdir(parents=True)
    for name in ("train_triplets.txt.zip", "unique_tracks.txt"):
        (tmp_path / "raw" / "taste-profile" / name).write_bytes(b"PK" + bytes(100_000))
    assert 9_000 < needs._size(make_plan("taste-profile")).entries < 13_000


def test_a_stage_that_does_not_fit_is_refused_with_numbers_and_what_to_change(plan, monkeypatch):
    monkeypatch.setattr(measure, "free_memory", lambda: 2 * 2**30)
    with pytest.raises(DataError) as refused:
        needs.refuse_too_large(plan.stages["train.item_knn"], plan)
    said = str(refused.value)
    assert re.search(r"stage train\.item_knn needs about \d\.\d GiB, 2\.0 GiB are free", said)
    assert "1,019,318 users, 384,546 songs" in said
    assert "lower models.item_knn.hyperparameters.neighbours" in said
    assert "take item_knn out" in said
    assert "stages.ingest.min_listeners" in said
    monkeypatch.setattr(measure, "free_memory", lambda: 8 * 2**30)
    for stage in plan.stages.values():
        if stage.declaration.name in plan.profile.only:
            needs.refuse_too_large(stage, plan)  # all of it fits into 8 GiB


def test_a_search_is_planned_at_the_far_end_of_its_space(tmp_path, monkeypatch):
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    searched = make_plan("sample")
    found = needs.need_of(searched.stages["train.item_knn"], searched)
    told_of(searched, "tune/item_knn", {"hyperparameters": {"neighbours": 5}})
    assert needs.need_of(searched.stages["train.item_knn"], searched).bytes < found.bytes
    tuning = needs.need_of(searched.stages["tune.item_knn"], searched)
    assert tuning.lower == ("models.item_knn.space.neighbours",)


def test_the_table_names_what_is_known(plan):
    lines = needs.told(plan, ["ingest", "train.als", "page.compare"]).splitlines()
    assert [line.split()[0] for line in lines] == ["stage", "ingest", "train.als", "all", "Free:"]
    assert needs.told(plan, ["page.compare"]) == ""


def test_the_machine_is_measured_once(tmp_path, monkeypatch):
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    monkeypatch.setattr(needs, "benchmark", lambda: {k: 2 * v for k, v in needs.REFERENCE.items()})
    assert needs.calibrated() == pytest.approx(2)
    monkeypatch.setattr(needs, "benchmark", None)
    assert needs.calibrated() == pytest.approx(2)
    write_json(tmp_path / "machine.json", {"machine": "another"})
    with pytest.raises(TypeError):
        needs.calibrated()


def test_the_benchmark_measures_both():
    found = needs.benchmark()
    assert found.keys() == needs.REFERENCE.keys()
    assert min(found.values()) > 0


def test_the_two_profiles_of_a_million_users_differ_in_source_and_catalogue_only():
    made, real = (read_profile(name, PROFILES) for name in ("msd-scale", "taste-profile"))
    assert made.models == real.models
    assert made.only == real.only
    split = real.stages["split"] | {"min_listeners": 1, "min_songs": 5}
    own = dict.fromkeys(("ingest", "scaling"))
    assert made.stages | own == real.stages | own | {"split": split}
    assert "trials" in read_graph()["tune"].parameters
    assert made.stages["tune"] == {"trials": 0}


def test_a_profile_names_the_stages_that_it_runs(plan):
    names = plan.select(())
    stages = {plan.stages[name].declaration.name for name in names}
    assert stages == {"ingest", "split", "tune", "train", "evaluate", "compare", "scaling"}
    assert plan.select(["study.split"]) == ["ingest", "split"]
