"""What tuning was worth, in sentences made from the values."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from songrec.report.show import Prose, paragraphs
from songrec.report.style import DAGGER, label, mark_capped
from songrec.report.tables_tune import asked
from songrec.report.words import CAUTION, counted, listed, log_of


def capped(tuned: Mapping[str, Mapping[str, Any]]) -> Prose:
    """Whose search was ended by time; from here on every table and figure of the page marks these models."""
    cut = [model for model, found in tuned.items() if found["capped"]]
    mark_capped(cut)
    if not cut:
        return Prose("Every model that has settings to search had all its trials.")
    each = [f"{label(model)}: {asked(tuned[model])}" for model in cut]
    return Prose(f"{DAGGER.strip()} marks models that might have been tuned better ({listed(each)}).")


def tuning(profile: str, worth: pd.DataFrame, cutoff: int, synthetic: bool) -> Prose:
    """Who gained on the test users, who was capped, and whose choice lies at an edge."""
    searched = worth[worth["asked"] > 0]
    if searched.empty:
        return paragraphs(["No model had anything to search: all were trained as the profile says."])
    sure = searched[searched["ci_low"] > 0].sort_values("difference", ascending=False)
    worse = searched[searched["ci_high"] < 0]
    lines = [
        f"On {log_of(profile, synthetic)}, {counted(len(searched), 'model')} had something to search. On the "
        f"test users, who had no part in it, {len(sure)} of them are better for it with an interval clear of "
        "zero."
    ]
    if len(sure):
        most = sure.iloc[0]
        lines.append(
            f"It gave most to {label(most.model)}, whose MAP@{cutoff} rises by {most.difference:.4f} "
            f"({most.ci_low:.4f} to {most.ci_high:.4f})."
        )
    if len(worse):
        lines.append(
            f"It is worse for {listed([label(model) for model in worse['model']])}: what was chosen suited "
            "the validation users by chance."
        )
    capped = searched[searched["capped"]]
    lines.append(
        f"Time ended the search of {listed([label(m) for m in capped['model']])} before its number of trials "
        "was reached: read these results as a lower bound."
        if len(capped)
        else "Every search had all its trials; none was ended by time."
    )
    edged = searched[searched["edges"].fillna("") != ""]
    if len(edged):
        told = [f"{label(row.model)} ({row.edges})" for row in edged.itertuples()]
        lines.append(f"A chosen value lies at an edge of its range for {listed(told)}.")
    return paragraphs(lines, last=CAUTION if synthetic else "")
