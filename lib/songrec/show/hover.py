"""Drawings in the page itself: SVG whose marks say what they are under the pointer.

A picture in a file of its own, as `show.figure.Figure` makes them, says nothing there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import pandas as pd

SIZE = 1000
"""Width of a drawing in its own units; it is as wide as the page allows."""

SHADES = (
    *("#3d7fc4", "#d1603d", "#1f8a8a", "#b0559b", "#808a2f"),
    *("#6a68c9", "#b3801a", "#4a9a4a", "#c4577a", "#7f7f7f"),
)
"""Fills for groups, with a contrast of at least 3 to 1 against the white page and against the dark one."""


@dataclass(frozen=True)
class Hover:
    """A drawing within a page.

    Attributes
    ----------
    marks : list of str
        Elements of SVG.
    height : int
        In units of `SIZE`.
    drawn : DataFrame
        What is drawn.
    caption : str
        What a reader should see in it.
    alt : str
        The drawing in words.
    """

    marks: list[str]
    height: int
    drawn: pd.DataFrame
    caption: str
    alt: str

    def _repr_html_(self) -> str:
        return (
            f'<figure class="hover"><svg viewBox="0 0 {SIZE} {self.height}" role="img" '
            f'aria-label="{escape(self.alt)}" width="100%" font-family="DejaVu Sans, Verdana, sans-serif">\n'
            + "\n".join(self.marks)
            + f"\n</svg><figcaption>{escape(self.caption)}</figcaption></figure>"
        )

    def __repr__(self) -> str:
        return f"{self.caption}\n{len(self.drawn)} marks."


def dot(x: float, y: float, radius: float, fill: str, title: str) -> str:
    """A mark that says its title under the pointer."""
    at = f'cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"'
    return f'<circle {at} fill="{fill}" fill-opacity="0.75"><title>{escape(title)}</title></circle>'


def line(x1: float, y1: float, x2: float, y2: float, width: float = 1.5) -> str:
    """A thin line."""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="currentColor" stroke-opacity="0.35" stroke-width="{width:.1f}"/>'


def name(x: float, y: float, text: str, size: int = 22, anchor: str = "middle") -> str:
    """Words, which the book's style gives a rim of the page's ground: they read over marks."""
    at = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {at} class="rim" fill="currentColor">{escape(text)}</text>'


def scaled(values: Iterable[float], low: float, high: float) -> list[float]:
    """Values from -1 to 1 as places between two ends."""
    return [low + (value + 1) / 2 * (high - low) for value in values]
