"""A log beside real ones: the same figures in columns, and the same curves in a picture."""

import pandas as pd

from songrec.data import Interactions
from songrec.data.marginals import QUANTILES, TOPS, compare
from songrec.report.tables_log import long_tail, songs_per_user, stacked, survival, thinned

OWN = "this log"
FAITHFUL = ("taste-profile-3k-users",)
SHARES = ("taste-profile-3k-users", "msd-challenge")
"""Which real logs a marginal can be held against: `songrec.data.marginals.compare` says why."""

USERS, PLAYS, LISTENING = "songs per user", "plays per triplet", "share of listening"


def beside_real(log: Interactions) -> pd.DataFrame:
    """The log's own figures beside the real ones: `of`, `figure`, `this log` and a column a real log."""
    return compare(log).reset_index()


def reading(table: pd.DataFrame, item: str) -> pd.DataFrame:
    """`beside_real` as text, with only what can be compared between logs of different sizes."""
    wanted = table[table["of"].isin([USERS, PLAYS, LISTENING])]
    shares = wanted["figure"].str.startswith(("share", "top"))
    cells = {name: wanted[name].str.replace("song", item) for name in ("of", "figure")}
    for name in [OWN, *(column for column in table.columns if column not in ("of", "figure", OWN))]:
        pairs = zip(wanted[name], shares, strict=True)
        cells[name] = [_text(value, is_share) for value, is_share in pairs]
    return pd.DataFrame(cells)


def _text(value: float, is_share: bool) -> str:
    if pd.isna(value):
        return ""
    if is_share:
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def curves(log: Interactions) -> pd.DataFrame:
    """The log's own three curves: columns `of`, `x`, `y`.

    Of songs per user and of plays, the share `y` with at least `x`; of listening, the share `y` that the most
    heard share `x` of the songs holds.
    """
    tail = thinned(long_tail(log))
    named = {USERS: survival(songs_per_user(log)), PLAYS: survival(log.plays.data)}
    tables = {name: table.set_axis(["x", "y"], axis=1) for name, table in named.items()}
    tables[LISTENING] = tail[["song_share", "interaction_share"]].set_axis(["x", "y"], axis=1)
    return stacked(tables, "of")


def points(table: pd.DataFrame) -> pd.DataFrame:
    """The real logs' points on those curves, from `beside_real`: columns `of`, `log`, `x`, `y`."""
    figures = table.set_index(["of", "figure"])
    rows = [
        [of, log, figures.loc[(of, name), log], 1 - quantile]
        for of in (USERS, PLAYS)
        for log in FAITHFUL
        for name, quantile in QUANTILES.items()
    ]
    for log in SHARES:
        rows += [[LISTENING, log, top, figures.loc[(LISTENING, name), log]] for name, top in TOPS.items()]
    return pd.DataFrame(rows, columns=["of", "log", "x", "y"])
