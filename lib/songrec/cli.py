"""The command line: arguments only; what is done lives in the rooms below."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from songrec.errors import BusyError, ConfigError, SongrecError

EXIT_FAILED, EXIT_USAGE, EXIT_BUSY, EXIT_INTERRUPTED = 1, 2, 75, 130

_EXIT = """exit codes: 0 done; 1 it failed (bad data, a failed stage); 2 wrong command, profile or parameter;
75 somebody else runs this profile; 130 interrupted"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, do, and turn errors into one clear message and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a title that the terminal cannot show is no failure
    arguments = _parser().parse_args(argv)
    try:
        code = arguments.do(arguments) or 0
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where a full disk or a closed pipe is still answered for
        return code
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


def _drop_output() -> None:
    """Close an output that cannot be written, or the interpreter complains of it once more at its end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            sys.stdout.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="songrec",
        description="From a listening log to a recommender one can trust.",
        epilog=f"""examples:
  songrec run --profile sample                     the whole line on a synthetic log
  songrec recommend --profile sample --user ID     what to play next
  songrec data list                                data sets, and whether they are here

{_EXIT}""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_explain(commands)
    _add_recommend(commands)
    _add_similar(commands)
    _add_data(commands)
    _add_publish(commands)
    return parser


def _command(commands, name: str, help_: str, do, examples: str) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=help_,
        description=help_[0].upper() + help_[1:] + ".",
        epilog=f"examples:\n{examples}\n\n{_EXIT}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(do=do)
    return command


def _add_profile(command: argparse.ArgumentParser) -> None:
    command.add_argument("--profile", default="sample", metavar="NAME", help="a profile (default: sample)")


def _add_stages(command: argparse.ArgumentParser) -> None:
    _add_profile(command)
    command.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="STAGE",
        help="these stages and what they need; train.MODEL works",
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STAGE.PARAMETER=VALUE",
        help="override a parameter for this run; models.LABEL.HYPERPARAMETER=VALUE works too",
    )


def _add_run(commands) -> None:
    command = _command(
        commands,
        "run",
        "run the stages of a profile that are not fresh",
        _run,
        """  songrec run --profile tiny
  songrec run --profile sample --only train.item_knn
  songrec run --profile sample --set split.test=0.3 --set models.item_knn.neighbours=50""",
    )
    _add_stages(command)
    command.add_argument("--force", action="store_true", help="run the stages though they are fresh")
    command.add_argument("--dry-run", action="store_true", help="say what would run, and run nothing")
    command.add_argument("--wait", action="store_true", help="wait for another run of this profile to end")


def _run(arguments: argparse.Namespace) -> None:
    from songrec.pipeline.plan import make_plan
    from songrec.pipeline.run import run

    if arguments.dry_run:
        return _explain(arguments)
    run(
        make_plan(arguments.profile, arguments.set, fetch=True),
        only=arguments.only,
        force=arguments.force,
        wait=arguments.wait,
    )


def _add_explain(commands) -> None:
    command = _command(
        commands,
        "explain",
        "say which stages would run, and why",
        _explain,
        """  songrec explain --profile sample
  songrec explain --profile sample --set split.seed=1""",
    )
    _add_stages(command)


def _explain(arguments: argparse.Namespace) -> None:
    from songrec.pipeline.plan import make_plan
    from songrec.pipeline.run import explain

    for stage, reasons in explain(make_plan(arguments.profile, arguments.set), arguments.only).items():
        print(f"{stage}: {'would run' if reasons else 'fresh'}")
        for reason in reasons:
            print(f"    {reason}")


def _add_recommend(commands) -> None:
    command = _command(
        commands,
        "recommend",
        "recommend songs to a user of the log, or to a new listener",
        _recommend,
        """  songrec recommend --profile sample --user ID
  songrec recommend --profile sample --songs ID,ID --n 20""",
    )
    _add_profile(command)
    who = command.add_mutually_exclusive_group(required=True)
    who.add_argument("--user", metavar="ID", help="a user of the log; an unknown one gets the popular list")
    who.add_argument("--songs", metavar="ID,ID", help="what a new listener has played")
    _add_model(command)


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", metavar="LABEL", help="a model of the profile (default: its chosen one)")
    command.add_argument("--n", type=_positive, default=10, help="length of the list (default: 10)")


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number


def _recommend(arguments: argparse.Namespace) -> None:
    from songrec.serve import open_service

    service = open_service(arguments.profile, arguments.model)
    if arguments.user is not None:
        print(service.for_user(arguments.user, arguments.n))
    else:
        print(service.for_songs(service.named(arguments.songs), arguments.n))


def _add_similar(commands) -> None:
    command = _command(
        commands,
        "similar",
        "songs like a song",
        _similar,
        "  songrec similar --profile sample --song ID",
    )
    _add_profile(command)
    command.add_argument("--song", required=True, metavar="ID")
    _add_model(command)


def _similar(arguments: argparse.Namespace) -> None:
    from songrec.serve import open_service

    print(open_service(arguments.profile, arguments.model).similar(arguments.song, arguments.n))


def _add_data(commands) -> None:
    data = commands.add_parser(
        "data",
        help="list, fetch and check data sets",
        description="Data sets.",
        epilog="examples:\n  songrec data list\n  songrec data fetch lastfm-2k",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = data.add_subparsers(dest="action", required=True, metavar="ACTION")
    _command(actions, "list", "list data sets, and whether they are here", _data_list, "  songrec data list")
    fetch = _command(
        actions,
        "fetch",
        "download a data set from its own site; an interrupted download goes on where it stopped",
        _data_fetch,
        "  songrec data fetch lastfm-2k",
    )
    fetch.add_argument("name", metavar="NAME")
    check = _command(
        actions,
        "check",
        "read a listening log and say what would be accepted and rejected",
        _data_check,
        """  songrec data check data/raw/my-log.csv --columns user,song,plays --header
  songrec data check train_triplets.txt.gz""",
    )
    check.add_argument("file", metavar="FILE")
    check.add_argument("--columns", default="", metavar="A,B,C", help="user, song, plays by name or place")
    check.add_argument("--separator", default="", help="default: by the file's ending, else a tab")
    check.add_argument("--header", action="store_true", help="the first line names the columns")


def _data_list(arguments: argparse.Namespace) -> None:
    from songrec.data.download import available

    print(*available(), sep="\n")


def _data_fetch(arguments: argparse.Namespace) -> None:
    from songrec.data.download import fetch

    for path in fetch(arguments.name):
        print(path)


def _data_check(arguments: argparse.Namespace) -> None:
    from songrec.data.ingest import check
    from songrec.data.sources import open_source
    from songrec.errors import DataError

    columns = [c.strip() for c in arguments.columns.split(",") if c.strip()]
    source = open_source(
        "triplets",
        path=Path(arguments.file).absolute(),  # of the folder one stands in, not of data/raw
        columns=columns,
        separator=arguments.separator,
        header=arguments.header,
    )
    report = check(source)
    if problem := report.problem():
        raise DataError(problem)
    print(report)


def _add_publish(commands) -> None:
    command = _command(
        commands,
        "publish",
        "put the tables of a finished run on record in data/results (from a clean commit only)",
        _publish,
        "  songrec publish --profile taste-profile-10k-songs",
    )
    _add_profile(command)


def _publish(arguments: argparse.Namespace) -> None:
    from songrec.pipeline.publish import publish

    print(publish(arguments.profile))


if __name__ == "__main__":
    sys.exit(main())
