"""The closure of library files that a stage depends on."""

import pytest

from songrec.errors import ConfigError
from songrec.pipeline.graph import read_graph
from songrec.pipeline.imports import LIBRARY, closure
from songrec.pipeline.notebook import code_of


def _names(code, estimators=()):
    return {path.relative_to(LIBRARY / "songrec").as_posix() for path in closure(code, estimators)}


def test_a_re_export_leads_to_the_defining_module_and_not_to_the_package():
    found = _names("from songrec.data import Interactions")
    assert "data/interactions.py" in found
    assert not [name for name in found if name.endswith("__init__.py")]
    assert "data/ingest.py" not in found


def test_a_package_taken_by_its_name_is_all_that_it_exports():
    found = _names("from songrec.studies import spark as study")
    assert {f"studies/spark/{name}.py" for name in ("engines", "paper", "run")} <= found
    assert "studies/spark/__init__.py" not in found


def test_of_the_models_only_the_named_one_counts():
    found = _names("from songrec.models import create", ["ItemKNN"])
    assert {"models/registry.py", "models/base.py", "models/item_knn.py", "similarity/exact.py"} <= found
    assert not {"models/popularity.py", "models/user_knn.py", "models/__init__.py"} & found


def test_imports_within_functions_and_data_files_count():
    assert "data/reference_marginals.json" in _names("from songrec.data.marginals import reference_marginals")
    assert "evaluation/metrics.py" in _names("def f():\n    from songrec.evaluation import ndcg")


def test_magic_lines_are_passed_over_and_a_slip_is_named():
    assert "lists.py" in _names("%matplotlib inline\n!ls\nfrom songrec.lists import TopN")
    with pytest.raises(ConfigError, match=r"here.ipynb is not Python: .*'x ='"):
        closure("x =", where="here.ipynb")


def test_no_stage_depends_on_what_runs_it():
    """Editing the engine, the command line or the book's build retrains nothing."""
    for stage in filter(lambda stage: stage.study, read_graph().stages.values()):
        found = _names(code_of(stage.path))
        assert "pipeline/stage.py" in found
        assert not {"cli.py", "pipeline/engine.py", "pipeline/run.py", "pipeline/execute.py"} & found


def test_a_split_does_not_depend_on_how_the_log_was_read():
    found = _names(code_of(read_graph()["split"].path))
    assert not {"data/ingest.py", "data/synthetic.py", "data/sources/registry.py"} & found


def test_training_does_not_depend_on_evaluation_and_drawing():
    found = _names(code_of(read_graph()["train"].path), ["Popularity"])
    assert not [name for name in found if name.startswith(("evaluation/", "data/synthetic"))]


def test_a_packages_init_holds_re_exports_only():
    import ast

    for path in (LIBRARY / "songrec").glob("*/__init__.py"):
        for node in ast.parse(path.read_text()).body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            listed = isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
            assert isinstance(node, ast.ImportFrom) or docstring or listed, f"{path}: {ast.unparse(node)}"
