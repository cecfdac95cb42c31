"""The log: what came in, what was rejected, merged and filtered, and what is kept."""

from songrec.results import Results
from songrec.show.prose import INVENTED, Prose, prose
from songrec.show.table import Table, counts, frame, shares, table, words

STAGE = "ingest"


def lines(run: Results) -> Table:
    """Every line accounted for."""
    rows = run.table(STAGE, "lines")
    names = {
        "read": "read",
        "merged": f"merged into an earlier line of the same user and {run.item}",
        "kept": "kept as triplets",
    }
    reasons = rows["reason"].fillna("")
    what = [names.get(each, f"{each}: {reason}") for each, reason in zip(rows["what"], reasons, strict=True)]
    return table({"what": words(what), "lines": counts(rows["lines"]), "share": shares(rows["share"])})


def rejects(run: Results) -> Table:
    """The first rejected lines: where they stood, why, and what they said."""
    return frame(run.table(STAGE, "rejects"), empty="No line was rejected.", text=words)


def steps(run: Results) -> Table:
    """What was left of the log after each filter."""
    rows = run.table(STAGE, "steps").rename(columns={"songs": f"{run.item}s", "triplets": "interactions"})
    return frame(rows.assign(step=rows["step"].str.replace("song", run.item)))


def most_heard(run: Results) -> Table:
    """The songs with the most users, by title."""
    return frame(run.table(STAGE, "most_heard").rename(columns={"label": run.item}), **{run.item: words})


def facts(run: Results) -> dict:
    """What the findings say: the lines that were rejected, by reason, and what the filters removed."""
    known = run.facts(STAGE)
    reasons = sorted(known["rejected"].items(), key=lambda pair: (-pair[1], pair[0]))
    n_rejected = sum(known["rejected"].values())
    lost = known["read"]["triplets"] - known["triplets"]
    return {
        **known,
        "rejected": n_rejected,
        "rejected_share": n_rejected / max(known["lines"], 1),
        "reasons": [f"{reason}: {n:,}" for reason, n in reasons if n],
        "lost": lost,
        "lost_share": lost / max(known["read"]["triplets"], 1),
    }


def findings(run: Results) -> Prose:
    """How much of the source was usable, and what the filters left."""
    return prose("ingest.jinja", run, INVENTED, **facts(run))
