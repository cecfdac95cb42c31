"""Converting a record keeps every number as the text that it is."""

# ruff: noqa: E501

from collections import Counter

import convert_records
import pandas as pd
import pytest

from songrec.errors import DataError
from songrec.files import read_json, write_json

PROFILE = {
    "stages": {"beyond": {"member": "ease"}, "cold_start": {"member": "ease"}},
    "models": {
        "popularity": {"estimator": "Popularity", "hyperparameters": {"by": "listeners"}},
        "ease": {"estimator": "EASE"},
        "als": {"estimator": "ALS"},
    },
}
RUN = {
    "profile": "small",
    "title": "Small",
    "description": "A small log.",
    "synthetic": False,
    "item": "song",
    "users": 30,
    "songs": 20,
    "triplets": 100,
    "tested_users": 10,
    "hidden_triplets": 15,
    "unseen_triplets": 1,
    "read": {"users": 31, "songs": 21, "triplets": 101},
    "known_titles": 0.5,
    "filters": {"core": 5},
    "protocol": "given",
    "split": {"validation": 0.5},
    "seeds": {"split": 7},
    "fingerprint": "abc",
    "commit": "def",
    "date": "2026-01-01",
    "machine": {"cores": 2},
    "packages": {"numpy": "2.0"},
}
PARAMS = {"popularity": {"by": "listeners"}, "ease": {"l2": 30.05}, "als": {"factors": 8}}
TABLES = {
    "metrics": """protocol,model,metric,k,value,se,ci_low,ci_high,n_users
given,popularity,average_precision,10,0.1100,0.01,0.09,0.13,10
given,ease,average_precision,10,0.3000,0.02,0.26,0.34,10
given,als,average_precision,10,0.2900,0.03,0.23,0.35,10
given,als,coverage,10,0.41,,,,10
""",
    "gains": """model,than,metric,k,difference,difference_low,difference_high,ratio,ratio_low,ratio_high,n_users,\
p,p_holm,wilcoxon,wilcoxon_holm,effect,superiority,detectable
ease,popularity,average_precision,10,0.190,0.17,0.21,2.72,2.1,3.5,10,1e-04,0.012,0.0,0.0,0.52,0.33,0.0037
als,popularity,average_precision,10,0.180,0.16,0.20,2.63,2.0,3.4,10,2e-04,0.013,0.0,0.0,0.51,0.32,0.0038
ease,als,average_precision,10,0.010,-0.01,0.03,1.03,0.97,1.1,10,0.03,0.27,0.0,0.0,0.05,0.04,0.0036
ease,als,coverage,10,0.0,-0.02,0.02,1.01,0.99,1.2,10,,,,,,,
""",
    "cost": """model,fit_seconds,recommend_ms_per_user,peak_mb,threads,search_seconds
popularity,0.00309,0.023,199.0,2,0.0
ease,0.543,0.0495,283.0,2,30.1
als,0.6,0.05,284.0,2,31.2
""",
    "tuning": """model,trials,asked,capped,edges,validation_untuned,validation,untuned,value,difference,ci_low,ci_high,n_users
popularity,0,0,False,,,,0.1100,0.1100,0,0,0,10
ease,3,4,True,l2 low,0.07,0.08,0.28,0.3000,0.02,0.01,0.0312,10
als,4,4,False,factors high; epochs high,0.06,0.09,0.27,0.2900,0.021,0.011,0.033,10
""",
    "trials": 'model,trial,value,state,point\nease,0,0.0701234,complete,"{""l2"": 100.0}"\n',
    "examples": "profile,user,kind,model,rank,song_id,label,plays,score,hit\nsmall,u1,history,,1,s1,One,4,,\n",
    "similar": "model,song,rank,like it\nease,One,1,Two\n",
    "studies/beyond/glance": """model,metric,value,ci_low,ci_high,n_users,best
ease,average_precision,0.3000,0.26,0.34,10,True
als,average_precision,0.2900,0.23,0.35,10,False
als,coverage,0.41,,,10,False
""",
    "studies/beyond/lifts": "model,group,value,ci_low,ci_high,n_users\nease,niche,6.357,6.207,6.513,10\n",
    "studies/beyond/segments": "by,group,model,value,ci_low,ci_high,n_users\ntaste,niche,ease,0.2,0.18,0.22,10\n",
    "studies/beyond/makeup": "songs,number,catalogue,listening,hidden\nhead,6,0.07231,0.3335,0.3282\n",
    "studies/beyond/overlap": "one,other,value,ci_low,ci_high,n_users\nease,als,0.1604,0.1568,0.1643,10\n",
    "studies/beyond/thinning": """model,share,value,ci_low,ci_high,n_users,kept,kept_low,kept_high,ahead_low
popularity,1,0.1100,0.09,0.13,10,1,1,1,
ease,0.75,0.22,0.21,0.24,10,0.9912,0.9732,1.01,0.0712
""",
    "studies/beyond/frontier": """\
lambda,value,ci_low,ci_high,n_users,diversity,diversity_low,diversity_high,novelty,coverage,part
0,0.3000,0.26,0.34,10,0.9185,0.9174,0.9197,7.491,0.7336,test
0.1,0.2950,0.255,0.335,10,0.9285,0.9274,0.9297,7.493,0.7383,test
""",
    "studies/beyond/exchange": """metric,k,baseline,value,difference,ci_low,ci_high,ratio,ratio_low,ratio_high,n_users
average_precision,10,0.3000,0.2950,-0.0050,-0.007,-0.003,0.9573,0.9517,0.963,10
diversity,10,0.9185,0.9285,0.0100,0.009,0.0111,1.009,1.008,1.010,10
""",
    "studies/cold_start/growth": """model,metric,k,shown,value,se,ci_low,ci_high,n_users
popularity,average_precision,10,1,0.04017,0.004522,0.03249,0.05008,10
ease,average_precision,10,1,0.06643,0.003558,0.05,0.08,10
hybrid,average_precision,10,1,0.07000,0.003559,0.06,0.081,10
""",
    "studies/cold_start/gains": """model,shown,value,baseline,difference,se,ci_low,ci_high,n_users
ease,1,0.06643,0.04017,0.02626,0.0035,0.0029,0.0169,10
""",
    "studies/cold_start/behind": """model,shown,value,baseline,difference,se,ci_low,ci_high,n_users
ease,1,0.06643,0.07000,-0.00357,0.0036,-0.0079,0.0019,10
""",
    "studies/cold_start/kappa": "kappa,value,1\n0,0.1,0.1\n0.3,0.12,0.12\n",
    "studies/cold_start/new_songs": "way,metric,k,value,se,ci_low,ci_high,n_users\nchance,recall,10,0.1,0.003,0.09,0.11,9\n",
    "studies/definitions/values": """model,family,definition,metric,k,value,se,ci_low,ci_high,n_users
ease,precision,hits / K,precision,10,0.02351,0.0007473,0.02213,0.02507,10
""",
    "studies/definitions/spread": "family,model,smallest,largest,ratio\nprecision,ease,0.0235,0.0499,2.122\n",
    "studies/definitions/orders": "family,metric,definition,tau,pairs,reversed,clear\nprecision,p,d,1,105,0,0\n",
    "studies/definitions/sampled": """model,first,first_low,first_high,first_place,second,second_low,second_high,second_place
ease,0.2335,0.2142,0.2516,1,0.5457,0.5241,0.5661,12
""",
    "studies/definitions/seen": """model,first,first_low,first_high,first_place,second,second_low,second_high,second_place
ease,0.1505,0.1354,0.1666,1,0.03448,0.02873,0.04163,7
""",
    "studies/repeats/by_seed": """model,seed,metric,k,value,se,ci_low,ci_high,n_users
ease,0,average_precision,10,0.02262,0.0009616,0.02096,0.02459,10
""",
    "studies/repeats/spread": """model,metric,k,splits,value,sd_splits,se_users,ci_low,ci_high
ease,average_precision,10,5,0.1445,0.001953,0.0025,0.1393,0.1498
""",
    "studies/repeats/order": """model,than,difference,smallest,largest,splits,ahead,clear,behind
ease,popularity,0.01155,0.01047,0.0126,5,5,5,0
""",
    "studies/scale/accuracy": """model,rank,kept,bytes,precision,precision_low,precision_high,recall,recall_low,\
recall_high,average_precision,average_precision_low,average_precision_high,ndcg,ndcg_low,ndcg_high
item_knn,30,1,1084,0.089,0.0864,0.0919,0.1812,0.1757,0.1873,0.1105,0.1061,0.1147,0.1726,0.1675,0.1779
""",
    "studies/scale/differences": """model,rank,difference,difference_low,difference_high
pure_svd,5,-0.07547,-0.07964,-0.07129
""",
}
TOPICS = {
    "metrics": "evaluate",
    "gains": "compare",
    "tuning": "tuning_gain tune",
    "cost": "tune train",
    "trials": "tune",
    "examples": "recommend",
    "similar": "recommend",
    "studies/beyond": "beyond",
    "studies/cold_start": "cold_start",
    "studies/definitions": "definitions",
    "studies/repeats": "repeats",
    "studies/scale": "model_size",
}
"""Where the numbers of an old table stand now."""


