"""A small record that is made up."""

import json
from pathlib import Path

MODELS = {"popularity": 0.02, "user_knn": 0.08, "item_knn": 0.09}
ACCURACY = ("precision", "recall", "average_precision", "ndcg")


def write_record(folder: Path, profile: str, **run) -> Path:
    """A record of three models: item-KNN first, user-KNN so close that only the paired interval tells."""
    target = folder / profile
    target.mkdir(parents=True)
    rows = ["protocol,model,metric,k,value,se,ci_low,ci_high,n_users"]
    for model, level in MODELS.items():
        for place, metric in enumerate(ACCURACY):
            value = level * (1 + place)
            rows.append(
                f"weak,{model},{metric},10,{value:.4g},0.004,{value - 0.008:.4g},{value + 0.008:.4g},500"
            )
        rows.append(f"weak,{model},coverage,10,{level * 5:.4g},,,,500")
        rows.append(f"weak,{model},gini,10,{1 - level:.4g},,,,500")
    (target / "metrics.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    gains = [
        "model,than,metric,k,difference,difference_low,difference_high,ratio,ratio_low,ratio_high,n_users"
    ]
    for metric, factor in zip(ACCURACY, range(1, 5), strict=True):
        for model, than in (("item_knn", "popularity"), ("user_knn", "popularity"), ("item_knn", "user_knn")):
            difference, ratio = factor * (MODELS[model] - MODELS[than]), MODELS[model] / MODELS[than]
            low, high = difference - 0.004, difference + 0.004
            gains.append(f"{model},{than},{metric},10,{difference:.4g},{low:.4g},{high:.4g},{ratio:.4g},")
            gains[-1] += f"{ratio * 0.9:.4g},{ratio * 1.1:.4g},500"
    (target / "gains.csv").write_text("\n".join(gains) + "\n", encoding="utf-8")
    (target / "cost.csv").write_text(
        "model,fit_seconds,recommend_ms_per_user,peak_mb,threads\n"
        + "".join(f"{model},{0.25 * (place + 1)},0.05,200,2\n" for place, model in enumerate(MODELS)),
        encoding="utf-8",
    )
    (target / "tuning.csv").write_text(
        "model,trials,asked,capped,edges,validation_untuned,validation,untuned,value,difference,"
        "ci_low,ci_high,n_users\n"
        "popularity,0,0,False,,,,0.06,0.06,0.0,0.0,0.0,500\n"
        "user_knn,3,20,True,neighbours high,0.2,0.21,0.22,0.24,0.02,0.01,0.03,500\n"
        "item_knn,20,20,False,,0.2,0.21,0.26,0.27,0.01,-0.01,0.03,500\n",
        encoding="utf-8",
    )
    studies = {
        "cold_start/growth": "model,metric,k,shown,value,se,ci_low,ci_high,n_users\n"
        "popularity,average_precision,10,0,0.04,0.01,0.02,0.06,50\n"
        "popularity,average_precision,10,5,0.05,0.01,0.03,0.07,50\n"
        "item_knn,average_precision,10,0,0,0,0,0,50\n"
        "item_knn,average_precision,10,5,0.1,0.01,0.08,0.12,50\n",
        "cold_start/new_songs": "way,metric,k,value,se,ci_low,ci_high,n_users\n"
        "artist,average_precision,10,0.24,0.01,0.22,0.26,90\n"
        "artist,recall,10,0.33,0.01,0.31,0.35,90\n"
        "chance,average_precision,10,0.01,,,,90\n"
        "chance,recall,10,0.02,,,,90\n",
        "cold_start/gains": "model,shown,value,baseline,difference,se,ci_low,ci_high,n_users\n"
        "item_knn,5,0.1,0.05,0.05,0.01,0.03,0.07,50\n",
        "repeats/spread": "model,metric,k,splits,value,sd_splits,se_users,ci_low,ci_high\n"
        "item_knn,average_precision,10,5,0.12,0.0012,0.0022,0.115,0.125\n",
        "repeats/by_seed": "model,seed,metric,k,value,se,ci_low,ci_high,n_users\n"
        "item_knn,0,average_precision,10,0.121,0.002,0.117,0.125,500\n"
        "item_knn,1,average_precision,10,0.119,0.002,0.115,0.123,500\n",
        "repeats/order": "model,than,difference,smallest,largest,splits,ahead,clear,behind\n"
        "item_knn,popularity,0.07,0.06,0.08,5,5,4,0\n",
        "definitions/spread": "family,model,smallest,largest,ratio\nprecision,item_knn,0.1,0.18,1.8\n"
        "MAP,item_knn,0.05,0.1,2\n",
        "scale/accuracy": "model,rank,kept,bytes,recall,average_precision,average_precision_low,"
        "average_precision_high\n"
        "item_knn,1000,1,1812016,0.1684,0.0970,0.0880,0.1059\n"
        "pure_svd,2,0.08,12008,0.0413,0.0192,0.0158,0.0226\n",
    }
    for name, text in {**studies, **beyond()}.items():
        file = target / "studies" / f"{name}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (target / "similar.csv").write_text(
        "model,song,rank,like it\nitem_knn,Hit,1,Other\nitem_knn,Hit,2,Third\nals,Hit,1,Third\n",
        encoding="utf-8",
    )
    examples = ["profile,user,kind,model,rank,song_id,label,plays,score,hit"]
    for user in ("u1", "u2"):
        for model in MODELS:
            examples += [
                f"{profile},{user},history,{model},{r},h{r},Heard {r} by {user},{9 - r},," for r in (1, 2)
            ]
            examples += [
                f"{profile},{user},recommended,{model},{r},n{r},New {r},,0.5,{r == 2}" for r in (1, 2, 3)
            ]
    (target / "examples.csv").write_text("\n".join(examples) + "\n", encoding="utf-8")
    params = {
        "popularity": {"by": "listeners"},
        "user_knn": {"neighbours": 100},
        "item_knn": {"neighbours": 50},
    }
    (target / "params.json").write_text(json.dumps(params), encoding="utf-8")
    timed = [
        "songrec,0.1.0,8,5,10000,100,0.02,0.02,9,1,A machine.",
        "implicit,0.7.3,4,5,10000,100,0.06,0.06,2,3,A machine.",
        "ranx,not installed,0,5,10000,100,,,0,,A machine.",
        "songrec,0.1.0,8,1,10000,100,0.01,0.01,9,1,A machine.",
        "implicit,0.7.3,4,1,10000,100,0.025,0.025,9,2.5,A machine.",
    ]
    head = "evaluator,version,metrics,cutoffs,users,n,seconds,cpu_seconds,runs,times,machine"
    (folder / "bench").mkdir(exist_ok=True)
    (folder / "bench" / "evaluators.csv").write_text("\n".join([head, *timed]) + "\n", encoding="utf-8")
    stated = {
        "profile": profile,
        "title": f"A made-up log, {profile}",
        "synthetic": False,
        "item": "song",
        "users": 12345,
        "songs": 2000,
        "triplets": 400000,
        "read": {"users": 20000, "songs": 9000, "triplets": 500000},
        "known_titles": 0.8909,
        "seeds": {"split": 0},
        "hidden_triplets": 2500,
        "packages": {"numpy": "2.4.6"},
        "commit": "0123456789ab",
    }
    (target / "run.json").write_text(json.dumps({**stated, **run}), encoding="utf-8")
    return folder


