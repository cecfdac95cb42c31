"""What a division of the log holds: who is tested, what a model may see and what it must find."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from songrec.csr import column_counts
from songrec.data.interactions import Interactions
from songrec.splits import HeldOut, Split
from songrec.splits.choose import TAKES
from songrec.splits.temporal import FEWEST, cut_offs, moment
from songrec.studies.distributions import named, quantiles, survival


def parts(split: Split) -> pd.DataFrame:
    """One row a part: part, users, seen, held_out (interactions; of training nothing is held out)."""
    trained = int(np.count_nonzero(np.diff(split.train.indptr)))
    rows = [["training", trained, int(split.train.nnz), None]]
    for name, part in (("validation", split.validation), ("test", split.test)):
        rows.append([name, len(part.users), int(part.fold_in.nnz), int(part.holdout.nnz)])
    table = pd.DataFrame(rows, columns=["part", "users", "seen", "held_out"])
    return table.astype({"held_out": "Int64"})


def _songs(split: Split) -> dict[str, np.ndarray]:
    """Songs of each test user that a model sees, and that it must find."""
    parts = {"fold_in": split.test.fold_in, "holdout": split.test.holdout}
    return {name: np.diff(plays.indptr) for name, plays in parts.items()}


def size_quantiles(split: Split) -> pd.DataFrame:
    """`quantiles` of the songs of a test user: of fold_in, holdout."""
    return quantiles(_songs(split))


def sizes(split: Split) -> pd.DataFrame:
    """Curves of the songs of a test user: part (fold_in, holdout), value, share_at_least."""
    return named({name: survival(counts) for name, counts in _songs(split).items()}, "part")


def facts(split: Split, log: Interactions, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The split in numbers.

    Parameters
    ----------
    split : Split
        The division.
    log : Interactions
        The whole log.
    parameters : mapping
        What was asked, of any protocol; those that its own uses are kept.

    Returns
    -------
    dict
        Sizes of the parts and what was asked. Where the log was divided at a cut-off (`temporal` with
        `until`), `cut_offs` has the times of both, by UTC, and `fewest` the songs that a test user knew at
        least.
    """
    heard = column_counts(split.final_train()) > 0
    return {
        "protocol": split.protocol,
        "seed": split.seed,
        "fingerprint": log.fingerprint(),
        "users": len(split.user_ids),
        "songs": len(split.song_ids),
        "train": int(split.train.nnz),
        "validation": _held_out(split.validation),
        "test": _held_out(split.test),
        "test_unseen": int(np.count_nonzero(~heard[split.test.holdout.indices])),
        **_asked(split, log, parameters),
    }


def _asked(split: Split, log: Interactions, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The protocol's parameters that had an effect, and the cut-offs where there are any."""
    own = {name: parameters[name] for name in TAKES[split.protocol]}
    if not split.protocol.startswith("temporal"):
        return {"parameters": own}
    unused = "test" if own["until"] else "until"
    asked = {"parameters": {name: value for name, value in own.items() if name != unused}}
    if not own["until"]:
        return asked
    ends = cut_offs(log, own["until"], own["validation"])
    return asked | {
        "cut_offs": {name: moment(end) for name, end in ends._asdict().items()},
        "fewest": FEWEST,
    }


def _held_out(part: HeldOut) -> dict[str, int]:
    return {"users": len(part.users), "fold_in": int(part.fold_in.nnz), "holdout": int(part.holdout.nnz)}
