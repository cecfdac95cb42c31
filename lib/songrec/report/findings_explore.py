"""What the look at the log found, in sentences made from the values: true of any log."""

import numpy as np
import pandas as pd

from songrec.data import Interactions
from songrec.report.show import Prose, paragraphs
from songrec.report.tables_real import FAITHFUL, LISTENING, OWN, PLAYS, USERS
from songrec.report.words import INVENTED, counted, log_of, sentence, share


def explore(
    profile: str, log: Interactions, tops: pd.DataFrame, real: pd.DataFrame, item: str, synthetic: bool
) -> Prose:
    """Sparsity, the long tail, activity and plays, in a sentence each.

    tops : `tables_log.top_shares`; real : `tables_real.beside_real`.
    """
    songs = np.diff(log.plays.indptr)
    held = tops.set_index("top")["interactions"]
    once = float(np.mean(log.plays.data == 1))
    few = float(np.mean(np.bincount(log.plays.indices, minlength=log.n_songs) < 10))
    name = log_of(profile, synthetic)
    lines = [
        f"{sentence(name)} fills {100 * log.density:.2g} % of its {counted(log.n_users, 'user')} × "
        f"{counted(log.n_songs, item)} matrix. A user has {float(songs.mean()):,.1f} {item}s in the mean and "
        f"{_median(songs):,} in the median; all the others must be ranked from these.",
        f"The most heard 1 % of the {item}s hold {share(held['1 %'])} of the interactions, the most heard "
        f"10 % hold {share(held['10 %'])}. Of the {item}s, {share(few)} have fewer than ten "
        "listeners: about those every model knows little.",
        f"{sentence(share(once))} of the interactions are a single play. "
        + (
            f"For most of them the count adds nothing to the fact that the {item} was played at all."
            if once > 0.5
            else f"For most of them the count says more than the bare fact that the {item} was played."
        ),
        _beside(real, item),
    ]
    return paragraphs(lines, INVENTED if synthetic else "")


def _median(counts: np.ndarray) -> int:
    return int(np.quantile(counts, 0.5, method="inverted_cdf"))


def _beside(real: pd.DataFrame, item: str) -> str:
    """This log beside a sample of the Taste Profile with whole histories, where the two can be compared."""
    figures = real.set_index(["of", "figure"])[[OWN, FAITHFUL[0]]]
    mean, other_mean = figures.loc[(USERS, "mean")]
    ones, other_ones = figures.loc[(PLAYS, "share of ones")]
    top, other_top = figures.loc[(LISTENING, "top 1 % of songs")]
    return (
        f"Beside a sample of the real Taste Profile with whole histories: {mean:,.1f} {item}s a user in the "
        f"mean, {other_mean:,.1f} songs there; {share(ones)} single plays, {share(other_ones)} there; "
        f"{share(top)} of the interactions in the most heard 1 % of the {item}s, {share(other_top)} there."
    )
