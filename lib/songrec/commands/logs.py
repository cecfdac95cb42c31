"""Commands that look at a listening log: its profile, its book, data sets."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from songrec.commands.parts import EXIT, FILES, READING, Command, Group
from songrec.errors import DataError, SongrecError
from songrec.extras import require

NEW = [FILES, click.Option(["--name"], default="", help="of the profile  [default: the file's]"), *READING]


@click.command(cls=Command, params=[*NEW])
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


@click.command(cls=Command, params=[*NEW])
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
    from songrec.pipeline.plan import make_plan
    from songrec.pipeline.run import run

    name = name or name_of(files[0])
    if (own_profiles() / f"{name}.yml").exists():
        print(f"The profile {name} is there, and is used.")
    else:
        with _in_options():
            proposal = propose(files, name, **_said(said))
        print(proposal)
        write_profile(proposal)
    run(make_plan(name, fetch=True))
    print(f"The book: {make_book(name)}")


@click.group(cls=Group, epilog=EXIT)
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


@data.command("check", params=[FILES, *READING])
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
