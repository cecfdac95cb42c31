"""Computing and telling are apart: no study depends on how its results are told."""

import pytest

from songrec.paths import NOTEBOOKS
from songrec.pipeline.graph import read_graph
from songrec.pipeline.imports import LIBRARY, closure
from songrec.pipeline.notebook import code_of

STUDIES = sorted((NOTEBOOKS / "studies").glob("*.ipynb"))
TELLING = ("show/", "pages/", "book/", "results.py", "pipeline/page.py")


def test_the_declared_studies_exist():
    assert {stage.path for stage in read_graph().stages.values()} == set(STUDIES)


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.stem)
def test_a_study_reaches_nothing_that_tells(study):
    files = [path.relative_to(LIBRARY / "songrec").as_posix() for path in closure(code_of(study))]
    assert not [file for file in files if file.startswith(TELLING)]
