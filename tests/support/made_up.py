"""Results that are made up: a folder of tables as a run leaves it; and sentences about them."""

import re
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
    tables: Mapping[Any, pd.DataFrame] | None = None,
    facts: Mapping[str, Any] | None = None,
    models: Sequence[str] = ("popularity", "item_knn", "ease"),
    stage: str = "",
    item: str = "song",
    synthetic: bool = False,
    name: str = "made-up",
    **header: Any,
) -> Results:
    """Write these tables, by (stage, table), and facts, by stage, and open them; or those of one stage."""
    if stage:
        tables, facts = {(stage, name): table for name, table in (tables or {}).items()}, {stage: facts or {}}
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
    write(folder / name, tables or {}, facts or {})
    return Results(name, folder / name, known | {"item": item, "models": entries} | header)


def write(folder: Path, tables: Mapping[Any, pd.DataFrame], facts: Mapping[str, Any]) -> None:
    """Write tables, by (stage, table), and facts, by stage, into the folder of a run."""
    for (stage, table), rows in tables.items():
        path = folder / stage / f"{table}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_csv(path, index=False)
    for stage, values in facts.items():
        write_json(folder / stage / "facts.json", dict(values))


def frame(columns: str, rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Rows under column names that are written as words."""
    return pd.DataFrame(rows, columns=columns.split())


def estimates(columns: Sequence[str], rows: Sequence[Sequence[Any]], half: float = 0.02) -> pd.DataFrame:
    """Rows whose last cell is a value, with an interval of this half-width and 100 users."""
    table = pd.DataFrame(rows, columns=[*(columns.split() if isinstance(columns, str) else columns), "value"])
    return table.assign(se=half / 2, ci_low=table["value"] - half, ci_high=table["value"] + half, n_users=100)


def whole(text: str) -> str:
    """The text with plain spaces, once it is whole sentences in which nothing is missing."""
    for paragraph in text.split("\n\n"):
        assert paragraph[0].isupper()
        assert paragraph[-1] == "."
        assert not re.search(r"\.\.| ,|  |\bNone\b(?! of)|\bnan\b", paragraph), paragraph
    return breakable(text)


def breakable(text: str) -> str:
    """The text with plain spaces."""
    return text.replace("\N{NO-BREAK SPACE}", " ")
