"""The command line: arguments only; what is done lives in the layers below."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from songrec.errors import BusyError, ConfigError, DataError, SongrecError
from songrec.extras import require

EXIT_FAILED, EXIT_USAGE, EXIT_BUSY, EXIT_INTERRUPTED = 1, 2, 75, 130

_EXIT = """exit codes: 0 done; 1 it failed (bad data, a failed stage); 2 wrong command, profile or parameter;
75 somebody else runs this profile; 130 interrupted"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, do, and turn errors into one clear message and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a title that the terminal cannot show is no failure
    try:
        code = _do(sys.argv[1:] if argv is None else list(argv))
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where a full disk or a closed pipe is still answered for
        return code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SongrecError as error:
        print(f"songrec: {error}", file=sys.stderr)
        return {ConfigError: EXIT_USAGE, BusyError: EXIT_BUSY}.get(type(error), EXIT_FAILED)
    except KeyboardInterrupt:
        print("songrec: interrupted; what was finished is kept", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _drop_output()  # the reader of a pipe (head, less) has gone: not an error
        return 0
    except OSError as error:
        print(f"songrec: {error}", file=sys.stderr)
        _drop_output()
        return EXIT_FAILED


def _do(argv: list[str]) -> int:
    """Without the group's own `main`, which would turn an interrupt and a closed pipe into its exit codes."""
    try:
        with cli.make_context("songrec", argv) as context:
            cli.invoke(context)
    except click.exceptions.Exit as end:  # --help
        return end.exit_code
    return 0


def _drop_output() -> None:
    """Close an output that cannot be written, or the interpreter complains of it once more at its end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            sys.stdout.close()


class _Command(click.Command):
    """A command whose help ends with the exit codes; it reads `--only A B` as `--only A --only B`."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options, epilog=_EXIT)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        spread, last = [], ""
        for word in args:
            if last == "--only" and spread[-1] != last and not word.startswith("-"):
                spread.append(last)
            last = word if word.startswith("-") else last
            spread.append(word)
        return super().parse_args(ctx, spread)


class _Group(click.Group):
    command_class = _Command
    group_class = type


_PROFILE = click.Option(["--profile"], default="sample", show_default=True, metavar="NAME", help="a profile")
_STAGES = [
    _PROFILE,
    click.Option(
        ["--only"], multiple=True, metavar="STAGE...", help="these and what they need; train.MODEL works"
    ),
    click.Option(
        ["--set", "overrides"],
        multiple=True,
        metavar="STAGE.PARAMETER=VALUE",
        help="override a parameter for this run; models.LABEL.HYPERPARAMETER=VALUE works too",
    ),
    click.Option(["--tuned-from"], metavar="RECORD", help="take what this record's searches found"),
]
_MODEL = [
    click.Option(["--model"], metavar="LABEL", help="a model of the profile  [default: its chosen one]"),
    click.Option(
        ["--n"], type=click.IntRange(min=1), default=10, show_default=True, help="length of the list"
    ),
]


@click.group(cls=_Group, epilog=_EXIT, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """From a listening log to a recommender one can trust.

    \b
    examples:
      songrec run --profile sample                     the whole line on a synthetic log
      songrec recommend --profile sample --user ID     what to play next
      songrec data list                                data sets, and whether they are here
    """


@cli.command(params=[*_STAGES])
@click.option("--force", is_flag=True, help="run the stages though they are fresh")
@click.option("--dry-run", is_flag=True, help="say what would run, and run nothing")
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
        return explain.callback(profile, only, overrides, tuned_from)
    plan = _plan(profile, overrides, fetch=True, tuned_from=tuned_from)
    from songrec.pipeline.run import run

    run(plan, only=only, force=force, wait=wait)


@cli.command(params=_STAGES)
def explain(profile, only, overrides, tuned_from) -> None:
    """Say which stages would run, and why.

    \b
    examples:
      songrec explain --profile sample
      songrec explain --profile sample --set split.seed=1
    """
    plan = _plan(profile, overrides, tuned_from=tuned_from)
    from songrec.pipeline.run import explain

    for stage, reasons in explain(plan, only).items():
        print(f"{stage}: {'would run' if reasons else 'fresh'}")
        for reason in reasons:
            print(f"    {reason}")


def _plan(profile, overrides, **options):
    require("study", "a run")
    from songrec.pipeline.plan import make_plan

    return make_plan(profile, overrides, **options)


@cli.command(params=[_PROFILE, *_MODEL])
@click.option("--user", metavar="ID", help="a user of the log; an unknown one gets the popular list")
@click.option("--songs", metavar="ID,ID", help="what a new listener has played")
def recommend(profile, user, songs, model, n) -> None:
    """Recommend songs to a user of the log, or to a new listener.

    \b
    examples:
      songrec recommend --profile sample --user ID
      songrec recommend --profile sample --songs ID,ID --n 20
    """
    if (user is None) == (songs is None):
        raise click.UsageError("one of --user and --songs is wanted, and not both")
    from songrec.serve import open_service

    service = open_service(profile, model)
    print(service.for_songs(service.named(songs), n) if user is None else service.for_user(user, n))


@cli.command(params=[_PROFILE, *_MODEL])
@click.option("--song", required=True, metavar="ID", help="a song of the log")
def similar(profile, song, model, n) -> None:
    """Songs like a song.

    \b
    examples:
      songrec similar --profile sample --song ID
    """
    from songrec.serve import open_service

    print(open_service(profile, model).similar(song, n))


@cli.group(epilog=_EXIT)
def data() -> None:
    """List, fetch and check data sets.

    \b
    examples:
      songrec data list
      songrec data fetch lastfm-2k
    """


@data.command("list")
def data_list() -> None:
    """List data sets, and whether they are here.

    \b
    examples:
      songrec data list
    """
    from songrec.data.sources import available

    print(*available(), sep="\n")


@data.command("fetch")
@click.argument("name")
def data_fetch(name) -> None:
    """Download a data set from its own site; an interrupted download goes on where it stopped.

    \b
    examples:
      songrec data fetch lastfm-2k
    """
    from songrec.data.sources import fetch

    print(*fetch(name), sep="\n")


@data.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--columns", default="", metavar="A,B,C", help="user, song, plays by name or place")
@click.option("--separator", default="", help="[default: by the file's ending, else a tab]")
@click.option("--header", is_flag=True, help="the first line names the columns")
def data_check(file, columns, separator, header) -> None:
    """Read a listening log and say what would be accepted and rejected.

    \b
    examples:
      songrec data check data/raw/my-log.csv --columns user,song,plays --header
      songrec data check train_triplets.txt.gz
    """
    from songrec.data.ingest import check
    from songrec.data.sources import Asked, find_source

    names = [name.strip() for name in columns.split(",") if name.strip()]
    # The file of the folder one stands in, not of data/raw.
    asked = Asked(file.absolute(), names, separator, header)
    report = check(find_source("triplets").open(asked))
    if problem := report.problem():
        raise DataError(problem)
    print(report)


@cli.command(params=[_PROFILE])
def publish(profile) -> None:
    """Put the tables of a finished run on record in data/results (from a clean commit only).

    \b
    examples:
      songrec publish --profile taste-profile-10k-songs
    """
    require("study", "publishing")
    from songrec.pipeline.publish import publish

    print(publish(profile))


if __name__ == "__main__":
    sys.exit(main())
