"""Tables on disk: a folder of CSV files and one JSON file of single values, written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from songrec.errors import DataError
from songrec.files import replacing, write_json

FACTS = "facts.json"
"""The file of a stage's single values."""

FORMAT = "%.4g"
"""Four significant digits: more than standard errors support, few enough to hold on another processor."""


def save_tables(
    folder: Path, tables: Mapping[str, pd.DataFrame], facts: Mapping[str, Any] | None = None
) -> None:
    """Write each table as `<name>.csv` and the facts as `facts.json`, in place of what the folder held.

    Parameters
    ----------
    folder : Path
        Written whole or, after an error, left as it was. The same tables give the same bytes.
    tables : mapping of str to DataFrame
        Numbers are written to four significant digits; the index is left out.
    facts : mapping, optional
        Single values: what the study was asked, and what is no table.
    """
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name, table in tables.items():
            table.to_csv(temporary / f"{name}.csv", index=False, float_format=FORMAT, lineterminator="\n")
        write_json(temporary / FACTS, dict(facts or {}))


def read_table(path: Path) -> pd.DataFrame:
    """The table of a CSV file; only an empty cell and `nan` are missing values.

    Raises
    ------
    DataError
        When the file cannot be read.
    """
    try:
        return pd.read_csv(path, keep_default_na=False, na_values=["", "nan"])
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def load_table(folder: Path, name: str) -> pd.DataFrame:
    """One table of a folder that `save_tables` wrote."""
    return read_table(folder / f"{name}.csv")
