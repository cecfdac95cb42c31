"""A profile is worked out from a log: what it says, and that the pipeline takes it."""

import numpy as np
import pytest

from songrec.errors import ConfigError, DataError
from songrec.pipeline import newprofile
from songrec.pipeline.newprofile import name_of, propose, write_profile
from songrec.pipeline.plan import make_plan


def write_log(path, users: int, items: int, each: int, extra: str = "") -> None:
    random = np.random.default_rng(0)
    rows = [(u, i) for u in range(users) for i in random.choice(items, min(each, items), replace=False)]
    path.write_text(f"member,movie{extra and ',when'}\n" + "".join(f"m{u},f{i}{extra}\n" for u, i in rows))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where profiles are written, and read by the plan."""
    monkeypatch.setattr("songrec.pipeline.newprofile.own_profiles", lambda: tmp_path / "profiles")
    monkeypatch.setattr("songrec.pipeline.plan.PROFILES", tmp_path / "profiles")
    return tmp_path


def test_a_log_becomes_a_profile_that_runs_as_it_is(folder):
    write_log(folder / "our films.csv", 200, 80, 30, ",2024-05-01")
    proposal = propose([folder / "our films.csv"])
    assert (proposal.name, proposal.whole, proposal.core) == ("our-films", True, 5)
    path = write_profile(proposal)
    plan = make_plan("our-films")
    ingest = plan.stages["ingest"].parameters
    assert (ingest["columns"], ingest["time"], ingest["item"]) == (["member", "movie"], "when", "movie")
    assert ingest["path"] == [str(folder / "our films.csv")]
    assert plan.stages["evaluate"].parameters["cutoffs"] == [5, 10, 20, 40]
    assert plan.stages["train.ease"].parameters["n"] == 40
    assert not {"scaling", "spark", "trial", "search_seeds.ease", "page.trial"} & plan.stages.keys()
    assert "cold_start" in plan.stages
    shown = str(proposal)
    assert "user (member)  movie (movie)  time (when)" in shown
    assert "200 users, 80 movies kept" in shown
    assert "fs_slim" in shown
    assert shown.count("under 1 min") >= 5
    with pytest.raises(ConfigError, match=r"our-films\.yml exists: .*--name, or .*--force"):
        write_profile(proposal)
    path.write_text("old")
    assert write_profile(proposal, force=True).read_text() == proposal.text


def test_lines_that_are_rejected_may_be_many_where_that_is_said(folder):
    write_log(folder / "log.csv", 60, 40, 20)
    with open(folder / "log.csv", "a") as file:
        file.write("m1,\n" * 60)
    with pytest.raises(DataError, match="60 of 1,260 lines") as told:
        propose([folder / "log.csv"])
    assert "rejects.parquet" not in str(told.value)  # that file went
    write_profile(propose([folder / "log.csv"], max_reject_share=0.05))
    assert make_plan("log").stages["ingest"].parameters["max_reject_share"] == 0.05


def test_what_is_too_small_is_said_with_its_size(folder):
    write_log(folder / "few.csv", 12, 80, 30)
    with pytest.raises(DataError, match=r"too small .*: 12 users and .* At least 30 users and 20 movies"):
        propose([folder / "few.csv"])


def test_models_that_do_not_fit_are_left_out_with_the_reason(folder, monkeypatch):
    monkeypatch.setattr(newprofile, "free_memory", lambda: 100_000)
    write_log(folder / "log.csv", 200, 80, 30)
    proposal = propose([folder / "log.csv"])
    left_out = {need.label for need in proposal.needs if need.why_not}
    assert "ease" not in left_out | {"popularity"}
    assert "als" in left_out
    assert "  # als:  # " in proposal.text
    write_profile(proposal)
    assert set(make_plan("log").profile.models) == {need.label for need in proposal.needs} - left_out


def test_of_a_long_log_the_beginning_is_looked_at_and_that_is_said(folder, monkeypatch):
    monkeypatch.setattr(newprofile, "ROWS", 1000)
    monkeypatch.setattr("songrec.data.text.BLOCK", 10_000)
    monkeypatch.setattr("songrec.data.unpacking.CHUNK", 1000)
    write_log(folder / "log.csv", 400, 80, 30)
    proposal = propose([folder / "log.csv"])
    assert not proposal.whole
    assert proposal.report.lines < 6000
    assert "of the first" in str(proposal)
    assert "# As `songrec init` saw it: the first" in proposal.text


def test_a_name_after_any_file(tmp_path):
    assert name_of(tmp_path / "My plays (2024).tsv.gz") == "My-plays-2024"
    assert name_of(tmp_path / "...") == "log"
