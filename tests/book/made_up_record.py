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
        "definitions/spread": "family,model,smallest,largest,ratio\nprecision,item_knn,0.1,0.18,1.8\n"
        "MAP,item_knn,0.05,0.1,2\n",
        "scale/accuracy": "model,rank,kept,bytes,recall,average_precision,average_precision_low,"
        "average_precision_high\n"
        "item_knn,1000,1,1812016,0.1684,0.0970,0.0880,0.1059\n"
        "pure_svd,2,0.08,12008,0.0413,0.0192,0.0158,0.0226\n",
    }
    for name, text in studies.items():
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
        "packages": {"numpy": "2.4.6"},
        "commit": "0123456789ab",
    }
    (target / "run.json").write_text(json.dumps({**stated, **run}), encoding="utf-8")
    return folder
