"""The line by either engine: the same tables; and arithmetic for larger logs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from songrec.data import Asked, SyntheticWorld
from songrec.engines.spark.session import check_spark
from songrec.errors import ConfigError
from songrec.models import load_model
from songrec.studies import spark as study

LOG = study.AskedLog("synthetic-text", Asked(world=SyntheticWorld(250, 200, 3)), filters={"core": 3})


def plan(protocol="weak_hashed", **shares):
    shares = study.own_parameters(shares or {"test": 0.2, "validation": 0.1}, "")
    return study.LinePlan(
        protocol, 5, shares, 30, [10, 20], 15, {"factors": 4, "epochs": 2}, [0.03, 0.3], [5.0]
    )


def line(engine, tmp_path, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONGREC_DATA", str(tmp_path / "data"))
        settings = {"memory": "1g", "partitions": 3} if engine == "spark" else None
        return study.line(engine, LOG, plan(**options), tmp_path / engine, settings)


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    folder = tmp_path_factory.mktemp("line")
    return line("local", folder), folder


def test_one_machine_runs_the_line(local):
    made, folder = local
    assert made.metrics["model"].unique().tolist() == ["popularity", "item_knn", "als"]
    assert made.tuning["chosen"].sum() == 1
    assert made.tuning["value"].idxmax() == made.tuning["chosen"].idxmax()
    assert made.cost["step"].tolist() == list(study.STEPS)
    assert (made.metrics["ci_low"] <= made.metrics["value"]).all()
    assert load_model(folder / "local" / "als").penalty == "entries"


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["weak_hashed", "strong_hashed"])
def test_spark_gives_the_same_tables(protocol, local, tmp_path):
    try:
        check_spark()
    except ConfigError as error:
        pytest.skip(str(error))
    strong = {"min_listeners": 2, "min_songs": 5, "validation_users": 40, "test_users": 50, "holdout": 0.2}
    shares = strong if protocol == "strong_hashed" else {}
    expected = local[0] if protocol == "weak_hashed" else line("local", tmp_path, protocol=protocol, **shares)
    found = line("spark", tmp_path, protocol=protocol, **shares)
    assert found.report == expected.report
    assert found.steps == expected.steps
    pd.testing.assert_frame_equal(found.parts, expected.parts)
    exact = ["popularity", "item_knn"]  # ALS begins with other random vectors on either engine
    one, other = (each.metrics[each.metrics["model"].isin(exact)] for each in (found, expected))
    pd.testing.assert_frame_equal(one, other, rtol=0, atol=1e-12)
    als = [
        each.metrics.query("model == 'als' and metric == 'recall' and k == 20") for each in (found, expected)
    ]
    assert abs(als[0]["value"].item() - als[1]["value"].item()) < 3 * als[1]["se"].item()
    mine = load_model(tmp_path / "spark" / "item_knn").similarity_
    folder = local[1] if protocol == "weak_hashed" else tmp_path
    theirs = load_model(folder / "local" / "item_knn").similarity_
    for part in ("data", "indices", "indptr"):
        assert getattr(mine, part).tobytes() == getattr(theirs, part).tobytes()


def test_what_differs_between_engines_is_named(local):
    """Everything that must be equal; ALS need not be."""
    made, _ = local
    metrics = made.metrics.copy()
    metrics.loc[metrics["model"] == "als", "value"] += 1
    assert study.differing({"local": made, "spark": replace(made, metrics=metrics)}) == []
    metrics.loc[metrics["model"] == "item_knn", "value"] += 1e-9
    other = replace(made, metrics=metrics, parts=made.parts.assign(users=0), steps=[])
    assert study.differing({"local": made, "spark": other}) == ["item_knn", "parts", "steps"]
    both = study.by_engine({"local": made, "spark": other}, "parts")
    assert both.columns[0] == "engine"
    assert both["engine"].tolist() == ["local"] * 3 + ["spark"] * 3


def test_no_engine_at_all(tmp_path):
    with pytest.raises(ConfigError, match="engines is empty: name one or both of local, spark"):
        study.on_engines([], LOG, plan(), tmp_path)


def test_an_unknown_engine(tmp_path):
    with pytest.raises(ConfigError, match="unknown engine 'sparc': did you mean 'spark'"):
        study.line("sparc", LOG, plan(), tmp_path / "x")


def test_on_paper_everything_grows():
    paper = study.on_paper({"triplets": 48e6, "users": 1e6, "songs": 385e3}, 64, {"core_hour": 0.05})
    assert paper["times"].tolist() == [1, 100, 10_000]
    assert (np.diff(paper.drop(columns="times"), axis=0) > 0).all()
    assert paper["core_hours"].iloc[0] == pytest.approx(48 * 200 / 3600)
    assert paper["cost"].iloc[1] == pytest.approx(4800 * 200 / 3600 * 0.05)


def test_where_one_machine_ends():
    asked = {"here_bytes": 100, "here_seconds": 20, "memory_gib": 1 / 1.073741824, "hours": 1}
    found = study.largest_here(asked)
    assert found["by_memory"] == pytest.approx(1e7)
    assert found["by_time"] == pytest.approx(180e6)
    with pytest.raises(ConfigError, match="unknown unit cost 'hour': did you mean 'hours'"):
        study.largest_here({"hour": 1})


def test_settings_of_a_cluster():
    found = study.cluster_settings({"master": "", "partitions": "48", "spark.executor.memory": "8g"})
    assert found == {"master": "", "partitions": 48, "options": {"spark.executor.memory": "8g"}}
    with pytest.raises(ConfigError, match="unknown setting 'masters': did you mean 'master'"):
        study.cluster_settings({"masters": "yarn"})
