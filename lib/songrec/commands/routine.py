"""Commands of the routine: what was trained, and what is live."""

from datetime import UTC, datetime
from typing import Any

import click

from songrec.commands.parts import EXIT_KEPT, PROFILE, Command

PLACE = click.Option(
    ["--tracking"],
    default="",
    envvar="MLFLOW_TRACKING_URI",
    metavar="URL",
    help="a server, or sqlite:///FILE  [default: $MLFLOW_TRACKING_URI, else mlflow.db beside the data]",
)
NAME = click.Option(["--name"], default="songbook", show_default=True, help="of the registered model")
GATE = [
    click.Option(["--model"], default="", metavar="LABEL", help="a model of the run  [default: its winner]"),
    click.Option(
        ["--rule"],
        type=click.Choice(["better", "not-worse", "always"]),
        default="better",
        show_default=True,
        help="when it takes the live model's place; better and worse: significantly, on the same users",
    ),
    click.Option(["--metric"], default="average_precision", show_default=True, help="of accuracy"),
    click.Option(["--cutoff"], type=click.IntRange(min=1), default=10, show_default=True),
]


@click.command(cls=Command, params=[PROFILE, PLACE])
def track(profile: str, tracking: str) -> None:
    """Put the last run of a profile on record: parameters, metrics with intervals, tables, log, commit.

    \b
    examples:
      songrec track --profile tiny
      songrec track --profile tiny --tracking http://127.0.0.1:5000
    """
    from songrec.pipeline.tracking import Tracking

    run, new = Tracking(tracking).track(profile)
    print(f"{run}: {'on record' if new else 'was on record already'}")


@click.command(cls=Command, params=[PROFILE, PLACE, NAME, *GATE])
def promote(profile: str, tracking: str, name: str, model: str, rule: str, metric: str, cutoff: int) -> None:
    """Register the winner of the last run, and make it the champion if it is better than the present one.

    Both are scored on this run's test, user by user. Where the champion is kept the exit code is 3.

    \b
    examples:
      songrec promote --profile tiny
      songrec promote --profile tiny --rule not-worse
    """
    from songrec.pipeline.tracking import Tracking

    decision = Tracking(tracking, name).promote(profile, model, rule, metric, cutoff)
    print(f"{'promoted' if decision.promoted else 'the champion is kept'}: {decision.why}")
    if decision.p == decision.p:
        print(
            f"{decision.metric}: {decision.candidate:.4f} against {decision.champion:.4f}, difference "
            f"{decision.value:+.4f} ({decision.ci_low:+.4f} to {decision.ci_high:+.4f}), p {decision.p:.2g}, "
            f"{decision.n_users:,} users"
        )
    if not decision.promoted:
        raise click.exceptions.Exit(EXIT_KEPT)


@click.command(
    cls=Command,
    params=[PLACE, NAME, click.Option(["--version"], default="", metavar="NUMBER", help="this one")],
)
def rollback(tracking: str, name: str, version: str) -> None:
    """Make the version that was live before the champion again.

    \b
    examples:
      songrec rollback
      songrec rollback --version 3
    """
    from songrec.pipeline.tracking import CHAMPION, Tracking

    number = Tracking(tracking, name).rollback(version)
    print(f"models:/{name}@{CHAMPION} is version {number}")


@click.command(cls=Command, params=[PLACE, NAME])
def runs(tracking: str, name: str) -> None:
    """List what is on record: runs, their winners, and which versions came of them.

    \b
    examples:
      songrec runs
    """
    from songrec.evaluation.metrics import DECIDING, METRICS
    from songrec.pipeline.tracking import Tracking

    rows = [_row(row) for row in Tracking(tracking, name).runs()]
    accuracy = METRICS[DECIDING].title(10)
    head = ["when (UTC)", "profile", "log", "commit", "winner", accuracy, "versions", "gate"]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in [head, *rows]:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(row: dict[str, Any]) -> list[str]:
    when = datetime.fromtimestamp(row["start"], UTC).strftime("%Y-%m-%d %H:%M")
    value, low, high = row["accuracy"]
    accuracy = (
        "" if value is None else f"{value:.4f}" if low is None else f"{value:.4f} ({low:.4f} to {high:.4f})"
    )
    versions = ", ".join(" ".join([str(number), *aliases]) for number, aliases in row["versions"].items())
    named = [row[key] for key in ("profile", "fingerprint", "commit", "winner")]
    return [when, *named, accuracy, versions, row["decision"]]
