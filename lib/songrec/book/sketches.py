"""Pictures that need no record: how a study goes, how a log is divided, how each family of models thinks.

Each function draws one figure from toy data; where the library can compute what is drawn, it does.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.sparse import csr_array

from songrec.config import suggest
from songrec.data import Interactions
from songrec.errors import DataError
from songrec.models import EASE, FsSLIM, ItemKNN, PureSVD
from songrec.show.figure import Figure, subplots
from songrec.show.style import ACCENTS, FAINT, GROUPS, INK
from songrec.splits import strong, temporal, triplet_holdout, weak

USERS, SONGS = ACCENTS
MARKS = {
    "1": ("training", GROUPS[1][0]),
    "f": ("fold-in: shown at the test", USERS),
    "v": ("validation: to be found", GROUPS[2][0]),
    "T": ("test: to be found", SONGS),
}
"""What a cell of a divided log may be, its name and its colour."""

STEPS = {
    "log": "who played what",
    "ingest": "check every line,\nfilter",
    "split": "hide songs for\nvalidation and test",
    "tune": "choose on\nvalidation",
    "train": "fit, make lists",
    "evaluate": "score lists\non test",
    "compare": "intervals, tests",
    "book": "these pages",
}
"""The steps of a study, and what each does."""

_DAYS = ("1234 56 ", "98 7654 ", "246 1 35", " 1 23456", "12345 7 ", "4 89 675")
"""Of six users the day on which each of eight songs was played first."""


def sketch(name: str) -> Callable[[], Figure]:
    """The function that draws a picture.

    Raises
    ------
    DataError
        When there is none of that name; it names the nearest.
    """
    if name not in SKETCHES:
        raise DataError(
            f"there is no sketch {name!r}{suggest(name, SKETCHES)} There are: {', '.join(SKETCHES)}"
        )
    return SKETCHES[name]


def pipeline() -> Figure:
    """The steps from a log to this book."""
    canvas, (axes,) = subplots(height=2.3)
    _bare(axes, (-0.55, 3.55), (-1.65, 0.55))
    places = [(n, 0) for n in range(4)] + [(n, -1.1) for n in range(3, -1, -1)]
    for step, (x, y) in zip(STEPS, places, strict=True):
        axes.text(x, y + 0.13, step, ha="center", va="center", weight="bold", color=USERS, fontsize=11)
        axes.text(x, y - 0.2, STEPS[step], ha="center", va="center", fontsize=8.5)
        _box(axes, x, y - 0.06, 0.78, 0.82)
    for (x, y), (to_x, to_y) in pairwise(places):
        if y == to_y:
            aside = 0.39 if to_x > x else -0.39
            _arrow(axes, (x + aside, y - 0.06), (to_x - aside, to_y - 0.06))
        else:
            _arrow(axes, (x, y - 0.47), (to_x, to_y + 0.35))
    return Figure(
        canvas,
        pd.DataFrame(STEPS.items(), columns=["step", "does"]).replace("\n", " ", regex=True),
        "From a log to this book. No choice looks at the test part.",
        "Eight boxes joined by arrows: "
        + "; then ".join(f"{step}: {does.replace(chr(10), ' ')}" for step, does in STEPS.items())
        + ".",
    )


def splits() -> Figure:
    """One small log under four protocols, as the library divides it."""
    log = _log()
    divided = {
        "weak": weak(log, test=0.3, validation=0.2, seed=1),
        "triplet_holdout": triplet_holdout(log, test=0.3, validation=0.2, seed=1),
        "strong": strong(log, min_listeners=1, min_songs=1, validation_users=1, test_users=2, holdout=0.4),
        "temporal": temporal(log, until="1970-01-06", validation=0.2),
    }
    canvas, panels = subplots(columns=4, height=2.7)
    rows = []
    for axes, (title, split) in zip(panels, divided.items(), strict=True):
        cells = [line.split()[1:] for line in split.sketch().splitlines()]
        _grid(axes, [[MARKS[mark][1] if mark in MARKS else FAINT for mark in row] for row in cells])
        axes.set_title(title)
        rows += [{"protocol": title, "user": user, "songs": "".join(row)} for user, row in enumerate(cells)]
    panels[0].set_ylabel("users")
    for axes in panels:
        axes.set_xlabel("songs")
    squares = [axes.scatter([], [], marker="s", color=look, label=name) for name, look in MARKS.values()]
    canvas.legend(handles=squares, loc="outside lower center", ncols=4)
    drawn = pd.DataFrame(rows)
    counts = {
        title: ", ".join(
            f"{''.join(of).count(mark)} {name.split(':')[0]}" for mark, (name, _) in MARKS.items()
        )
        for title, of in drawn.groupby("protocol", sort=False)["songs"]
    }
    return Figure(
        canvas,
        drawn,
        "The same log of six users (rows) and eight songs (columns) under four protocols. "
        "Pale cells were never played.",
        "Four coloured grids, a cell a pair of user and song. "
        + "; ".join(f"{title}: {count} cells" for title, count in counts.items())
        + ". Under weak and triplet_holdout hidden cells lie in the rows of all users, under strong "
        "in those of three users who have no training cell, under temporal where plays came late.",
    )


def hits() -> Figure:
    """A list of ten with three hits, and the precision down to each."""
    places, at = 10, (1, 3, 7)
    canvas, (axes,) = subplots(height=1.5)
    _grid(axes, [[SONGS if rank in at else FAINT for rank in range(1, places + 1)]])
    axes.set_xticks(np.arange(places) + 0.5, range(1, places + 1))
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    found = {rank: f"{count}/{rank}" for count, rank in enumerate(at, 1)}
    for rank, precision in found.items():
        axes.text(rank - 0.5, 1.4, precision, ha="center", va="center", weight="bold", color=SONGS)
    axes.set_ylim(1.7, 0)
    return Figure(
        canvas,
        pd.DataFrame({"rank": list(found), "precision": list(found.values())}),
        "A list of ten with hits at ranks 1, 3 and 7, and the precision down to each.",
        "A row of ten squares, numbered by rank. Three are coloured as hits, with the precision of the list "
        "down to each below: "
        + ", ".join(f"{precision} at rank {rank}" for rank, precision in found.items())
        + ".",
    )


def neighbours() -> Figure:
    """Item-KNN: songs played, their neighbours, sums."""
    weights = {("A", "D"): 0.6, ("A", "E"): 0.3, ("B", "D"): 0.4, ("B", "F"): 0.2, ("C", "E"): 0.1}
    scores: dict[str, float] = {}
    for (_, song), weight in weights.items():
        scores[song] = round(scores.get(song, 0) + weight, 1)
    canvas, (axes,) = subplots(height=2.6)
    _bare(axes, (-0.9, 3.4), (-0.5, 2.85))
    left = {song: (0.5, 2 - n) for n, song in enumerate("ABC")}
    right = {song: (2, 2 - n) for n, song in enumerate("DEF")}
    for (played, song), weight in weights.items():
        _line(axes, left[played], right[song], INK, 10 * weight)
    _nodes(axes, left.values(), USERS, left, side="left")
    _nodes(axes, right.values(), SONGS, [f"{song}   {scores[song]:.1f}" for song in right])
    _heads(axes, {0.5: "songs played", 2: "neighbours, and the sum\nof their similarities"}, 2.45)
    return Figure(
        canvas,
        pd.DataFrame(
            [(*pair, weight) for pair, weight in weights.items()], columns=["played", "song", "weight"]
        ),
        "Item-KNN: each song played recommends its nearest songs; similarities (widths) add up to scores.",
        "Songs A, B and C that a listener played, joined by lines as wide as their similarity to songs "
        + ", ".join(f"{song} with the sum {score:.1f}" for song, score in scores.items())
        + ".",
    )


def graph() -> Figure:
    """RP3beta: a walk of three steps."""
    columns = {
        "you": ["you"],
        "a song of yours": "AB",
        "another listener of it": "vwx",
        "a song of theirs": "CDE",
    }
    edges = ["you-A", "you-B", "A-v", "A-w", "B-w", "B-x", "v-C", "w-C", "w-D", "x-D", "x-E"]
    walk = ["you-A", "A-w", "w-D"]
    place = {
        name: (column, (len(names) - 1) / 2 - row)
        for column, names in enumerate(columns.values())
        for row, name in enumerate(names)
    }
    canvas, (axes,) = subplots(height=2.6)
    _bare(axes, (-0.5, 3.5), (-1.4, 1.85))
    for edge in edges:
        one, other = edge.split("-")
        _line(axes, place[one], place[other], SONGS if edge in walk else FAINT, 2.6 if edge in walk else 1.6)
    for column, names in enumerate(columns.values()):
        at = [place[name] for name in names]
        _nodes(axes, at, SONGS if column % 2 else USERS, names, side="above")
    _heads(axes, dict(enumerate(columns)), 1.55)
    return Figure(
        canvas,
        pd.DataFrame({"edge": edges, "on the walk": [edge in walk for edge in edges]}),
        "RP3beta: from a listener three steps at random, and one such walk.",
        "Four columns of dots: you, two songs of yours, three other listeners of these, three songs of "
        "theirs. Lines join who played what; one walk is marked: you, song A, listener w, song D.",
    )


def linear() -> Figure:
    """The weights of EASE and of fsSLIM on one small log."""
    train = _tastes()
    named = {
        "item-KNN: cosines": ItemKNN(neighbours=train.shape[1]).fit(train).similarity_.toarray(),
        "EASE: all songs": EASE(l2=2.0).fit(train).weights_,
        "fsSLIM: the nearest": FsSLIM(neighbours=3, l2=1.0).fit(train).weights_.toarray(),
    }
    canvas, panels = subplots(columns=3, height=2.9)
    rows = []
    for axes, (title, table) in zip(panels, named.items(), strict=True):
        top = np.abs(table).max()
        axes.imshow(
            np.where(table == 0, np.nan, table), cmap="PuOr_r", vmin=-top, vmax=top, interpolation="nearest"
        )
        axes.set_title(title)
        axes.set(xticks=[], yticks=[], xlabel="song that is scored")
        axes.grid(False)
        rows += [
            {"model": title.split(":")[0], "from": i, "to": j, "weight": round(float(table[i, j]), 3)}
            for i, j in np.ndindex(table.shape)
        ]
    panels[0].set_ylabel("song played")
    drawn = pd.DataFrame(rows)
    zeros = {model: int((of == 0).sum()) for model, of in drawn.groupby("model", sort=False)["weight"]}
    return Figure(
        canvas,
        drawn,
        "Weights of ten songs for one another, by three models of one small log.",
        "Three squares of ten songs by ten. Of their hundred weights "
        + ", ".join(f"{model} has {count} zeros" for model, count in zeros.items())
        + "; only the regressions have weights below 0.",
    )


def factorisation() -> Figure:
    """Songs and a listener as points of a plane: two factors of a small log."""
    train = _tastes()
    songs = PureSVD(factors=2).fit(train).song_factors_.astype(float)
    songs = songs * np.sign([songs[:, 0].sum(), songs[0, 1]])  # a factor's sign means nothing
    listener = np.array([1.0, 0.0, 1.0] + [0.0] * (len(songs) - 3)) @ songs
    listener = listener / np.linalg.norm(listener) * np.linalg.norm(songs, axis=1).max()
    canvas, (axes,) = subplots(height=3.4)
    axes.scatter(0, 0, color=INK, s=20, zorder=3)
    for song, (x, y) in enumerate(songs):
        _arrow(axes, (0, 0), (x, y), colour=FAINT)
        axes.scatter(x, y, color=SONGS, s=60, zorder=3)
        axes.annotate(f"song {song}", (x, y), xytext=(6, 4), textcoords="offset points", fontsize=8.5)
    _arrow(axes, (0, 0), tuple(listener), colour=USERS, width=2.4)
    axes.annotate(
        "a listener of songs 0 and 2", listener, xytext=(8, -10), textcoords="offset points", color=USERS
    )
    axes.set(xlabel="first factor", ylabel="second factor", xticks=[], yticks=[])
    axes.margins(0.22)
    scores = songs @ listener
    near = [int(song) for song in np.argsort(-scores, kind="stable") if song not in (0, 2)][:3]
    return Figure(
        canvas,
        pd.DataFrame({"song": range(len(songs)), "x": songs[:, 0], "y": songs[:, 1], "score": scores}).round(
            3
        ),
        "Two factors of a small log: songs of one audience point the same way.",
        "Ten songs as arrows from one point, in two bundles, and the longer arrow of a listener of songs 0 "
        f"and 2. Nearest to its direction among the others are songs {near[0]}, {near[1]} and {near[2]}.",
    )


def neural() -> Figure:
    """An autoencoder: a history, a narrow layer, probabilities of songs."""
    sizes = [8, 5, 2, 5, 8]
    played = (0, 1, 4)
    canvas, (axes,) = subplots(height=3.0)
    _bare(axes, (-0.9, 5.0), (-4.1, 5.1))
    at = [[(layer, (size - 1) / 2 - n) for n in range(size)] for layer, size in enumerate(sizes)]
    for here, there in pairwise(at):
        for one in here:
            for other in there:
                _line(axes, one, other, FAINT, 0.7)
    for layer, spots in enumerate(at):
        colours = [USERS if n in played else FAINT for n in range(sizes[0])] if layer == 0 else INK
        _nodes(axes, spots, colours if layer in (0,) else SONGS if layer == 4 else INK)
    chances = np.array([0.24, 0.22, 0.13, 0.03, 0.2, 0.12, 0.04, 0.02])
    for (x, y), chance in zip(at[-1], chances, strict=True):
        axes.barh(y, 2.6 * chance, left=x + 0.18, height=0.5, color=SONGS)
    _heads(axes, {0: "songs played", 2: "a point", 4.2: "probabilities"}, 4.6)
    return Figure(
        canvas,
        pd.DataFrame({"song": range(8), "played": [n in played for n in range(8)], "probability": chances}),
        "Mult-VAE: the history passes a narrow layer, and comes out as a probability of every song.",
        "Layers of eight, five, two, five and eight dots, all joined to the next layer. On the left three "
        "songs are marked as played; on the right bars for the probabilities of all eight songs.",
    )


def blend() -> Figure:
    """Two models' scores, scaled and added."""
    scores = pd.DataFrame(
        {"one model": [8.0, 6.0, 2.0, 0.0], "another": [0.1, 0.4, 0.3, 0.2]}, index=list("ABCD")
    )
    weight = {"one model": 0.6, "another": 0.4}
    scaled = scores / scores.max()
    scaled["blend"] = sum(weight[name] * scaled[name] for name in weight)
    canvas, panels = subplots(columns=3, height=2.3)
    for axes, (name, shade) in zip(
        panels, zip(scaled, (GROUPS[0][0], GROUPS[2][0], SONGS), strict=True), strict=True
    ):
        order = scaled[name].sort_values(ascending=False, kind="stable")
        axes.barh(range(len(order)), order, color=shade)
        axes.set_yticks(range(len(order)), [f"song {song}" for song in order.index])
        axes.invert_yaxis()
        axes.set(xlim=(0, 1.05), xticks=[0, 0.5, 1])
        axes.grid(False, axis="y")
        axes.set_title(f"{name}, weight {weight[name]}" if name in weight else name)
    panels[1].set_xlabel("score, divided by the highest")
    return Figure(
        canvas,
        scaled.round(3).rename_axis("song").reset_index(),
        "A blend: each model's scores are divided by its highest, weighed and added.",
        "Three bar charts of songs A to D. "
        + ". ".join(
            f"{name.capitalize()}: "
            + ", ".join(f"{song} {value:.2f}" for song, value in scaled[name].items())
            for name in scaled
        )
        + ".",
    )


