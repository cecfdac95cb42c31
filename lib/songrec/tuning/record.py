"""What a search found, on its way to training: the facts of a model's stage `tune`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from songrec.errors import DataError
from songrec.files import read_json
from songrec.tables import FACTS

KEYS = ("estimator", "hyperparameters", "untuned", "searched", "edges", "asked", "trials", "capped")


def read_tuned(folder: Path) -> dict[str, Any]:
    """What was chosen for a model.

    Parameters
    ----------
    folder : Path
        The tables of the model's stage `tune`.

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
    tuned = read_json(folder / FACTS)
    if absent := [key for key in KEYS if key not in tuned]:
        raise DataError(f"{folder / FACTS}: no {', '.join(absent)}. Delete it and tune the model again.")
    return tuned


def with_members(hyperparameters: Mapping[str, Any], members: Mapping[str, Path]) -> dict[str, Any]:
    """The hyper-parameters, with the models that this one is made of as they were tuned.

    Parameters
    ----------
    hyperparameters : dict
        The model's own.
    members : dict of str to Path
        Label -> the folder of the member's stage `tune`; empty for a model that is made of no others.
    """
    if not members:
        return dict(hyperparameters)
    tuned = {label: read_tuned(folder) for label, folder in members.items()}
    return dict(hyperparameters) | {
        "members": {
            label: {"estimator": each["estimator"], "hyperparameters": each["hyperparameters"]}
            for label, each in tuned.items()
        }
    }
