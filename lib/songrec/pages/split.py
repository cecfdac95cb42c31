"""What is hidden from the models: the parts of the division, and how much there is to find."""

from songrec.results import Results
from songrec.show.figure import Figure, legend, log_scale, percent, subplots
from songrec.show.prose import INVENTED, Prose, prose
from songrec.show.style import ACCENTS
from songrec.show.table import Table, frame, spread, table, words

STAGE = "split"

_PARTS = {"fold_in": "seen by the model (fold-in)", "holdout": "to be found (holdout)"}


def parts(run: Results) -> Table:
    """One row a part: who is in it, what a model may see there and what it must find."""
    heads = {"seen": "seen interactions", "held_out": "held-out interactions"}
    return frame(run.table(STAGE, "parts").rename(columns=heads))


def size_quantiles(run: Results) -> Table:
    """How the number of songs that test users show and hide is spread."""
    rows = run.table(STAGE, "size_quantiles")
    names = {"fold_in": f"seen {run.item}s of a test user", "holdout": f"hidden {run.item}s of a test user"}
    return table({"number of": words(rows["of"].map(names)), **spread(rows)})


def sizes(run: Results) -> Figure:
    """How many songs a test user shows and hides: the share of users with at least so many."""
    rows = run.table(STAGE, "sizes")
    canvas, (axes,) = subplots(height=3.4)
    looks = zip(_PARTS.items(), ACCENTS, ("-", "--"), strict=True)
    for (part, label), shade, dash in looks:
        mine = rows[rows["part"] == part]
        axes.step(
            mine["value"], mine["share_at_least"], where="pre", color=shade, linestyle=dash, label=label
        )
    log_scale(axes.xaxis)
    percent(axes.yaxis)
    axes.set(
        xlabel=f"{run.item}s of a user (log scale)", ylabel="users with at least that many", ylim=(0, 1.03)
    )
    legend(canvas, axes)
    medians = run.table(STAGE, "size_quantiles").set_index("of")["median"]
    shown, hidden = (f"{medians[part]:,.0f}" for part in _PARTS)
    return Figure(
        canvas,
        rows,
        f"How many {run.item}s a test user shows to the model and how many it must find: the share of users "
        "who have at least so many, over a log scale. The further left the dashed curve falls, the fewer "
        "hits are possible.",
        f"Two falling step curves over a logarithmic axis of {run.item}s per user. Half of the test users "
        f"show at least {shown} to the model, and half have at least {hidden} hidden.",
    )


def facts(run: Results) -> dict:
    """What the findings say: who is tested on what, who is not, and what no model can find."""
    known = run.facts(STAGE)
    test = known["test"]
    return {
        **known,
        "until": {part: moment.split()[0] for part, moment in known.get("cut_offs", {}).items()},
        "mean": test["holdout"] / test["users"],
        "untested": 0 if known["protocol"].startswith("strong") else known["users"] - test["users"],
        "unseen_share": known["test_unseen"] / test["holdout"],
    }


def findings(run: Results) -> Prose:
    """Who is tested on what."""
    return prose("split.jinja", run, INVENTED, **facts(run))
