"""How time and memory grow with the size of the log, and what the usual optimisations buy."""

import pandas as pd

from songrec.results import Results
from songrec.show.figure import Figure, legend, lines, log_scale, subplots
from songrec.show.numbers import significant
from songrec.show.prose import Prose, counted, prose
from songrec.show.style import ACCENTS, GROUPS
from songrec.show.table import Table, counts, numbers, sizes, table, words

STAGE = "scaling"
STEPS = {
    "matrix": "building the matrix",
    "split": "splitting",
    "recommend": "recommending",
    "evaluate": "evaluating",
}
FITS = {
    "popularity": "popularity",
    "item_knn": "item-KNN",
    "rp3beta": "RP3beta",
    "als": "ALS",
    "fs_slim": "fsSLIM",
    "ease": "EASE",
}
NAMES = STEPS | FITS
LOOKS = dict(zip(STEPS, (*GROUPS, (ACCENTS[1], "D")), strict=True))
WAYS = {
    "sparse": ("item-item counts", "a dense matrix", "sparse rows (CSR)"),
    "vectorised": ("listeners in common", "pair by pair in Python", "one sparse product"),
    "pairs_once": ("nearest songs", "the whole product", "each pair counted once"),
    "partial_sort": ("the top of a list", "a full sort", "a partial sort"),
    "float32": ("item-item counts, dense", "double precision", "single precision"),
    "in_place": ("inverse of the item-item matrix", "NumPy's inverse", "inversion in place"),
    "factors": ("scores of all users", "the item-item matrix", "a few factors"),
}
"""Optimisation -> what is made, the plain way, the better way."""

LINEAR = 1.1
"""Up to this exponent time grows as the log does: what is measured is not more exact."""

GAIN = 1.1
"""From this ratio on the better way is faster; below its inverse it is slower."""


def work(run: Results) -> Table:
    """How large the logs are."""
    rows = run.table(STAGE, "work")
    return table(
        {
            "users": counts(rows["users"]),
            "songs": counts(rows["songs"]),
            "entries": counts(rows["entries"]),
            "songs per user": numbers(rows["songs_per_user"], digits=1),
            "pairs of songs": counts(rows["pairs"]),
        }
    )


def cost(run: Results) -> Table:
    """Every step on the largest log it ran on."""
    rows = _largest(run.table(STAGE, "cost"))
    return table(
        {
            "step": words(rows["step"].map(NAMES)),
            "users": counts(rows["users"]),
            "songs": counts(rows["songs"]),
            "time (ms)": sizes(1000 * rows["seconds"]),
            "memory (MB)": sizes(rows["peak_mb"]),
        },
        note=_measured(rows),
    )


def exponents(run: Results) -> Table:
    """The fitted exponents, a row a step."""
    rows = run.table(STAGE, "exponents")
    by_entries, by_work = (
        rows[rows["against"] == against].set_index("step") for against in ("entries", "multiply_adds")
    )
    return table(
        {
            "step": words(by_entries.index.map(NAMES)),
            "logs": counts(by_entries["logs"]),
            "against entries": numbers(by_entries["exponent"], digits=2),
            "against multiply-adds": numbers(by_work["exponent"].reindex(by_entries.index), digits=2),
        },
        note="Exponents of time, by least squares on the logarithms. Multiply-adds are known beforehand for "
        f"three of the fits. {_measured(run.table(STAGE, 'cost'))}",
    )


def optimisations(run: Results) -> Table:
    """The plain way and the better one."""
    rows = run.table(STAGE, "optimisations")
    ways = [WAYS[what] for what in rows["what"]]
    size = f"{counted(rows['users'].iloc[0], 'user')} and {counted(rows['songs'].iloc[0], 'song')}"
    return table(
        {
            "what": words(made for made, _, _ in ways),
            "plain way": words(plain for _, plain, _ in ways),
            "better way": words(better for _, _, better in ways),
            "plain (ms)": sizes(1000 * rows["plain"]),
            "better (ms)": sizes(1000 * rows["better"]),
            "times as fast": sizes(rows["ratio"]),
            "plain (MB)": sizes(rows["plain_mb"]),
            "better (MB)": sizes(rows["better_mb"]),
            "equal": words(rows["equal"].astype(str).map({"True": "yes", "False": "no"})),
        },
        note=f"A log of {size}. Memory is what is read, and the most that is made on the way. "
        f"{_measured(rows)}",
    )