SKETCHES = {
    each.__name__: each
    for each in (pipeline, splits, hits, neighbours, graph, linear, factorisation, neural, blend)
}
"""Every picture by its name."""


def _log() -> Interactions:
    """Six users, eight songs, and the day of each first play."""
    cells = [
        (user, song, int(day)) for user, of in enumerate(_DAYS) for song, day in enumerate(of) if day != " "
    ]
    users, songs, days = np.array(cells).T
    names = np.array([*"abcdef"]), np.array([*"stuvwxyz"])
    return Interactions.from_codes(users, songs, songs * 0 + 1, *names, first=days * 86400, last=days * 86400)


def _tastes() -> csr_array:
    """Forty listeners of two tastes, five songs each, with some chance in it."""
    random = np.random.default_rng(3)
    taste = np.repeat([[0.7] * 5 + [0.12] * 5, [0.12] * 5 + [0.7] * 5], 20, axis=0)
    return csr_array((random.random(taste.shape) < taste).astype(np.float32))


def _bare(axes: Axes, across: tuple[float, float], up: tuple[float, float]) -> None:
    axes.set(xlim=across, ylim=up)
    axes.axis("off")


def _grid(axes: Axes, colours: Sequence[Sequence[str]]) -> None:
    """Squares in their colours, the first row at the top."""
    for y, row in enumerate(colours):
        for x, shade in enumerate(row):
            axes.fill(
                [x + 0.06, x + 0.94, x + 0.94, x + 0.06],
                [y + 0.06, y + 0.06, y + 0.94, y + 0.94],
                color=shade,
            )
    axes.set(xlim=(0, len(colours[0])), ylim=(len(colours), 0), xticks=[], yticks=[], aspect="equal")
    axes.grid(False)
    axes.spines[:].set_visible(False)


