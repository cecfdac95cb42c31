"""Results that are made up: a folder of tables as a run leaves it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from songrec.files import write_json
from songrec.results import Results

LOOKS = {
    "popularity": ("popularity", ["#808080", "o"]),
    "user_knn": ("user-KNN", ["#3d7fc4", "s"]),
    "item_knn": ("item-KNN", ["#d1603d", "^"]),
    "ease": ("EASE", ["#b3801a", "P"]),
}


def made_up_run(
    folder: Path,
    tables: Mapping[tuple[str, str], pd.DataFrame] | None = None,
    facts: Mapping[str, Mapping[str, Any]] | None = None,
    models: Sequence[str] = ("popularity", "item_knn", "ease"),
    item: str = "song",
    synthetic: bool = False,
    name: str = "made-up",
    **header: Any,
) -> Results:
    """Write these tables, by (stage, table), and facts, by stage, and open them."""
    entries = {
        model: {
            "title": LOOKS.get(model, (model.replace("_", " "), None))[0],
            "look": LOOKS.get(model, ("", ["#6a68c9", "h"]))[1],
            "estimator": "ItemKNN",
            "members": [],
            "hyperparameters": {},
        }
        for model in models
    }
    known = {"profile": name, "title": "Made up", "description": "Invented.", "synthetic": synthetic}
    write_json(folder / name / "run.json", known | {"item": item, "models": entries} | header)
    for (stage, table), frame in (tables or {}).items():
        path = folder / name / stage / f"{table}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(path, index=False)
    for stage, values in (facts or {}).items():
        write_json(folder / name / stage / "facts.json", dict(values))
    return Results(name, folder / name, known | {"item": item, "models": entries} | header)


def estimates(columns: Sequence[str], rows: Sequence[Sequence[Any]], half: float = 0.02) -> pd.DataFrame:
    """Rows whose last cell is a value, with an interval of this half-width and 100 users."""
    table = pd.DataFrame(rows, columns=[*columns, "value"])
    return table.assign(se=half / 2, ci_low=table["value"] - half, ci_high=table["value"] + half, n_users=100)
