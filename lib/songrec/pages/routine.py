"""What a night of the routine takes, step by step."""

from songrec.results import Results
from songrec.show.table import Table, sizes, table, words


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
        f"{first['poll']:g} seconds which version is live. {first['machine']}",
    )