@pytest.fixture
def record(tmp_path):
    folder = tmp_path / "small"
    for name, text in TABLES.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    write_json(folder / "run.json", RUN)
    write_json(folder / "params.json", PARAMS)
    return folder


def _numbers(paths):
    """The texts of all cells that are numbers, and how often each occurs."""
    cells = Counter()
    for path in paths:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        cells.update(cell for cell in table.to_numpy().ravel() if _is_number(cell))
    return cells


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _old_files(record, topic):
    path = record / topic
    return sorted(path.glob("*.csv")) if path.is_dir() else [record / f"{topic}.csv"]


def test_every_number_of_the_old_record_is_in_the_new_one(record):
    before = {topic: _numbers(_old_files(record, topic)) for topic in TOPICS}
    convert_records.convert(record, PROFILE)
    for topic, stages in TOPICS.items():
        after = _numbers(path for stage in stages.split() for path in (record / stage).glob("*.csv"))
        if topic == "tuning":
            facts = read_json(record / "tune" / "facts.json").values()
            keys = ("asked", "trials", "value", "untuned_value")
            after.update(str(each[key]) for each in facts for key in keys)
        lost = {number for number in before[topic] if number not in after}
        assert not lost, topic
        # A number that stood once in a table of many columns may now stand in two tables, never less often,
        # but for the levels of the cold start, which the curve holds.
        if topic != "studies/cold_start":
            fewer = before[topic] - after
            assert not {number for number in fewer if number not in ("10", "2")}, topic