def cost_lines(run: Results) -> Figure:
    """Seconds against entries, a line a step; fits on the left, the other steps on the right."""
    rows = run.table(STAGE, "cost")
    slopes = run.rows(STAGE, "exponents", against="entries").set_index("step")["exponent"]
    canvas, panels = subplots(columns=2, height=4.2, sharey=True)
    for axes, names, title in zip(panels, (FITS, STEPS), ("Fits", "Other steps"), strict=True):
        mine = rows[rows["step"].isin(names)].rename(columns={"step": "model"})
        sloped = {step: _sloped(step, slopes) for step in names}
        lines(axes, mine, "entries", run, y="seconds", names=sloped, looks=LOOKS)
        log_scale(axes.xaxis)
        log_scale(axes.yaxis)
        axes.set(xlabel="entries of the log (log scale)")
        axes.set_title(title)
    panels[0].set_ylabel("seconds (log scale)")
    legend(canvas, panels, columns=3)
    told = "; ".join(
        f"{NAMES[step]} from {significant(1000 * of['seconds'].iloc[0])} to "
        f"{significant(1000 * of['seconds'].iloc[-1])} ms"
        for step, of in rows.groupby("step", sort=False)
    )
    return Figure(
        canvas,
        rows[["step", "entries", "seconds"]],
        "Time of each step against the entries of the log, both on a log scale; in brackets the exponent. "
        "Lines that run side by side grow alike.",
        f"Two panels of lines on logarithmic axes, seconds over entries: {told}.",
    )


def facts(run: Results) -> dict:
    """What grows fastest, what takes most, and which optimisations pay."""
    cost, slopes = run.table(STAGE, "cost"), run.table(STAGE, "exponents").dropna(subset="exponent")
    by_entries = slopes[slopes["against"] == "entries"].sort_values("exponent", kind="stable")
    largest = _largest(cost)
    ways = run.table(STAGE, "optimisations")
    sizes = run.table(STAGE, "work")
    steep = by_entries[by_entries["exponent"] > LINEAR]
    return {
        "names": NAMES,
        "ways": WAYS,
        "users": sizes["users"].tolist(),
        "entries": sizes["entries"].tolist(),
        "slopes": by_entries[["step", "exponent"]].to_dict("records"),
        "steep": steep[["step", "exponent"]].to_dict("records")[::-1],
        "by_work": slopes[slopes["against"] == "multiply_adds"].to_dict("records"),
        "slowest": largest.loc[largest["seconds"].idxmax()].to_dict(),
        "hungriest": largest.loc[largest["peak_mb"].idxmax()].to_dict(),
        "ease_songs": run.facts(STAGE)["ease_songs"],
        "without_ease": int((sizes["songs"] > run.facts(STAGE)["ease_songs"]).sum()),
        "different": _made(ways[ways["equal"].astype(str) != "True"]),
        "faster": _by_ratio(ways[ways["ratio"] >= GAIN]),
        "slower": _by_ratio(ways[ways["ratio"] <= 1 / GAIN]),
        "even": _made(ways[(ways["ratio"] < GAIN) & (ways["ratio"] > 1 / GAIN)]),
        "saving": ways.assign(times=ways["plain_mb"] / ways["better_mb"])
        .sort_values("times", ascending=False, kind="stable")
        .iloc[0]
        .to_dict(),
    }


def findings(run: Results) -> Prose:
    """What grows how, and what pays. The logs are synthetic whatever the run's own is: the text says so."""
    return prose("scaling.jinja", run, "", **facts(run))


def _largest(cost: pd.DataFrame) -> pd.DataFrame:
    """Of each step the row of its largest log."""
    return cost.loc[cost.groupby("step", sort=False)["entries"].idxmax()].reset_index(drop=True)


def _made(ways: pd.DataFrame) -> list[str]:
    return [WAYS[what][0] for what in ways["what"]]


def _by_ratio(ways: pd.DataFrame) -> list[dict]:
    return ways.sort_values("ratio", ascending=False, kind="stable")[["what", "ratio"]].to_dict("records")


def _sloped(step: str, slopes: pd.Series) -> str:
    known = step in slopes and slopes[step] == slopes[step]
    return f"{NAMES[step]} ({slopes[step]:.2f})" if known else NAMES[step]


def _measured(rows: pd.DataFrame) -> str:
    """On which machine, and on how many threads."""
    return f"{counted(int(rows['threads'].iloc[0]), 'thread')}; {rows['machine'].iloc[0]}"
