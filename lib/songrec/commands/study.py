"""Commands of a study: run a profile, say why and what, compare, publish."""

import json

import click

from songrec.commands.parts import PROFILE, STAGES, Command
from songrec.extras import require

_ONLY = click.Option(["--only"], multiple=True, metavar="STAGE...", help="these and what they need")


@click.command(cls=Command, params=[*STAGES])
@click.option("--force", is_flag=True, help="run the stages though they are fresh")
@click.option("--dry-run", is_flag=True, help="say what would run and what it needs, and run nothing")
@click.option("--wait", is_flag=True, help="wait for another run of this profile to end")
def run(profile, only, overrides, tuned_from, force, dry_run, wait) -> None:
    """Run the stages of a profile that are not fresh.

    \b
    examples:
      songrec run --profile tiny
      songrec run --profile sample --only train.item_knn
      songrec run --profile sample --set split.test=0.3 --set models.item_knn.neighbours=50
    """
    if dry_run:
        return _dry_run(profile, only, overrides, tuned_from)
    plan = _plan(profile, overrides, fetch=True, tuned_from=tuned_from)
    from songrec.pipeline.run import run

    run(plan, only=only, force=force, wait=wait)


@click.command(cls=Command, params=[*STAGES])
def explain(profile, only, overrides, tuned_from) -> None:
    """Say which stages would run, and why.

    \b
    examples:
      songrec explain --profile sample
      songrec explain --profile sample --set split.seed=1
    """
    _explained(_plan(profile, overrides, tuned_from=tuned_from), only)


def _explained(plan, only) -> list[str]:
    """Print why each stage would run; the names of those that would."""
    from songrec.pipeline.run import NOT_YET, explain

    why = explain(plan, only)
    for stage, reasons in why.items():
        if reasons == [NOT_YET]:
            print(f"{stage}: would run: {NOT_YET}")
            continue
        print(f"{stage}: {'would run' if reasons else 'fresh'}")
        for reason in reasons:
            print(f"    {reason}")
    return [stage for stage, reasons in why.items() if reasons]


def _dry_run(profile, only, overrides, tuned_from) -> None:
    plan = _plan(profile, overrides, tuned_from=tuned_from)
    stages = _explained(plan, only)
    from songrec.pipeline.needs import told

    if estimates := told(plan, stages):
        print(f"\n{estimates}")


def _plan(profile, overrides, **options):
    require("study", "a run")
    from songrec.pipeline.plan import make_plan

    return make_plan(profile, overrides, **options)


@click.command(cls=Command)
@click.argument("first", metavar="RUN")
@click.argument("second", metavar="RUN")
@click.option(
    "--cutoff", type=click.IntRange(min=1), default=10, show_default=True, help="length of the list"
)
def compare(first, second, cutoff) -> None:
    """Say what differs between two runs: profiles that ran here, or published ones.

    \b
    examples:
      songrec compare plays plays-temporal
      songrec compare taste-profile-10k-songs lastfm-2k
    """
    from songrec.pipeline.two_runs import find_run, told

    print(told(find_run(first), find_run(second), cutoff))


@click.command(cls=Command, params=[PROFILE])
def publish(profile) -> None:
    """Put the tables of a finished run on record in data/results (from a clean commit only).

    \b
    examples:
      songrec publish --profile taste-profile-10k-songs
    """
    require("study", "publishing")
    from songrec.pipeline.publish import publish

    print(publish(profile))


@click.command(
    cls=Command,
    params=[PROFILE, _ONLY, click.Option(["--json", "as_json"], is_flag=True, help="for programs")],
)
def plan(profile: str, only: tuple[str, ...], as_json: bool) -> None:
    """Show the graph of a profile: groups of stages, what each waits for, and how `songrec run` is asked.

    \b
    examples:
      songrec plan --profile tiny --json
      songrec plan --profile tiny --only compare
    """
    require("study", "a plan")
    from songrec.pipeline.groups import groups

    found = groups(profile, only)
    if as_json:
        print(json.dumps({"profile": profile, "groups": found}, indent=2))
        return
    for group in found:
        after = f"  after {', '.join(group['needs'])}" if group["needs"] else ""
        print(f"{group['name']}: {', '.join(group['stages'])}{after}")
