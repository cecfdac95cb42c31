"""Where a search keeps its trials, and what makes two searches the same."""

import hashlib
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from songrec.splits import HeldOut


def n_points(space: Mapping[str, Any]) -> int:
    """How many different points a space has."""
    count = 1
    for entry in space.values():
        if entry.get("choices"):
            count *= len(entry["choices"])
        elif not entry.get("stop"):
            whole = isinstance(entry["low"], int) and isinstance(entry["high"], int)
            count *= entry["high"] - entry["low"] + 1 if whole else sys.maxsize
    return count


def open_study(journal: Path, identity: str):
    """Optuna's study kept in the journal; one that another search left is thrown away."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal.parent.mkdir(parents=True, exist_ok=True)
    if journal.exists() and identity not in journal.read_text(encoding="utf-8", errors="replace"):
        journal.unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=optuna.exceptions.ExperimentalWarning)
        storage = JournalStorage(JournalFileBackend(str(journal)))
        study = optuna.create_study(
            study_name=identity,
            storage=storage,
            direction="maximize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2),
        )
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)  # cut off in the middle
    return study


def identity_of(estimator, fixed, space, seed, train: csr_array, validation: HeldOut) -> str:
    """What a search is a search of: its settings, its data, and the library's code that is loaded."""
    digest = hashlib.sha256(repr((estimator, fixed, space, seed)).encode())
    for matrix in (train, validation.fold_in, validation.holdout):
        for part in (matrix.indptr, matrix.indices, matrix.data):
            digest.update(np.ascontiguousarray(part))
    files = {getattr(m, "__file__", None) for n, m in list(sys.modules.items()) if n.startswith("songrec")}
    for file in sorted(filter(None, files)):
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()[:16]
