"""Notebooks as the book shows them."""

from songrec.book.notebooks import captioned


def test_a_figure_has_its_caption_and_words():
    drawn = {"output_type": "execute_result", "metadata": {"caption": "What.", "alt": "Lines."}, "data": {}}
    plain = {"output_type": "execute_result", "metadata": {}, "data": {}}
    cells = [
        {"cell_type": "code", "metadata": {"tags": ["a"]}, "outputs": [drawn]},
        {"cell_type": "code", "metadata": {}, "outputs": [plain]},
        {"cell_type": "markdown", "metadata": {}},
    ]
    captioned({"cells": cells})
    assert cells[0]["metadata"] == {
        "tags": ["a"],
        "mystnb": {"figure": {"caption": "What."}, "image": {"alt": "Lines."}},
    }
    assert cells[1]["metadata"] == cells[2]["metadata"] == {}
