"""One look for every figure: type, colours that colour-blind readers can tell apart, a colour per model."""

from collections.abc import Iterable
from io import BytesIO
from zlib import crc32

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter
from PIL import Image

DPI = 144
WIDTH = 7.2
INK = "#222222"
FAINT = "#d9d9d9"
REAL = "#555555"  # the real data that a run is compared with: never a model's colour

# Okabe and Ito's palette; the baseline is grey, so that what is compared with it stands out.
_MODELS = {
    "popularity": ("#6b6b6b", "o", "popularity"),
    "user_knn": ("#0072b2", "s", "user-KNN"),
    "item_knn": ("#d55e00", "^", "item-KNN"),
    "item_knn_plays": ("#f0a878", "<", "item-KNN on plays"),
    "edlae": ("#b8860b", "H", "EDLAE"),
    "fs_slim": ("#8b1a1a", "h", "fsSLIM"),
    "als": ("#009e73", "D", "ALS"),
    "als_plays": ("#66c2a4", ">", "ALS on plays"),
    "bpr": ("#1b2a78", "8", "BPR"),
    "pure_svd": ("#cc79a7", "v", "PureSVD"),
    "ease": ("#e69f00", "P", "EASE"),
    "rp3beta": ("#56b4e9", "X", "RP3beta"),
    "mult_vae": ("#000000", "*", "Mult-VAE"),
    "ncf": ("#8c6bb1", "p", "NCF (NeuMF)"),
    "hybrid": ("#6b6b00", "x", "hybrid"),
    "blend": ("#e0115f", "d", "blend"),
}
_OTHERS = ("#117733", "#882255", "#999933", "#332288", "#aa4499", "#661100", "#44aa99")
_OTHER_MARKERS = ("<", ">", "h", "H", "d", "8")

_LOOK = {
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#888888",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
}


class Chart(Figure):
    """A figure that a notebook shows as a picture by itself: no pyplot, so no state and no double display."""

    def _repr_png_(self) -> bytes:
        # Drawn once, straight from memory: `savefig` draws twice where there is a layout, and packs a file.
        with mpl.rc_context(_LOOK):
            canvas = FigureCanvasAgg(self)
            canvas.draw()
        # A palette makes the file three times smaller, which notebooks in git are glad of. Without the
        # version of the library in it, the same figure is the same bytes.
        picture = BytesIO()
        Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(
            256, dither=Image.Dither.NONE
        ).save(picture, "png", optimize=True)
        return picture.getvalue()

    def __repr__(self) -> str:
        return f"<figure of {len(self.axes)} panel{'s' if len(self.axes) > 1 else ''}>"


def chart(columns: int = 1, height: float = 3.6, rows: int = 1, **options) -> tuple[Chart, list[Axes]]:
    """An empty figure in the project's style, and its axes in reading order.

    height : inches, of the whole figure; the width is the same for every figure.
    options : go to `Figure.subplots`, for example `sharey=True`.
    """
    with mpl.rc_context(_LOOK):
        figure = Chart(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(axes.ravel())


def colour(model: str) -> str:
    """The model's colour, the same on every page; a model without one of its own gets one by its name."""
    return _MODELS[model][0] if model in _MODELS else _OTHERS[crc32(model.encode()) % len(_OTHERS)]


def marker(model: str) -> str:
    """The model's marker, so that colour is never the only difference."""
    others = _OTHER_MARKERS
    return _MODELS[model][1] if model in _MODELS else others[crc32(model[::-1].encode()) % len(others)]


DAGGER = "\N{NO-BREAK SPACE}†"
"""Stands after the name of a model whose search was ended by time, before it had all its trials."""

_capped: set[str] = set()


def mark_capped(models: Iterable[str]) -> None:
    """From here on `label` marks these models, and no others, with `DAGGER`: in every table and figure."""
    _capped.clear()
    _capped.update(models)


def label(model: str) -> str:
    """The model's name as prose writes it.

    >>> label("item_knn"), label("my_model")
    ('item-KNN', 'my model')
    """
    name = _MODELS[model][2] if model in _MODELS else model.replace("_", " ")
    return name + (DAGGER if model in _capped else "")


def percent(axis, decimals: int | None = None) -> None:
    """Ticks of a share of 1 as per cent."""
    axis.set_major_formatter(PercentFormatter(1.0, decimals=decimals, symbol=" %"))


def log_scale(axis, share: bool = False) -> None:
    """A logarithmic axis with plain ticks (1, 10, 1,000, or as per cent); its label must say so."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:g} %" if share else f"{v:,.10g}"))
    axis.set_minor_formatter(NullFormatter())
    axis.axes.grid(True, which="major")


def title(axes: Axes, text: str) -> None:
    """What a panel shows, above it on the left."""
    axes.set_title(text, loc="left", fontsize=10, fontweight="bold")


def key(figure: Chart, axes: Axes, columns: int = 5) -> None:
    """A legend below the figure, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    options = {"fontsize": 8.5, "handlelength": 2.2, "frameon": False}
    figure.legend(handles, labels, loc="outside lower center", ncols=min(columns, len(labels)), **options)
