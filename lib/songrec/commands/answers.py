"""Commands that answer from a run: on the terminal, over HTTP, and of what listeners then did."""

from pathlib import Path

import click

from songrec.commands.parts import MODEL, PROFILE, Command
from songrec.extras import require


def _utf8(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    """An id as UTF-8, which the logs are in, though the locale is one that knows ASCII only."""
    return text and text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@click.command(cls=Command, params=[PROFILE, *MODEL])
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


@click.command(cls=Command, params=[PROFILE, *MODEL])
@click.option("--song", required=True, metavar="ID", callback=_utf8, help="a song of the log")
def similar(profile, song, model, n) -> None:
    """Songs like a song.

    \b
    examples:
      songrec similar --profile sample --song ID
    """
    from songrec.serve import open_service

    print(open_service(profile, model, similar=True).similar(song, n))


@click.command(cls=Command, params=[PROFILE, MODEL[0]])
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


EVENTS = click.Argument(["folder"], type=click.Path(path_type=Path))


@click.command(cls=Command, params=[EVENTS])
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


@click.command("compare-online", cls=Command, params=[EVENTS])
def compare_online(folder) -> None:
    """Say which version of a model listeners played more from, by the events that a service was told of.

    \b
    examples:
      songrec compare-online data/processed/sample/serve/events
    """
    from songrec.serve.online import report, told

    print(told(report(folder)))
