"""What commands have in common: how they read their words, exit codes, options that several take."""

from pathlib import Path

import click

EXIT_FAILED, EXIT_USAGE, EXIT_KEPT, EXIT_BUSY, EXIT_INTERRUPTED = 1, 2, 3, 75, 130
"""Exit codes beside 0; `EXIT_KEPT`: `songrec promote` kept the live model, which is no failure."""

EXIT = """exit codes: 0 done; 1 it failed (bad data, a failed stage); 2 wrong command, profile or parameter;
75 somebody else runs this profile; 130 interrupted"""


class Command(click.Command):
    """A command whose help ends with the exit codes; it reads `--only A B` as `--only A --only B`."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options, epilog=EXIT)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        spread, last = [], ""
        for word in args:
            if last == "--only" and spread[-1] != last and not word.startswith("-"):
                spread.append(last)
            last = word if word.startswith("-") else last
            spread.append(word)
        return super().parse_args(ctx, spread)


class Group(click.Group):
    command_class = Command
    group_class = type


PROFILE = click.Option(["--profile"], default="sample", show_default=True, metavar="NAME", help="a profile")
STAGES = [
    PROFILE,
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
MODEL = [
    click.Option(["--model"], metavar="LABEL", help="a model of the profile  [default: its chosen one]"),
    click.Option(
        ["--n"], type=click.IntRange(min=1), default=10, show_default=True, help="length of the list"
    ),
]


FILES = click.Argument(["files"], nargs=-1, required=True, type=click.Path(path_type=Path))
READING = [
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
