"""From executed notebooks to the folder of pages that the book is built from: on a toy checkout."""

import json
import shutil

import pytest
import yaml

from songrec.book.site import with_own_front
from songrec.paths import BOOK, REPOSITORY

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
        "files/tables.zip",
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


def test_a_stage_that_is_null_is_left_out_and_the_chapters_link_to_it_stays(checkout):
    checkout.edit("notebooks/profiles/toy.yml", "models:", "stages: {compare: null}\nmodels:")
    (checkout.root / "book").mkdir()
    (checkout.root / "book" / "chapter.md").write_text("See [the comparison](runs/07_compare.ipynb).")
    assert not {"compare", "page.compare"} & {*checkout.run()}
    found = _assemble(checkout)
    assert "07_compare.ipynb" in found
    assert "studies/07_compare.ipynb" not in found
    (cell,) = json.loads((checkout.root / "book" / "runs" / "07_compare.ipynb").read_text())["cells"]
    title, text = cell["source"].split("\n\n")
    assert title.startswith("# ")
    assert text == "The profile leaves this page out (`compare: null`)."


def test_a_stage_that_others_need_cannot_be_left_out(checkout):
    checkout.edit("notebooks/profiles/toy.yml", "models:", "stages: {split: null}\nmodels:")
    done = checkout.songrec("run", "--profile", "toy", code=2)
    assert "train needs" not in done.stdout
    assert "profile toy: train needs split, which is left out (null)" in done.stderr


def test_a_title_and_a_description_are_shown_as_written(ran):
    hostile = "<script>alert(20)</script> Ke$ha & A$AP | *best*"
    ran.edit("notebooks/profiles/toy.yml", "title: Toy", f"title: '{hostile}'")
    ran.edit("notebooks/profiles/toy.yml", "description: A toy.", f"description: '{hostile}'")
    ran.run()
    _assemble(ran)
    index = (ran.root / "book/runs/index.md").read_text()
    assert "<script>" not in index
    assert index.count(r"Ke\$ha \& A\$AP \| \*best\*") == 2


TITLE = "Tom & <Ann>'s $5 *log* | 1"


def _answered(checkout, synthetic: bool) -> dict:
    """The toy with a page that answers and computes nothing; the assembled files by name."""
    edits = f"title: {json.dumps(TITLE)}", f"synthetic: {json.dumps(synthetic)}"
    for old, new in zip(("title: Toy", "synthetic: true"), edits, strict=True):
        checkout.edit("notebooks/profiles/toy.yml", old, new)
    with (checkout.root / "notebooks" / "pipeline.yml").open("a") as graph:
        graph.write("answer: {notebook: 00_answer, study: false, page: [train]}\n")
    pages = checkout.root / "notebooks" / "pages"
    page = (pages / "07_compare.ipynb").read_text()
    (pages / "00_answer.ipynb").write_text(page.replace('\\"compare\\"', '\\"answer\\"'))
    (checkout.root / "book").mkdir()
    shutil.copy(BOOK / "_toc.yml", checkout.root / "book")
    shutil.copy(REPOSITORY / "_config.yml", checkout.root)
    assert "page.answer" in checkout.run()
    assert checkout.stale() == []
    runs = checkout.root / "book" / "runs"
    return {name: (runs / name).read_text() for name in _assemble(checkout) if not name.startswith("files/")}


def test_the_first_page_of_ones_own_log_is_its_answer(ran):
    runs = _answered(ran, synthetic=False)
    last = json.loads(runs["00_answer.ipynb"])["cells"][-1]
    assert "on public logs](/public.md)" in last["source"]
    assert "injected-parameters" not in runs["00_answer.ipynb"]
    toc, config = yaml.safe_load(runs["_toc.yml"]), yaml.safe_load(runs["_config.yml"])
    parts = {part["caption"]: part["chapters"] for part in toc["parts"]}
    assert parts["The answer"][0] == {"file": "public"}
    assert f"This run: {TITLE}" in parts
    assert config["title"] == f"Songbook: {TITLE}"
    logo = config["sphinx"]["config"]["html_theme_options"]["logo"]["text"]
    assert logo.startswith("Songbook: Tom &amp; &lt;Ann&gt;")


def test_the_first_page_of_a_synthetic_log_is_the_records(ran):
    runs = _answered(ran, synthetic=True)
    assert not {"_toc.yml", "_config.yml"} & runs.keys()
    assert "on public logs](/index.md)" in json.loads(runs["00_answer.ipynb"])["cells"][-1]["source"]


def test_the_records_first_page_becomes_a_chapter(tmp_path):
    book = tmp_path / "book"
    shutil.copytree(BOOK, book, ignore=shutil.ignore_patterns("runs", "_build"))
    (book / "runs").mkdir()
    for name in ("00_answer.ipynb", "_toc.yml", "_config.yml"):
        (book / "runs" / name).write_text(name)
    source = with_own_front(book, tmp_path / "source")
    assert (source / "index.ipynb").read_text() == "00_answer.ipynb"
    assert not (source / "index.md").exists()
    assert (source / "_toc.yml").read_text() == "_toc.yml"
    assert "\n# On public logs\n" in (source / "public.md").read_text()
    assert (source / "public.md").read_text().startswith("---\nlog: ")
