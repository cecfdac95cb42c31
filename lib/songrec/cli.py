"""The command line: arguments only; what is done lives in the layers below."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from songrec.errors import BusyError, ConfigError, DataError, SongrecError
from songrec.extras import require
from songrec.routine import COMMANDS

EXIT_FAILED, EXIT_USAGE, EXIT_BUSY, EXIT_INTERRUPTED = 1, 2, 75, 130

_EXIT = """exit codes: 0 done; 1 it failed (bad data, a failed stage); 2 wrong command, profile or parameter;
75 somebody else runs this profile; 130 interrupted"""


_LEFT_OUT = ("numba", "llvmlite")
"""Packages that an image which only serves may do without: most models compile nothing to answer."""


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
    except ModuleNotFoundError as error:
        if error.name not in _LEFT_OUT:
            raise
        print(f"songrec: this needs {error.name}, which is not installed here", file=sys.stderr)
        return EXIT_USAGE
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


_FILES = click.Argument(["files"], nargs=-1, required=True, type=click.Path(path_type=Path))
_READING = [
    click.Option(["--user"], metavar="COLUMN", help="the users: a name, or a place from 0"),
    click.Option(["--item"], metavar="COLUMN", help="the items"),
    click.Option(["--plays"], metavar="COLUMN", help="how often; `none`: each row counts once"),
    click.Option(["--time"], metavar="COLUMN", help="when; `none`: no times are read"),
    click.Option(["--separator"], help="between the fields of text"),
    click.Option(["--encoding"], help="of text, as Python names it: cp1252, utf-16 ..."),
    click.Option(["--member"], metavar="NAME", help="which file of an archive"),
    click.Option(["--header/--no-header"], default=None, help="whether the first line names the columns"),
    click.Option(["--noun"], metavar="WORD", help="what an item is called: song, movie ..."),
    click.Option(
        ["--max-reject-share"],
        type=click.FloatRange(0, 1),
        help="how many of the lines may be rejected  [default: 0.01]",
    ),
]
_NEW = [_FILES, click.Option(["--name"], default="", help="of the profile  [default: the file's]"), *_READING]


@click.group(cls=_Group, epilog=_EXIT, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """From a listening log to a recommender one can trust.

    \b
    examples:
      songrec run --profile sample                     the whole line on a synthetic log
      songrec recommend --profile sample --user ID     what to play next
      songrec data list                                data sets, and whether they are here
    """


@cli.command(params=_NEW)
@click.option("--force", is_flag=True, help="replace a profile of that name")
def init(files, name, force, **said) -> None:
    """Look at a listening log and write a profile for it.

    What is guessed is shown, and can be said instead. The files and folders are one log.

    \b
    examples:
      songrec init plays.csv
      songrec init events.tsv.gz --name shop --item product_id --noun product
    """
    require("study", "a profile")
    from songrec.pipeline.newprofile import propose, write_profile

    with _in_options():
        proposal = propose(files, name, **_said(said))
    written = write_profile(proposal, force)
    print(f"{proposal}\n\nWritten: {written}\nGo on with: songrec run --profile {proposal.name}")


@cli.command(params=_NEW)
def book(files, name, **said) -> None:
    """From a listening log to a book in one go: profile, run, pages.

    Called again, it uses the profile that it wrote, and computes only what changed.

    \b
    examples:
      songrec book plays.csv
    """
    require("study", "a book")
    from songrec.paths import own_profiles
    from songrec.pipeline.assemble import make_book
    from songrec.pipeline.newprofile import name_of, propose, write_profile
    from songrec.pipeline.run import run

    name = name or name_of(files[0])
    if (own_profiles() / f"{name}.yml").exists():
        print(f"The profile {name} is there, and is used.")
    else:
        with _in_options():
            proposal = propose(files, name, **_said(said))
        print(proposal)
        write_profile(proposal)
    run(_plan(name, (), fetch=True))
    print(f"The book: {make_book(name)}")


@cli.command(params=[*_STAGES])
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


@cli.command(params=_STAGES)
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


@cli.command()
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


def _utf8(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    """An id as UTF-8, which the logs are in, though the locale is one that knows ASCII only."""
    return text and text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@cli.command(params=[_PROFILE, *_MODEL])
@click.option(
    "--user", metavar="ID", callback=_utf8, help="a user of the log; an unknown one gets the popular list"
)
@click.option("--songs", metavar="ID,ID", callback=_utf8, help="what a new listener has played")
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
@click.option("--song", required=True, metavar="ID", callback=_utf8, help="a song of the log")
def similar(profile, song, model, n) -> None:
    """Songs like a song.

    \b
    examples:
      songrec similar --profile sample --song ID
    """
    from songrec.serve import open_service

    print(open_service(profile, model, similar=True).similar(song, n))


@cli.command(params=[_PROFILE, _MODEL[0]])
@click.option(
    "--run",
    type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True),
    metavar="FOLDER",
    help="a run elsewhere: its folder DATA/processed/NAME, instead of --profile",
)
@click.option(
    "--tracking",
    default="",
    envvar="MLFLOW_TRACKING_URI",
    metavar="URL",
    help="the server that knows a registered model  [default: $MLFLOW_TRACKING_URI]",
)
@click.option(
    "--poll",
    type=click.FloatRange(min=0.1, max=3600),
    default=10,
    show_default=True,
    help="seconds after which it is asked again what is live",
)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="NAME", help="where to listen")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="where to listen"
)
@click.option("--redis", default="", metavar="URL", help="what workers share and remember goes there")
@click.option(
    "--index",
    default="",
    metavar="WHERE",
    help="search vectors there: exact, a folder or postgresql://...  [default: the model does]",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="processes; several need Redis",
)
@click.option(
    "--threads", type=click.IntRange(min=1), default=2, show_default=True, help="lists made at once, a worker"
)
@click.option(
    "--rate", type=click.FloatRange(min=0), default=0, help="requests a second of one client; 0: any"
)
def serve(run, **options) -> None:
    """Serve a run's winner over HTTP, or a registered model: the version that is live, whichever it is.

    SONGREC_API_KEY, where it is set, is the key that clients must send as X-API-Key; SONGREC_ADMIN_KEY lets
    who sends it change the block list and the versions.

    \b
    examples:
      songrec serve --profile sample
      songrec serve --profile sample --workers 2 --redis redis://localhost:6379/0
      songrec serve --model models:/songbook@champion --tracking http://localhost:5000
    """
    require("serve", "the service")
    from songrec.serve.server import serve
    from songrec.serve.settings import ServiceSettings, run_in

    if run and (options["model"] or "").startswith("models:/"):
        raise click.UsageError("--run and --model models:/... each say whose log is served: give one")
    if run:
        options["profile"] = run_in(run)
    serve(
        ServiceSettings.from_environment(
            **{name: value for name, value in options.items() if value is not None}
        )
    )


_EVENTS = click.Argument(["folder"], type=click.Path(path_type=Path))


@cli.command(params=[_EVENTS])
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="what is written: a .txt file",
)
def events(folder, out) -> None:
    """Turn the plays that a service was told of into a listening log for the next run.

    FOLDER is where the service keeps its events: data/processed/PROFILE/serve/events, or of a registered
    model data/registry/NAME/serve/events.

    \b
    examples:
      songrec events data/processed/sample/serve/events --out data/raw/plays.txt
    """
    from songrec.serve.online import write_triplets

    print(write_triplets(folder, out))


@cli.command("compare-online", params=[_EVENTS])
def compare_online(folder) -> None:
    """Say which version of a model listeners played more from, by the events that a service was told of.

    \b
    examples:
      songrec compare-online data/processed/sample/serve/events
    """
    from songrec.serve.online import report, told

    print(told(report(folder)))


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


@data.command("check", params=[_FILES, *_READING])
def data_check(files, **said) -> None:
    """Read a listening log to its end, and say what is accepted and what is rejected.

    \b
    examples:
      songrec data check data/raw/my-log.csv
      songrec data check events.csv --user visitor --item product --no-header
    """
    from songrec.data.guess import guess, source_of
    from songrec.data.ingest import MAX_REJECT_SHARE, check

    with _in_options():
        told = _said(said)
        share = told.pop("max_reject_share", MAX_REJECT_SHARE)
        reading = guess(files, **told)
        print(f"{reading}\n")
        report = check(source_of(reading), share)
        if problem := report.problem(share):
            raise DataError(problem)
    print(report)


@contextmanager
def _in_options() -> Iterator[None]:
    """What is wrong with a log, by the options of the command line and not the parameters of a profile."""
    try:
        yield
    except SongrecError as error:
        raise type(error)(_as_options(str(error))) from error


def _as_options(message: str) -> str:
    for name, options in {
        "columns": "`--user`, `--item`, `--plays`",
        "max_reject_share": "`--max-reject-share`",
        **{name: f"`--{name}`" for name in ("separator", "header", "encoding", "member", "time")},
    }.items():
        message = message.replace(f"`{name}`", options)
    return message


def _said(options: dict) -> dict:
    """What a person says of a log, by the names that the library has for it."""
    if options["separator"]:
        options["separator"] = options["separator"].replace("\\t", "\t")
    names = {"item": "song", "noun": "item"}
    return {names.get(name, name): value for name, value in options.items() if value not in (None, "")}


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


for command in COMMANDS:  # anew, so that their help is of the kind that all have
    cli.command(params=command.params)(command.callback)


if __name__ == "__main__":
    sys.exit(main())
