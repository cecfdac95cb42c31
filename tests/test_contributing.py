"""What CONTRIBUTING.md shows works as it stands there."""

import doctest
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import yaml
from scipy.sparse import csr_array

from songrec.data.sources import Asked
from songrec.evaluation.hits import find_hits
from songrec.modelspec import specified
from songrec.pipeline.graph import read_graph

TEXT = (Path(__file__).resolve().parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")


def blocks(heading: str, language: str) -> list[str]:
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


@pytest.fixture
def shown(monkeypatch):
    """`shown(heading)`: the module that the section shows."""

    def load(heading: str) -> ModuleType:
        module = ModuleType(f"contributed_{heading.split()[-1]}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        (code,) = blocks(heading, "python")
        exec(compile(code, "CONTRIBUTING.md", "exec"), vars(module))
        return module

    return load


@pytest.mark.parametrize("heading", ["A model", "A metric", "A page", "A source"])
def test_a_section_is_a_screen(heading):
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert len(section.splitlines()) <= 62


def test_the_model_is_one(shown):
    module = shown("A model")
    assert doctest.testmod(module) == (0, 2)
    (block,) = blocks("A model", "yaml")
    entry = yaml.safe_load(block)["together"]
    spec = specified("together", entry | {"estimator": "contributed_model.Together"}, "CONTRIBUTING.md")
    assert spec.title == "together"
    model = module.Together(power=1.0).fit(csr_array([[1, 1, 0], [0, 1, 1]]))
    assert model.recommend(csr_array([[1, 0, 0]]), 1)[0].tolist() == [[1]]


def test_the_metric_is_one(shown):
    module = shown("A metric")
    hits = find_hits(np.array([[2, 0, 1]]), csr_array([[1, 0, 1]]))
    assert module.row.function(hits, 2).tolist() == [0.0]
    assert module.misses(hits, 3) == pytest.approx([1 / 3])


def test_the_page_is_one(shown, tmp_path):
    module = shown("A page")
    import pandas as pd

    rows = pd.DataFrame({"model": ["ease"], "hits": [0], "value": [0.5]})
    run = SimpleNamespace(table=lambda stage, name: {("evaluate", "hits"): rows}[stage, name])
    assert "hits" in module.hits(run)._repr_html_()
    (block,) = blocks("A page", "yaml")
    (tmp_path / "pipeline.yml").write_text("evaluate: {notebook: 07_evaluate}\n" + block)
    assert read_graph(tmp_path / "pipeline.yml")["toplist"].page == ["evaluate"]


def test_the_source_is_one(shown, tmp_path):
    (tmp_path / "radio.txt").write_text("u1;s1\nu2;s1\n")
    source = shown("A source").RADIO.open(Asked(tmp_path / "radio.txt"))
    assert [rows.plays.tolist() for rows in source.read()] == [[1, 1]]
