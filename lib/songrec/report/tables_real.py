"""A log beside the real Taste Profile."""

import numpy as np
import pandas as pd

from songrec.data import Interactions
from songrec.data.synthetic_tables import ACTIVITY, PLAYS
from songrec.report.tables_log import songs_per_user, survival


def beside_real(log: Interactions, own: str, item: str = "song") -> dict[str, pd.DataFrame]:
    """Survival curves of this log (called `own`) and of the real one, by marginal."""
    pairs = {
        f"{item}s per user": (songs_per_user(log), ACTIVITY),
        "plays per interaction": (log.plays.data, PLAYS),
    }
    curves = {}
    for name, (counts, knots) in pairs.items():
        real = pd.DataFrame({"value": [v + 1 for v, _ in knots], "share_at_least": [1 - s for _, s in knots]})
        mine = survival(np.asarray(counts))
        curves[name] = pd.concat([mine.assign(log=own), real.assign(log="Taste Profile")], ignore_index=True)
    return curves
