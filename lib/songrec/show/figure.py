"""Figures: SVG with text as text, a caption, words for who cannot see it, and the numbers that are drawn.

A page makes empty axes with `subplots`, draws tidy rows with the functions below, and returns a `Figure`.
"""

from collections.abc import Iterable, Mapping, Sequence
from io import StringIO

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

from songrec.results import Results
from songrec.show.style import FAINT, INK, WIDTH, apply_style, colour, marker

MANY = 2_000
"""Marks beyond so many are drawn as pixels: as shapes they would make the file large and slow."""

_ROWS = 60
"""Of the drawn numbers at most so many are kept as text, evenly chosen."""


class Figure:
    """A drawing with what belongs to it.

    Parameters
    ----------
    canvas : matplotlib Figure
    drawn : DataFrame
        What is drawn; its rounded text is compared where pictures are not.
    caption : str
        What a reader should see in it.
    alt : str
        The drawing in words.
    """

    def __init__(self, canvas: Canvas, drawn: pd.DataFrame, caption: str, alt: str):
        self.canvas, self.drawn, self.caption, self.alt = canvas, drawn, caption, alt

    def svg(self) -> str:
        """The drawing: the same bytes for the same figure."""
        text = StringIO()
        FigureCanvasSVG(self.canvas).print_svg(text, metadata={"Date": None, "Creator": None})
        return text.getvalue()

    def __repr__(self) -> str:
        places = np.unique(np.linspace(0, len(self.drawn) - 1, _ROWS).round().astype(int))
        rows = self.drawn.iloc[places] if len(self.drawn) else self.drawn
        shown = rows.map(lambda value: f"{value:.3g}" if isinstance(value, float) else value)
        return f"{self.caption}\n{shown.to_string(index=False)}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        """The picture for who can see it; caption and words travel with it to the book's page."""
        data = {"image/svg+xml": self.svg(), "text/plain": repr(self)}
        return data, {"caption": self.caption, "alt": self.alt}


def subplots(
    columns: int = 1, rows: int = 1, height: float = 3.6, width: float = WIDTH, **options
) -> tuple[Canvas, list[Axes]]:
    """An empty figure in the project's style, and its axes in reading order.

    Parameters
    ----------
    columns, rows : int
        Axes across and down.
    height : float
        Inches, of the whole figure.
    width : float
        Inches: `WIDTH` or `style.NARROW`.
    **options
        Go to `matplotlib.figure.Figure.subplots`, for example `sharey=True`.
    """
    apply_style()
    canvas = Canvas(figsize=(width, height), layout="constrained")
    axes = canvas.subplots(rows, columns, squeeze=False, **options)
    return canvas, list(axes.ravel())


