"""From executed notebooks to the folder of pages that the book is built from: on a toy checkout."""

import json

import pytest

pytestmark = pytest.mark.slow

ASSEMBLE = """
from pathlib import Path
from songrec.errors import StageError
from songrec.pipeline.assemble import assemble
from songrec.pipeline.plan import make_plan
runs = Path({folder!r})
try:
    for path in assemble(make_plan("toy", {overrides!r}), runs):
        print(path.relative_to(runs).as_posix())
except StageError as error:
    print(error)
"""

BUILD = """
from pathlib import Path
from songrec.pipeline import assemble
built = []
def build(book, site):
    built.append(1)
    (site / "_build" / "html").mkdir(parents=True)
    (site / "_build" / "html" / "index.html").write_text("a page")
    return site / "_build" / "html"
assemble.build, assemble.check = build, lambda pages: []
book, site = Path({root!r}) / "book", Path({root!r}) / "build" / "site"
for _ in range(2):
    assemble.make_book("toy", book, site)
print(len(built))
"""


def _assemble(checkout, *overrides: str) -> list[str]:
    folder = str(checkout.root / "book" / "runs")
    return checkout.python(ASSEMBLE.format(folder=folder, overrides=overrides)).splitlines()


def test_pages_stand_in_front_and_lead_to_their_studies(ran):
    assert _assemble(ran) == [
        "01_ingest.ipynb",  # a stage without a page is shown by its study
        "03_split.ipynb",
        "05_train.item_knn.ipynb",
        "05_train.popularity.ipynb",
        "07_compare.ipynb",
        "index.md",
        "studies/07_compare.ipynb",
    ]
    runs = ran.root / "book" / "runs"
    cells = json.loads((runs / "07_compare.ipynb").read_text())["cells"]
    assert "[its notebook](studies/07_compare.ipynb)" in cells[1]["source"]
    trained = json.loads((runs / "05_train.item_knn.ipynb").read_text())["cells"]
    assert "".join(trained[0]["source"]).splitlines()[0].endswith(" · Neighbours")
    assert "**synthetic**" in (runs / "index.md").read_text()
    assert str(ran.root) not in "".join(path.read_text() for path in runs.rglob("*.ipynb"))


def test_a_page_leads_to_the_studies_of_all_models(ran):
    ran.edit(
        "notebooks/pipeline.yml",
        '{fitted: "processed/fitted/{model}.txt"}',
        '{fitted: "processed/fitted/{model}.txt"}\n  page: []',
    )
    page = (ran.root / "notebooks/pages/07_compare.ipynb").read_text()
    (ran.root / "notebooks/pages/05_train.ipynb").write_text(page.replace('\\"compare\\"', '\\"train\\"'))
    assert ran.run() == ["page.train"]
    assert "studies/05_train.item_knn.ipynb" in _assemble(ran)
    cells = json.loads((ran.root / "book/runs/05_train.ipynb").read_text())["cells"]
    assert (
        "[Charts](studies/05_train.popularity.ipynb), [Neighbours](studies/05_train.i" in cells[1]["source"]
    )


def test_todays_prose_takes_its_place_and_what_is_stale_makes_no_page(ran):
    ran.edit("notebooks/pages/07_compare.ipynb", "What was found.", "What was found today.")
    _assemble(ran)
    assert "What was found today." in (ran.root / "book/runs/07_compare.ipynb").read_text()
    (said,) = _assemble(ran, "split.share=1.0")
    assert said.startswith("not fresh: split. Run the pipeline first: songrec run --profile toy")


def test_a_book_whose_sources_are_as_they_were_is_not_built_again(ran):
    (ran.root / "_config.yml").write_text("title: Toy")
    (ran.root / "book").mkdir()
    code = BUILD.format(root=str(ran.root))
    assert ran.python(code) == "1\n"
    assert ran.python(code) == "0\n"
    (ran.root / "book" / "intro.md").write_text("A new chapter.")
    assert ran.python(code) == "1\n"
    ran.edit("lib/songrec/pages/toy.jinja", "words", "other words")
    ran.run()
    assert ran.python(code) == "1\n"


def test_a_title_and_a_description_are_shown_as_written(ran):
    hostile = "<script>alert(20)</script> Ke$ha & A$AP | *best*"
    ran.edit("notebooks/profiles/toy.yml", "title: Toy", f"title: '{hostile}'")
    ran.edit("notebooks/profiles/toy.yml", "description: A toy.", f"description: '{hostile}'")
    ran.run()
    _assemble(ran)
    index = (ran.root / "book/runs/index.md").read_text()
    assert "<script>" not in index
    assert index.count(r"Ke\$ha \& A\$AP \| \*best\*") == 2
