"""Try it: lists from the run's own item weights, computed in the reader's browser."""

from dataclasses import dataclass
from html import escape

from songrec.results import Estimate, Results
from songrec.show.numbers import written
from songrec.show.prose import Prose, prose
from songrec.show.table import RANGE, Column, Table, table, words

STAGE = "try_it"


@dataclass(frozen=True)
class Widget:
    """The place in the page where the built book's script puts its form.

    Attributes
    ----------
    item : str
        What is recommended.
    """

    item: str

    def _repr_html_(self) -> str:
        return (
            f'<div id="try-it" data-weights="files/{STAGE}.js" data-item="{escape(self.item)}">'
            "<p>Here stands a form, in the built book and with JavaScript.</p></div>\n"
            f'<link rel="stylesheet" href="../_static/{STAGE}.css">'
            f'<script defer src="../_static/{STAGE}.js"></script>'
        )

    def __repr__(self) -> str:
        return f"A form: pick {self.item}s, get a list."


def absent(run: Results) -> str:
    """Why there is no form: `licence`, `model`, or nothing where there is one."""
    return run.facts(STAGE)["absent"]


def form(run: Results) -> Widget | Prose:
    """The form, or why there is none."""
    return prose("try_it_absent.jinja", run, "", absent=absent(run)) if absent(run) else Widget(run.item)


def agreement(run: Results) -> Table:
    """The page's lists beside those of the model as it was fitted."""
    if absent(run):
        return Table({}, empty="There are no lists to compare.")
    rows = run.table(STAGE, "agreement")
    cutoff = int(rows["k"].iloc[0])
    texts = {
        "both": f"Share of the model's {cutoff} that the page lists, too",
        "model": f"Precision@{cutoff} of the model as it was fitted",
        "small": f"Precision@{cutoff} of the page's lists",
    }
    found = [Estimate.of(row) for row in rows.to_dict("records")]
    overlap, *precisions = found
    text = [*written([overlap], unit="%"), *written(precisions)]
    users = f" {overlap.n_users:,} test users."
    return table(
        {"measured": words(texts[each] for each in rows["lists"]), "mean": Column(text)}, note=RANGE + users
    )


def findings(run: Results) -> Prose:
    """What the page's model is, what it weighs, and how near it comes to the real one."""
    if absent(run):
        return prose("try_it_absent.jinja", run, absent=absent(run))
    rows = run.table(STAGE, "agreement").set_index("lists")
    both = rows.loc["both"]
    winner = run.winner()
    said = run.facts(STAGE)
    return prose(
        "try_it.jinja", run, **said, winner=winner, overlap=Estimate.of(both), k=int(both["k"]),
        precision={name: Estimate.of(rows.loc[name]) for name in ("model", "small")},
    )  # fmt: skip
