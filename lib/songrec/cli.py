"""The command line as a whole: its commands, and how errors become messages and exit codes."""

import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from songrec import __version__
from songrec.commands import answers, logs, routine, study
from songrec.commands.parts import EXIT, EXIT_BUSY, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, Group
from songrec.errors import BusyError, ConfigError, SongrecError

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


@click.group(cls=Group, epilog=EXIT, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """From a listening log to a recommender one can trust.

    \b
    examples:
      songrec run --profile sample                     the whole line on a synthetic log
      songrec recommend --profile sample --user ID     what to play next
      songrec data list                                data sets, and whether they are here
    """


for command in (
    *(logs.init, logs.book, logs.data),
    *(study.run, study.explain, study.plan, study.compare, study.publish),
    *(answers.recommend, answers.similar, answers.serve, answers.events, answers.compare_online),
    *(routine.track, routine.promote, routine.rollback, routine.runs),
):
    cli.add_command(command)


if __name__ == "__main__":
    sys.exit(main())
