"""Today's prose over yesterday's outputs."""

import json

import pytest

from songrec.errors import SongrecError
from songrec.pipeline.notebook import code_of, merge_prose


def _cell(kind, source, tags=(), outputs=()):
    cell = {"cell_type": kind, "source": source, "metadata": {"tags": list(tags)}}
    return cell | ({"outputs": list(outputs), "execution_count": len(outputs)} if kind == "code" else {})


def _write(path, *cells):
    path.write_text(json.dumps({"cells": cells, "metadata": {"kernelspec": {}}}))
    return path


@pytest.fixture
def source(tmp_path):
    return _write(
        tmp_path / "source.ipynb",
        _cell("markdown", "# A new question"),
        _cell("code", "n: int = 1", ["parameters"]),
        _cell("markdown", "new prose"),
        _cell("code", ["a = n\n", "a"], ["hide-input"]),
    )


@pytest.fixture
def executed(tmp_path):
    return _write(
        tmp_path / "executed.ipynb",
        _cell("markdown", "# An old question"),
        _cell("code", "n: int = 1", ["parameters"]),
        _cell("code", "n = 5", ["injected-parameters"]),
        _cell("code", "a = n\na", outputs=[{"text": "5"}]),
    )


def test_new_prose_and_tags_meet_old_outputs(source, executed):
    cells = merge_prose(source, executed)["cells"]
    assert [c["source"] for c in cells] == [
        "# A new question",
        "n: int = 1",
        "n = 5",
        "new prose",
        ["a = n\n", "a"],
    ]
    assert cells[2]["metadata"]["tags"] == ["injected-parameters", "hide-input"]
    assert cells[4]["outputs"] == [{"text": "5"}]
    assert cells[4]["metadata"]["tags"] == ["hide-input"]


def test_code_that_differs_is_refused(source, executed):
    executed.write_text(executed.read_text().replace("a = n", "a = n + 1"))
    with pytest.raises(SongrecError, match=r"source.ipynb has changed since it ran"):
        merge_prose(source, executed)


def test_the_code_of_a_notebook_is_neither_prose_nor_parameters(source, executed):
    assert code_of(source) == code_of(executed) == "a = n\na\n"
