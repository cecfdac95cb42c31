"""What one model's lists look like, in sentences made from the values: true of any model."""

from collections.abc import Mapping
from typing import Any

from songrec.report.show import Prose, paragraphs
from songrec.report.tables_tune import flat, setting
from songrec.report.words import counted, log_of, share


def train(
    profile: str,
    model: str,
    estimator: str,
    hyperparameters: Mapping[str, Any],
    lists: Mapping[str, Any],
    synthetic: bool,
    item: str = "song",
) -> Prose:
    """What one model's lists look like.

    lists : as `tables_train.list_facts` makes it.
    """
    settings = ", ".join([estimator, *(f"{n} = {setting(v)}" for n, v in flat(hyperparameters).items())])
    lines = [
        f"`{model}` ({settings}) made lists of up to {lists['n']} {item}s for "
        f"{counted(lists['users'], 'test user')} of {log_of(profile, synthetic)}; {share(lists['full'])} of "
        "the lists are full."
        + (" The others end where the model has no evidence for more." if lists["full"] < 1 else ""),
        f"The first {lists['cutoff']} places of all lists name {lists['distinct']:,} different {item}s, "
        f"{share(lists['distinct'] / lists['songs'])} of the catalogue. The most heard 1 % of the {item}s "
        f"fill {share(lists['top'])} of these places.",
    ]
    return paragraphs(lines)
