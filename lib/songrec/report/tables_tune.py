"""One model's search as tables.

A page is made for each model, and making it runs the search: so this depends on nothing but what was found.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from songrec.report.words import counted

SHOWN = 10


def chosen_table(tuned: Mapping[str, Any]) -> pd.DataFrame:
    """Every hyper-parameter: columns `hyper-parameter`, `chosen`, `without the search`, `how`."""
    rows = []
    for name, value in flat(tuned["hyperparameters"]).items():
        how = "searched" if name in tuned["searched"] else "fixed"
        if name in tuned["edges"]:
            how += f", at the {tuned['edges'][name]} edge"
        rows.append([name, setting(value), setting(flat(tuned["untuned"]).get(name)), how])
    return pd.DataFrame(rows, columns=["hyper-parameter", "chosen", "without the search", "how"])


def trials_table(trials: pd.DataFrame, shown: int = SHOWN) -> pd.DataFrame:
    """The best trials, best first: number, value, how each ended and the point that it tried."""
    best = trials.sort_values(["value", "trial"], ascending=[False, True]).head(shown)
    cells = pd.DataFrame(
        {"trial": best["trial"].astype(str), "MAP on validation": best["value"].map("{:.4f}".format)}
    )
    cells["end"] = best["state"]
    for name in trials.columns[3:]:
        cells[name] = [setting(value) for value in best[name]]
    return cells


def seconds_table(seconds: list[float], capped: bool) -> pd.DataFrame:
    """What the search took: columns `quantity`, `value`."""
    longest = max(seconds, default=0.0)
    rows = [
        ["search", f"{sum(seconds):,.1f} s"],
        ["trials", f"{len(seconds)}"],
        ["longest trial", f"{longest:,.1f} s"],
        ["cut off by time", "yes" if capped else "no"],
    ]
    return pd.DataFrame(rows, columns=["quantity", "value"])


def setting(value: Any) -> str:
    """A hyper-parameter's value as a reader meets it.

    >>> setting(0.04), setting(100.0), setting(None), setting({"estimator": "EASE", "hyperparameters": {}})
    ('0.04', '100', '', 'EASE')
    """
    if isinstance(value, dict):
        return str(value.get("estimator", value))
    if value is None or value != value:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def flat(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Hyper-parameters with those of parts by dotted name."""
    flat: dict[str, Any] = {}
    for name, value in hyperparameters.items():
        parts = value if isinstance(value, dict) else None
        flat |= {f"{name}.{part}": each for part, each in parts.items()} if parts else {name: value}
    return flat


def asked(tuned: Mapping[str, Any]) -> str:
    """How the search ended, for a sentence: `20 trials`, or how many of them time allowed."""
    if tuned["capped"]:
        return f"{tuned['trials']} of {tuned['asked']} trials, then time was up"
    return counted(tuned["trials"], "trial")
