"""Tables that studies put together: one below the other, and models beside each other setting by setting."""

from collections.abc import Mapping, Sequence

import pandas as pd

from songrec.evaluation import paired_difference, summarise

ESTIMATE = "value se ci_low ci_high n_users"

Settings = Mapping[str, Mapping[float, pd.DataFrame]]
"""Model -> setting, such as how many songs of a user are shown -> values by user."""


def stacked(tables: Sequence[pd.DataFrame], columns: str) -> pd.DataFrame:
    """Tables one below the other, of which these columns are kept; without a table there are no rows.

    >>> stacked([pd.DataFrame({"k": [10], "value": [0.1]}), pd.DataFrame({"k": [20]})], "value k")
       value   k
    0    0.1  10
    1    NaN  20
    """
    order = columns.split()
    return pd.concat(tables, ignore_index=True)[order] if tables else pd.DataFrame(columns=order)


def means_by(found: Settings, setting: str) -> pd.DataFrame:
    """Means over the users: model, metric, k, `setting`, value, se, ci_low, ci_high, n_users."""
    tables = [
        summarise(values).assign(model=model, **{setting: at})
        for model, by in found.items()
        for at, values in by.items()
    ]
    return stacked(tables, f"model metric k {setting} {ESTIMATE}")


def leads_by(found: Settings, setting: str, than: str) -> pd.DataFrame:
    """Every model minus another with the same setting, user by user.

    Returns
    -------
    DataFrame
        model, than, metric, k, `setting`, value, se, ci_low, ci_high, n_users.
    """
    tables = [
        paired_difference(values, found[than][at]).assign(model=model, than=than, **{setting: at})
        for model, by in found.items()
        for at, values in by.items()
        if model != than
    ]
    return stacked(tables, f"model than metric k {setting} {ESTIMATE}")