def _box(axes: Axes, x: float, y: float, width: float, height: float) -> None:
    left, right, low, high = x - width / 2, x + width / 2, y - height / 2, y + height / 2
    axes.plot([left, right, right, left, left], [low, low, high, high, low], color=INK, linewidth=1)


def _arrow(axes: Axes, start, end, colour: str = INK, width: float = 1.2) -> None:
    look = {"arrowstyle": "-|>", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=look)


def _line(axes: Axes, start, end, colour: str, width: float) -> None:
    axes.plot(*zip(start, end, strict=True), color=colour, linewidth=width, zorder=1)


def _nodes(axes: Axes, at: Iterable, colours, names: Iterable[str] = (), side: str = "right") -> None:
    """Dots with their names to the right, to the left or above."""
    at = list(at)
    axes.scatter(*zip(*at, strict=True), c=colours, s=90, zorder=3)
    aside, how = {
        "right": ((9, 0), {"ha": "left", "va": "center"}),
        "left": ((-9, 0), {"ha": "right", "va": "center"}),
        "above": ((0, 8), {"ha": "center", "va": "bottom"}),
    }[side]
    for spot, name in zip(at, names, strict=False):
        axes.annotate(name, spot, xytext=aside, textcoords="offset points", **how)


def _heads(axes: Axes, names: dict[float, str], y: float) -> None:
    for x, name in names.items():
        axes.text(x, y, name, ha="center", va="bottom", weight="bold", fontsize=9)