def test_single_values_are_kept(record):
    convert_records.convert(record, PROFILE)
    facts = {path.parent.name: read_json(path) for path in record.glob("*/facts.json")}
    assert facts["split"]["protocol"] == "predefined"
    assert facts["split"]["test"] == {"users": 10, "holdout": 15}
    assert facts["ingest"]["read"] == RUN["read"]
    assert facts["tune"]["als"]["edges"] == {"factors": "high", "epochs": "high"}
    assert facts["tune"]["ease"]["capped"] is True
    assert facts["cold_start"]["kappa"] == 0.3
    assert facts["beyond"]["lambda"] == 0.1
    header = read_json(record / "run.json")
    assert header["commit"] == "def"
    assert header["models"]["ease"]["title"] == "EASE"
    metrics = pd.read_csv(record / "evaluate" / "metrics.csv")
    assert set(metrics["protocol"]) == {"predefined"}


def test_best_are_those_not_significantly_worse(record):
    convert_records.convert(record, PROFILE)
    best = pd.read_csv(record / "compare" / "best.csv")
    assert set(best["metric"]) == {"average_precision"}
    assert dict(zip(best["model"], best["best"], strict=True)) == {
        "popularity": False,
        "ease": True,
        "als": True,
    }
    summary = pd.read_csv(record / "beyond" / "summary.csv").query("metric == 'average_precision'")
    assert summary["best"].all()


def test_a_converted_record_is_refused(record):
    convert_records.convert(record, PROFILE)
    with pytest.raises(DataError, match="converted already"):
        convert_records.convert(record, PROFILE)
