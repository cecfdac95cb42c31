"""What a night of the routine takes, step by step, and how large its images are."""

from songrec.results import Results
from songrec.show.table import Table, numbers, sizes, table, words


def durations(run: Results) -> Table:
    """A row for each step of two nights.

    Parameters
    ----------
    run : Results
        A published run, beside which data/results/bench/routine.csv stands.
    """
    rows = run.beside("bench/routine")
    first = rows.iloc[0]
    return table(
        {"step": words(rows["step"]), "seconds": sizes(rows["seconds"])},
        note=f"A made-up log of {first['users']:,} users and two models, popularity and item-KNN, on one "
        "machine that runs all the servers as well; each command starts Python and MLflow anew. A client "
        f"asked all the while: {first['answers']:,} lists, {first['failed']} failed. The service asks every "
        f"{first['poll']:g} seconds which version is live. "
        f"Other work went on beside it (load average {first['load']:g}). {first['machine']}",
    )


def images(run: Results) -> Table:
    """A row for each image.

    Parameters
    ----------
    run : Results
        A published run, beside which data/results/bench/images.csv stands.
    """
    rows = run.beside("bench/images")
    return table(
        {"image": words(rows["image"]), "MB": numbers(rows["mb"], digits=0)},
        note="All files of the image, its base (Debian 12 with Python 3.11) included; the serving image "
        "without a compiler.",
    )
