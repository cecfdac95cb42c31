"""The map of songs, and the neighbourhood of one artist: drawings that say titles under the pointer."""

from songrec.results import Results
from songrec.show.hover import SHADES, SIZE, Hover, dot, line, name, scaled
from songrec.show.prose import Prose, listed, prose

STAGE = "recommend"


def has_map(run: Results) -> bool:
    """Whether the run holds one: a record from before there were any does not, nor does a log too small."""
    return run.has(STAGE, "map") and len(run.table(STAGE, "map")) > 0


def song_map(run: Results) -> Hover | Prose:
    """The most heard songs, similar ones near each other, in groups named by their most typical artists."""
    if not has_map(run):
        return prose("song_map_absent.jinja", run, "")
    rows, groups = run.table(STAGE, "map"), run.table(STAGE, "map_clusters")
    height = int(0.72 * SIZE)
    x, y = scaled(rows["x"], 60, SIZE - 60), scaled(rows["y"], 40, height - 40)
    most = rows["listeners"].max()
    marks = [
        dot(left, top, 3 + 8 * (heard / most) ** 0.5, SHADES[group % len(SHADES)], label)
        for left, top, heard, group, label in zip(
            x, y, rows["listeners"], rows["cluster"], rows["label"], strict=True
        )
    ]
    at = zip(scaled(groups["x"], 130, SIZE - 130), scaled(groups["y"], 50, height - 50), strict=True)
    for (left, top), text in zip(at, groups["name"], strict=True):
        first, _, second = text.partition(", ")
        marks += [name(left, top - 4, first, 20), *([name(left, top + 20, second, 20)] if second else [])]
    model = run.label(run.facts(STAGE)["map_model"])
    caption = (
        f"The {len(rows):,} most heard {run.item}s. Near each other stand {run.item}s that {model} takes to "
        "be alike (t-SNE); directions and large distances mean nothing. Under the pointer a mark says its "
        "title; its size is the number of users. Each group has one colour and its most typical names."
    )
    alt = f"A scatter of {len(rows):,} {run.item}s in {len(groups)} groups: {listed(list(groups['name']))}."
    return Hover(marks, height, rows, caption, alt)


def neighbourhood(run: Results) -> Hover | Prose:
    """The artist with most listeners, those who are most alike, and who of them belong together."""
    if not has_map(run):
        return prose("song_map_absent.jinja", run, "")
    rows = run.table(STAGE, "map_network")
    height = int(0.62 * SIZE)
    x, y = scaled(rows["x"], 180, SIZE - 180), scaled(rows["y"], 50, height - 50)
    places = dict(zip(rows["name"], zip(x, y, strict=True), strict=True))
    pairs = {
        tuple(sorted((str(row["name"]), other)))
        for row in rows.to_dict("records")
        for other in str(row["near"]).split("; ")
        if other in places
    }
    middle = str(rows["name"].iloc[0])
    marks = [
        line(*places[one], *places[other], 2.5 if middle in (one, other) else 1.2)
        for one, other in sorted(pairs)
    ]
    for place, row in enumerate(rows.to_dict("records")):
        left, top = places[row["name"]]
        title = middle if not place else f"{row['name']}: cosine {row['cosine']:.2f}"
        marks.append(dot(left, top, 14 if not place else 9, SHADES[0 if not place else 1], title))
        if place:
            marks.append(name(left, top - 16, str(row["name"]), 19))
        else:  # the nearest stand to the right
            marks.append(name(left - 10, top + 34, middle, 22, "end"))
    others = [str(each) for each in rows["name"].iloc[1:]]
    caption = (
        f"Who is like {middle}, the artist with most users on the map: the nearer, the more alike. "
        "A line joins each artist with those most like it among these."
    )
    alt = f"A network around {middle}, from the nearest to the farthest: {listed(others)}."
    return Hover(marks, height, rows, caption, alt)
