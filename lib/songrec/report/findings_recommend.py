"""What the examples showed, in sentences made from the values: true of any run."""

import pandas as pd

from songrec.report.show import Prose, paragraphs
from songrec.report.style import label
from songrec.report.words import CAUTION, article, counted, known_names, log_of


def recommend(
    profile: str, model: str, examples: pd.DataFrame, known_titles: float, synthetic: bool, item: str = "song"
) -> Prose:
    """What the examples showed; they illustrate and prove nothing.

    examples : `examples.examples`.
    """
    listed_rows = examples[examples["kind"] == "recommended"]
    hits, places = int(listed_rows["hit"].sum()), len(listed_rows)
    lines = [
        f"Of the {counted(places, 'place')} in these lists of {label(model)} for "
        f"{counted(listed_rows['user'].nunique(), 'user')} of {log_of(profile, synthetic)}, {hits:,} "
        f"{'holds' if hits == 1 else 'hold'} {article(item)} that the user did play and the model had not "
        "been shown.",
        "A place without a hit need not be a bad recommendation: the log cannot tell "
        f"{article(item)} that was disliked from one that was never met.",
        known_names(known_titles, item),
    ]
    return paragraphs(lines, CAUTION if synthetic else "")
