"""What a search found, on its way to training: one JSON file for each model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from songrec.errors import DataError
from songrec.files import read_json, write_json, write_text

KEYS = ("estimator", "hyperparameters", "untuned", "searched", "edges", "asked", "trials", "capped")


def write_tuned(path: Path, tuned: Mapping[str, Any]) -> None:
    """Write what was chosen, atomically."""
    write_json(path, dict(tuned))


def read_tuned(path: Path) -> dict[str, Any]:
    """What was chosen for a model.

    Returns
    -------
    dict
        `KEYS`, and `metric`, `value`, `untuned_value` where there was a search. `hyperparameters` are those
        to train with, `untuned` what they would be without the search.

    Raises
    ------
    DataError
        Naming a file that is damaged.
    """
    tuned = read_json(path)
    if absent := [key for key in KEYS if key not in tuned]:
        raise DataError(f"{path}: no {', '.join(absent)}. Delete it and tune the model again.")
    return tuned


def with_members(hyperparameters: Mapping[str, Any], members: Mapping[str, Path]) -> dict[str, Any]:
    """The hyper-parameters, with the models that this one is made of as they were tuned.

    Parameters
    ----------
    hyperparameters : dict
        The model's own.
    members : dict of str to Path
        Label -> the member's file of `write_tuned`; empty for a model that is made of no others.
    """
    if not members:
        return dict(hyperparameters)
    tuned = {label: read_tuned(path) for label, path in members.items()}
    return dict(hyperparameters) | {
        "members": {
            label: {"estimator": each["estimator"], "hyperparameters": each["hyperparameters"]}
            for label, each in tuned.items()
        }
    }


def write_trials(path: Path, trials: pd.DataFrame) -> None:
    """Write every trial of a search as CSV, atomically; the same trials give the same bytes."""
    write_text(path, trials.to_csv(index=False, lineterminator="\n", float_format="%.6g"))


def read_trials(path: Path) -> pd.DataFrame:
    """What `write_trials` wrote; `DataError` names a file that cannot be read."""
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
