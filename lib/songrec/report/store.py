"""Tables, values and per-user numbers on their way to disk: a folder is written whole or not at all."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from songrec.evaluation import Evaluation, load_per_user, result_rows, save_per_user, save_results
from songrec.files import replacing, write_json

VALUES = "values.json"


def save_tables(
    folder: Path, tables: Mapping[str, pd.DataFrame], values: Mapping[str, Any] | None = None
) -> None:
    """Write each table as `<name>.csv` (numbers to four significant digits) and `values` as JSON.

    The same tables give the same bytes.
    """
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name, table in tables.items():
            table.to_csv(temporary / f"{name}.csv", index=False, float_format="%.4g", lineterminator="\n")
        write_json(temporary / VALUES, dict(values or {}))


def save_evaluations(
    evaluations: Mapping[str, Evaluation], protocol: str, per_user: Path, metrics: Path
) -> None:
    """Write every model's per-user values (`per_user/<model>.parquet`) and the result table of all."""
    with replacing(per_user) as temporary:
        temporary.mkdir()
        for model, evaluation in evaluations.items():
            save_per_user(evaluation.per_user, temporary / f"{model}.parquet")
    save_results([result_rows(e, protocol, model) for model, e in evaluations.items()], metrics)


def load_per_users(folder: Path, models: Iterable[str]) -> dict[str, pd.DataFrame]:
    """The per-user values of these models, by model."""
    return {model: load_per_user(folder / f"{model}.parquet") for model in models}
