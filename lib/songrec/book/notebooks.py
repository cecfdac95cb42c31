"""Executed notebooks as the book shows them."""

from typing import Any


def captioned(notebook: dict[str, Any]) -> None:
    """Give each figure of a notebook its caption and its words, in place.

    A figure's output carries both as metadata of the output (`show.figure.Figure`); what makes pages of
    notebooks (MyST-NB) reads them from the metadata of the cell.
    """
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if "caption" in (said := output.get("metadata", {})):
                shown = {"figure": {"caption": said["caption"]}, "image": {"alt": said["alt"]}}
                cell["metadata"]["mystnb"] = cell["metadata"].get("mystnb", {}) | shown