def beyond() -> dict[str, str]:
    """What a record keeps of the stage beyond accuracy: three models, of which item-KNN is re-ranked."""
    three = ",ci_low,ci_high,n_users"
    tables = {
        "glance": [f"model,metric,value{three},best"],
        "lifts": [f"model,group,value{three}"],
        "segments": [f"by,group,model,value{three}"],
        "thinning": [f"model,share,value{three},kept,kept_low,kept_high,ahead_low"],
        "overlap": [
            f"one,other,value{three}",
            "popularity,user_knn,0.1,0.08,0.12,500",
            "popularity,item_knn,0.05,0.04,0.06,500",
            "user_knn,item_knn,0.4,0.38,0.42,500",
        ],
        "makeup": ["songs,number,catalogue,listening,hidden", "head,100,0.05,0.33,0.3"],
        "frontier": [
            f"lambda,value{three},diversity,diversity_low,diversity_high,novelty,coverage,part",
            "0,0.2,0.19,0.21,400,0.8,0.79,0.81,7,0.4,validation",
            "0.5,0.19,0.18,0.2,400,0.9,0.89,0.91,7.1,0.5,validation",
            "0,0.27,0.26,0.28,500,0.81,0.8,0.82,7,0.45,test",
            "0.5,0.26,0.25,0.27,500,0.91,0.9,0.92,7.1,0.55,test",
        ],
        "exchange": [
            "metric,k,baseline,value,difference,ci_low,ci_high,ratio,ratio_low,ratio_high,n_users",
            "average_precision,10,0.27,0.26,-0.01,-0.012,-0.008,0.963,0.955,0.971,500",
            "recall,10,0.18,0.17,-0.01,-0.012,-0.008,0.944,0.93,0.957,500",
            "novelty,10,7,7.1,0.1,0.09,0.11,1.01,1.009,1.011,500",
            "diversity,10,0.81,0.91,0.1,0.09,0.11,1.12,1.11,1.13,500",
        ],
    }
    tables["makeup"] += ["middle,400,0.2,0.33,0.33", "tail,1500,0.75,0.34,0.37"]
    for model, level in MODELS.items():
        best = model == "item_knn"
        for metric in (
            "average_precision",
            "serendipity",
            "lift",
            "novelty",
            "diversity",
            "artist_diversity",
        ):
            tables["glance"].append(f"{model},{metric},{level},{level - 0.01},{level + 0.01},500,{best}")
        for metric in ("coverage", "artist_coverage", "gini"):
            tables["glance"].append(f"{model},{metric},{level * 5:.4g},,,,False")
        for share in (1, 0.5):
            kept = f"{share},{share - 0.1},{share + 0.1},0.01"
            value = level * share
            tables["thinning"].append(f"{model},{share},{value},{value - 0.01},{value + 0.01},500,{kept}")
        for by, groups in {
            "history": ("short", "middle", "long"),
            "taste": ("niche", "middle", "mainstream"),
            "hidden song": ("head", "middle", "tail"),
        }.items():
            tables["segments"] += [
                f"{by},{group},{model},{level},{level - 0.01},{level + 0.01},160" for group in groups
            ]
    for model in (*MODELS, "held out"):
        for group in ("everybody", "niche", "middle", "mainstream"):
            tables["lifts"].append(f"{model},{group},0.5,0.4,0.6,160")
    return {f"beyond/{name}": "\n".join(lines) + "\n" for name, lines in tables.items()}
