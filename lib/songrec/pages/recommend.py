"""Recommendations: what a few users get, similar songs, a new user."""

import pandas as pd

from songrec.errors import DataError
from songrec.results import Results
from songrec.show.prose import Prose, prose
from songrec.show.table import Table, Tables, counts, frame, table, words

STAGE = "recommend"


def _listed(run: Results, model: str, user: str | None = None) -> pd.DataFrame:
    rows = run.rows(STAGE, "examples", kind="recommended", model=model)
    rows = rows if user is None else rows[rows["user"].astype(str) == user]
    if rows.empty:
        raise DataError(
            f"{run.folder / STAGE}/examples.csv: no list of {model}{f' for {user}' if user else ''}"
        )
    return rows.assign(hit=rows["hit"].astype(str) == "True")


def users(run: Results) -> list[str]:
    """The users that are shown, from few known songs to many."""
    return list(dict.fromkeys(run.table(STAGE, "examples")["user"].astype(str)))


def example(run: Results, user: int = 0, model: str = "best", n: int = 10) -> Table:
    """The history of one of the users, beside what a model lists; `user` counts from 0."""
    name = run.models()[0] if model == "best" else model
    one = users(run)[user]
    history = run.rows(STAGE, "examples", kind="history")
    history = history[(history["user"].astype(str) == one) & (history["rank"] <= n)].set_index("rank")
    listed = _listed(run, name, one)
    listed = listed[listed["rank"] <= n].set_index("rank")
    ranks = history.index.union(listed.index)
    history, found = history.reindex(ranks), listed.reindex(ranks)
    hits = found["hit"].astype(str) == "True"
    note = f"Held out and found: {hits.sum()} of {len(listed)}" + (", in bold." if hits.any() else ".")
    columns = {
        "": counts(ranks),
        "history": words(history["label"]),
        f"{run.event}s": counts(history["plays"]),
        f"{run.label(name)} recommends": words(found["label"]).marked(hits),
    }
    return table(columns, note=note)


def examples(run: Results, model: str, n: int = 10) -> Tables:
    """`example` of every user that is shown."""
    return Tables({f"User {one}": example(run, place, model, n) for place, one in enumerate(users(run))})


def similar(run: Results, model: str) -> Tables:
    """The songs that a model finds most similar to two others."""
    named = {
        f"Like {song}": frame(of[["rank", "label"]].set_axis(["rank", run.item], axis=1), **{run.item: words})
        for song, of in run.rows(STAGE, "similar", model=model).groupby("song", sort=False)
    }
    return Tables(named, empty=f"{run.label(model)} has no item similarity.")


def similar_by_model(run: Results, song: int = 0, models: str = "item_knn als", n: int = 5) -> Table:
    """What models find most similar to one song, side by side; `song` counts from 0."""
    rows = run.table(STAGE, "similar")
    wanted = list(dict.fromkeys(rows["song"]))[song]
    rows = rows[(rows["song"] == wanted) & (rows["rank"] <= n)]
    columns = {"": counts(sorted(set(rows["rank"])))}
    for model in models.split():
        labels = rows[rows["model"] == model].set_index("rank")["label"]
        columns[run.label(model)] = words(labels.reindex(sorted(set(rows["rank"]))))
    return table(columns, note=f"Like: {wanted}.")


def newcomer(run: Results, model: str) -> Table:
    """What a model lists for a user nobody has met before."""
    rows = run.rows(STAGE, "newcomer", model=model)[["rank", "label", "song_id"]]
    played = "; ".join(run.facts(STAGE)["played"])
    made = rows.set_axis(["rank", "recommended", "id"], axis=1)
    return frame(made, note=f"Known: {played}.", recommended=words, id=words)


def facts(run: Results, model: str) -> dict:
    """How many places of the lists that are shown are hits, and how many titles are known."""
    listed = _listed(run, model)
    return {
        "model": model,
        "users": int(listed["user"].nunique()),
        "places": len(listed),
        "hits": int(listed["hit"].sum()),
        "named": run.facts(STAGE)["known_titles"],
    }


def findings(run: Results, model: str) -> Prose:
    """What the examples show; they illustrate and prove nothing."""
    return prose("recommend.jinja", run, **facts(run, model))
