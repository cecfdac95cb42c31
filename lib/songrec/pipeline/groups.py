"""The graph as something that schedules it reads it: one group a stage, and one for all pages."""

from collections.abc import Sequence
from typing import Any

from songrec.pipeline.plan import make_plan

PAGES = "pages"
"""The group of all pages: a page may tell of any stage, and tables of each take seconds."""


def groups(profile: str, only: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Groups of stages, each after those that it needs.

    Parameters
    ----------
    profile : str
        Name of the profile.
    only : sequence of str
        Stages, with what they need; by default those of the profile.

    Returns
    -------
    list of dict
        name; `only`, what `songrec run --only` is given; `needs`, names of the groups whose outputs it reads;
        `stages`, what it runs.
    """
    plan = make_plan(profile)
    wanted = plan.select(only)
    group_of = {
        name: PAGES if plan.stages[name].page else plan.stages[name].declaration.name for name in wanted
    }
    found: dict[str, dict[str, Any]] = {}
    for name, group in group_of.items():
        entry = found.setdefault(group, {"name": group, "only": [], "needs": [], "stages": []})
        declared = plan.stages[name].declaration.name
        selector = f"page.{declared}" if group == PAGES else f"study.{declared}"
        needs = [group_of[need] for need in wanted if need in plan.needs[name] and group_of[need] != group]
        for key, values in (("only", [selector]), ("needs", needs), ("stages", [name])):
            entry[key] = list(dict.fromkeys([*entry[key], *values]))
    return list(found.values())
