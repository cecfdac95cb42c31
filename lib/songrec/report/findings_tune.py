"""What a search found, in sentences made from the values."""

from collections.abc import Mapping
from typing import Any

from songrec.report.show import Prose, paragraphs
from songrec.report.tables_tune import asked, setting
from songrec.report.words import listed, log_of


def tune(profile: str, model: str, tuned: Mapping[str, Any], synthetic: bool) -> Prose:
    """What was chosen for one model, what it is worth on validation, and what lies at an edge."""
    if not tuned["searched"]:
        return paragraphs([f"`{model}` leaves nothing to search: it is trained as the profile says."])
    settings = ", ".join(f"{name} = {_chosen(tuned, name)}" for name in tuned["searched"])
    gained = tuned["value"] - tuned["untuned_value"]
    worth = (
        f"{gained:.4f} more than without the search" if gained else "what it reaches without the search, too"
    )
    lines = [
        f"On {log_of(profile, synthetic)}, `{model}` was given {asked(tuned)}. The best point ({settings}) "
        f"reaches a MAP of {tuned['value']:.4f} over the validation users, {worth}. It was picked because "
        "it is the highest, so it flatters itself: what it is worth the test users will say.",
    ]
    if tuned["edges"]:
        at = listed([f"{name} (the {end} one)" for name, end in tuned["edges"].items()])
        lines.append(f"At an edge of its range lies {at}: beyond it there may be something better.")
    else:
        lines.append("No chosen value lies at an edge of its range.")
    return paragraphs(lines)


def _chosen(tuned: Mapping[str, Any], name: str) -> str:
    whole, dot, part = name.partition(".")
    value = tuned["hyperparameters"].get(whole)
    return setting(value[part] if dot else value)
