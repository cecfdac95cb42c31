"""One look for every figure: type, grid, and a colour and a marker for each model.

Figures are transparent, and their ink and colours have a contrast of at least 3 to 1 against the white page
and against the dark one.
"""

import seaborn as sns

from songrec.results import Results

WIDTH = 7.2
NARROW = 5.4
"""Inches of a figure that is read on a telephone without being moved."""

INK = "#71767f"
FAINT = "#9aa0a640"
ACCENTS = ("#1f8a8a", "#b0559b")
"""Users and songs, fold-in and holdout: what is no model."""

GROUPS = (("#3d7fc4", "v"), ("#808080", "o"), ("#d1603d", "^"))
"""Colour and marker of three ordered groups."""

_RC = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.facecolor": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 8.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "axes.linewidth": 0.8,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "xtick.major.size": 3.5,
    "ytick.major.size": 3.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "patch.linewidth": 0,  # the theme draws white edges around bars
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
    "lines.markeredgewidth": 0.8,
    "legend.frameon": False,
    # Text stays text; ids come from the content, so that the same figure is the same bytes.
    "svg.fonttype": "none",
    "svg.hashsalt": "songbook",
    "savefig.dpi": 144,
}


def apply_style() -> None:
    """The project's style, from here on."""
    sns.set_theme(style="ticks", rc=_RC)


def colour(run: Results, model: str) -> str:
    """The model's colour, the same on every page."""
    return run.look(model)[0]


def marker(run: Results, model: str) -> str:
    """The model's marker, so that colour is never the only difference."""
    return run.look(model)[1]
