"""Training: what each model's lists look like, and what the models cost."""

from songrec.pages.tune import asked, capped_note
from songrec.results import Results
from songrec.show.numbers import plain
from songrec.show.prose import Prose, prose
from songrec.show.table import Table, counts, numbers, shares, sizes, table, words

STAGE = "train"


def lists(run: Results) -> Table:
    """Each model's lists in numbers."""
    facts, tuned = run.facts(STAGE), run.facts("tune")
    rows = list(facts.values())
    return table(
        {
            "model": words(map(run.label, facts)),
            "trials": counts(asked(tuned[model]) for model in facts),
            "lists": counts(each["users"] for each in rows),
            "longest": counts(each["n"] for each in rows),
            "full": shares(each["full"] for each in rows),
            f"different {run.item}s": counts(each["distinct"] for each in rows),
            "share of all": shares(each["distinct"] / each["songs"] for each in rows),
        },
        note=f"Different {run.item}s: in the first {rows[0]['cutoff']} places.{capped_note(run)}",
    )


def concentration(run: Results) -> Table:
    """How much of the lists the most popular songs fill: a row a model, a column a share of the songs."""
    rows = run.table(STAGE, "concentration")
    models = list(dict.fromkeys(rows["model"]))
    columns = {"model": words([*map(run.label, models), "held out"])}
    for top, of in rows.groupby("top", sort=False):
        of = of.set_index("model")
        head = f"top {plain(100 * top)} % ({plain(of['songs'].iloc[0])})"
        columns[head] = shares([*of.loc[models, "recommended"], of["listened"].iloc[0]])
    cutoff = run.facts(STAGE)[models[0]]["cutoff"]
    return table(
        columns,
        note=f"The share of the first {cutoff} places that the most popular {run.item}s fill (in brackets "
        "how many these are), and in the last row the share that they are of what is held out.",
    )


def changed(run: Results) -> Table:
    """How far each model's lists differ from those without tuning."""
    rows = run.table(STAGE, "changed")
    cutoff = next(iter(run.facts(STAGE).values()))["cutoff"]
    return table(
        {
            "model": words(map(run.label, rows["model"])),
            "same list": shares(rows["same"]),
            f"{run.item}s in common": numbers(rows["common"], digits=1),
        },
        note=f"Of the first {cutoff} places: lists that agree place by place, and the mean number in common.",
    )


def cost(run: Results) -> Table:
    """What each model takes: time to fit, time per user, peak memory."""
    rows = run.table(STAGE, "cost")
    return table(
        {
            "model": words(map(run.label, rows["model"])),
            "fit (s)": sizes(rows["fit_seconds"]),
            "recommend (ms per user)": sizes(rows["recommend_ms_per_user"]),
            "peak memory (MB)": numbers(rows["peak_mb"], digits=0),
            "threads": counts(rows["threads"]),
        }
    )


def facts(run: Results) -> dict:
    """What the findings say: the lists, how full, how diverse and how much on popular songs they are."""
    every = run.facts(STAGE)
    any_ = next(iter(every.values()))
    by_distinct = sorted(every, key=lambda model: every[model]["distinct"])
    by_top = sorted(every, key=lambda model: every[model]["top"])
    one = run.rows(STAGE, "concentration", model=by_top[0], top=0.01).iloc[0]
    return {
        "models": list(every),
        **{name: any_[name] for name in ("users", "n", "cutoff", "songs")},
        "short": {model: 1 - each["full"] for model, each in every.items() if each["full"] < 1},
        "fewest": by_distinct[0],
        "most": by_distinct[-1],
        "distinct": {model: each["distinct"] for model, each in every.items()},
        "top": {model: each["top"] for model, each in every.items()},
        "least_popular": by_top[0],
        "most_popular": by_top[-1],
        "listened": float(one["listened"]),
        "head": int(one["songs"]),
    }


def findings(run: Results) -> Prose:
    """What the lists look like."""
    return prose("train.jinja", run, **facts(run))