def lines(
    axes: Axes,
    rows: pd.DataFrame,
    x: str,
    run: Results,
    *,
    y: str = "value",
    names: Mapping[str, str] | None = None,
    band: bool = True,
    every: int = 1,
    looks: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """A line a model, in the order of the rows, with a band for the 95 % interval.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    rows : DataFrame
        `model`, `x`, `y`, and `ci_low`, `ci_high` where there is a band.
    x : str
        Column of the positions.
    run : Results
        Whose models they are.
    y : str
        Column of the values.
    names : mapping of str to str, optional
        What the legend calls a model that has another name here.
    band : bool
        Whether to draw the intervals.
    every : int
        Marks every so many points of a line.
    looks : mapping of str to (str, str), optional
        Colour and marker of lines that are no models.
    """
    models = list(dict.fromkeys(rows["model"]))
    for model in models:
        mine = rows[rows["model"] == model]
        shade, mark = (looks or {}).get(model) or (colour(run, model), marker(run, model))
        name = (names or {}).get(model, run.label(model))
        look = {"color": shade, "marker": mark, "markevery": every, "markeredgewidth": 0.75}
        axes.plot(mine[x].to_numpy(), mine[y].to_numpy(), label=name, rasterized=len(mine) > MANY, **look)
        if band and "ci_low" in mine:
            low, high = (mine[name].to_numpy(float) for name in ("ci_low", "ci_high"))
            axes.fill_between(mine[x].to_numpy(), low, high, color=shade, alpha=0.16, lw=0)


def points(
    axes: Axes,
    x: pd.DataFrame | Sequence[float],
    y: pd.DataFrame | Sequence[float],
    models: Sequence[str],
    run: Results,
    **look,
) -> None:
    """A point a model, with a bar for the 95 % interval in each direction that has one.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    x, y : DataFrame or sequence of float
        Rows with `value`, `ci_low`, `ci_high`, a row a model, or plain positions.
    models : sequence of str
        The models, row by row.
    run : Results
        Whose models they are.
    **look
        Goes to `Axes.errorbar` for all points.
    """
    (across, x_arms), (up, y_arms) = _arms(x), _arms(y)
    for place, model in enumerate(models):
        errorbar(
            axes,
            across[place],
            up[place],
            xerr=None if x_arms is None else x_arms[:, [place]],
            yerr=None if y_arms is None else y_arms[:, [place]],
            **{
                "color": colour(run, model),
                "marker": marker(run, model),
                "label": run.label(model),
                "linestyle": "",
                **look,
            },
        )


def errorbar(axes: Axes, x, y, xerr=None, yerr=None, **look) -> None:
    """Marks with bars of one look; a bar of unknown length is left out."""
    xerr, yerr = (None if arms is None else np.nan_to_num(np.maximum(arms, 0)) for arms in (xerr, yerr))
    axes.errorbar(x, y, xerr=xerr, yerr=yerr, **{"capsize": 2, "elinewidth": 1, **look})


def _arms(rows: pd.DataFrame | Sequence[float]) -> tuple[np.ndarray, np.ndarray | None]:
    """Positions, and the arms (2, n) of their intervals."""
    if not isinstance(rows, pd.DataFrame):
        return np.asarray(rows, float), None
    value = rows["value"].to_numpy(float)
    if "ci_low" not in rows:
        return value, None
    return value, arms(rows)


def arms(rows: pd.DataFrame) -> np.ndarray:
    """How far the ends of each interval lie from the value: (2, n), NaN where there is none."""
    value, low, high = (rows[name].to_numpy(float) for name in ("value", "ci_low", "ci_high"))
    return np.array([value - low, high - value])


def beside(axes: Axes, rows: pd.DataFrame, group: str, run: Results, *, width: float = 0.5, **look) -> None:
    """Groups across, the models beside one another in each, joined by a line where `linestyle` says so."""
    groups, models = (list(dict.fromkeys(rows[name])) for name in (group, "model"))
    for place, model in enumerate(models):
        mine = rows[rows["model"] == model]
        at = np.array([groups.index(each) for each in mine[group]], float)
        at += (place - (len(models) - 1) / 2) * width / len(models)
        shown = {"color": colour(run, model), "marker": marker(run, model), "label": run.label(model)}
        errorbar(axes, at, mine["value"].to_numpy(float), yerr=arms(mine), **{**shown, **look})
    axes.set_xticks(range(len(groups)), [str(each) for each in groups])
    axes.grid(False, axis="x")


def ranked(axes: Axes, rows: pd.DataFrame, names: Mapping[str, str] | None, run: Results, **look) -> None:
    """A row a model, the first at the top, with a bar for the interval.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    rows : DataFrame
        `model`, `value`, `ci_low`, `ci_high`.
    names : mapping of str to str, optional
        What is written beside the rows, by model; the models' own names without.
    run : Results
        Whose models they are.
    **look
        Goes to `Axes.errorbar`.
    """
    models = rows["model"].tolist()
    points(axes, rows, range(len(models)), models, run, **look)
    name_rows(axes, [(names or {}).get(model, run.label(model)) for model in models])


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Names beside rows that stand at 0, 1, ... from the top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(False, axis="y")


def heat(
    axes: Axes, square: np.ndarray, names: Sequence[str], *, low: float = 0.0, high: float = 1.0
) -> None:
    """A square of numbers, each in its colour, with names along both sides."""
    sns.heatmap(
        square,
        ax=axes,
        cmap="cividis",
        vmin=low,
        vmax=high,
        annot=True,
        fmt=".2f",
        annot_kws={"fontsize": 8},
        cbar=False,
        xticklabels=list(names),
        yticklabels=list(names),
    )
    axes.tick_params(length=0)
    axes.set_xticklabels(axes.get_xticklabels(), rotation=40, ha="right")
    axes.set_yticklabels(axes.get_yticklabels(), rotation=0)


def shaded(canvas: Canvas, axes: Axes, grid: np.ndarray, label: str) -> None:
    """A matrix from afar: the share of each block that is filled, in colours on a log scale."""
    filled = grid[grid > 0]
    image = axes.imshow(
        np.where(grid > 0, grid, np.nan),
        norm=LogNorm(filled.min(), max(filled.max(), 10 * filled.min())),
        cmap="viridis",
        aspect="auto",
        extent=(0, 1, 1, 0),
        interpolation="nearest",
    )
    axes.set_facecolor(FAINT)
    axes.grid(False)
    percent(axes.xaxis)
    percent(axes.yaxis)
    scale = canvas.colorbar(image, ax=axes, pad=0.02, format=FuncFormatter(lambda v, _: f"{100 * v:g} %"))
    scale.set_label(label)
    scale.minorticks_off()
    scale.outline.set_visible(False)


def legend(canvas: Canvas, axes: Iterable[Axes] | Axes, columns: int = 5) -> None:
    """One legend below the figure, each name once, where it hides nothing."""
    found: dict[str, object] = {}
    for each in [axes] if isinstance(axes, Axes) else axes:
        handles, labels = each.get_legend_handles_labels()
        found |= {label: handle for label, handle in zip(labels, handles, strict=True) if label not in found}
    if found:
        canvas.legend(
            list(found.values()),
            list(found),
            loc="outside lower center",
            ncols=min(columns, len(found)),
            handlelength=2.2,
        )


def reference_line(axes: Axes, *, x: float | None = None, y: float | None = None, **look) -> None:
    """A thin line at a value that others are read against."""
    shown = {"color": INK, "linewidth": 1, "zorder": 0, **look}
    if x is not None:
        axes.axvline(x, **shown)
    if y is not None:
        axes.axhline(y, **shown)


def percent(axis: mpl.axis.Axis, decimals: int | None = None) -> None:
    """Ticks of a share of 1 as per cent."""
    axis.set_major_formatter(PercentFormatter(1.0, decimals=decimals, symbol=" %"))


def log_scale(axis: mpl.axis.Axis, share: bool = False, ticks: Sequence[float] = ()) -> None:
    """A logarithmic axis with plain ticks (1, 10, 1,000, or as per cent); its label must say so."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:g} %" if share else f"{v:,.10g}"))
    axis.set_minor_formatter(NullFormatter())
    if len(ticks):
        axis.set_ticks(list(ticks), [f"{tick:,}" for tick in ticks])
        axis.axes.minorticks_off()
    axis.axes.grid(True, which="major")
