"""What a split holds, as tables and as the report that travels with it."""

from typing import Any

import numpy as np
import pandas as pd

from songrec.report.tables_log import quantiles, survival
from songrec.splits import HeldOut, Split


def report(split: Split, fingerprint: str, synthetic: bool) -> dict[str, Any]:
    """The split in numbers: `split.json`; `fingerprint` and `synthetic` are those of the whole log."""
    heard = np.bincount(split.final_train().indices, minlength=len(split.song_ids)) > 0
    return {
        "protocol": split.protocol,
        "seed": split.seed,
        "fingerprint": fingerprint,
        "synthetic": synthetic,
        "users": len(split.user_ids),
        "songs": len(split.song_ids),
        "train": int(split.train.nnz),
        "validation": _held_out(split.validation),
        "test": _held_out(split.test),
        "test_unseen": int(np.count_nonzero(~heard[split.test.holdout.indices])),
    }


def _held_out(part: HeldOut) -> dict[str, int]:
    return {"users": len(part.users), "fold_in": int(part.fold_in.nnz), "holdout": int(part.holdout.nnz)}


def parts(split: Split) -> pd.DataFrame:
    """One row a part: who is in it, what a model may see there and what it must find."""
    trained = int(np.count_nonzero(np.diff(split.train.indptr)))
    rows = [["training", trained, int(split.train.nnz), None]]
    for name, part in (("validation", split.validation), ("test", split.test)):
        rows.append([name, len(part.users), int(part.fold_in.nnz), int(part.holdout.nnz)])
    table = pd.DataFrame(rows, columns=["part", "users", "seen interactions", "held-out interactions"])
    return table.astype({"held-out interactions": "Int64"})


def size_quantiles(split: Split, item: str) -> pd.DataFrame:
    """Minimum, median, mean, upper quantiles and maximum of what test users show and hide."""
    counts = {
        f"seen {item}s of a test user": np.diff(split.test.fold_in.indptr),
        f"hidden {item}s of a test user": np.diff(split.test.holdout.indptr),
    }
    return quantiles(counts).rename(columns={"per": "number of"})


def sizes(split: Split) -> pd.DataFrame:
    """Songs per test user, seen and held out: columns `part`, `value`, `share_at_least`."""
    curves = {
        "seen by the model (fold-in)": np.diff(split.test.fold_in.indptr),
        "to be found (held out)": np.diff(split.test.holdout.indptr),
    }
    return pd.concat(
        [survival(counts).assign(part=name) for name, counts in curves.items()], ignore_index=True
    )
