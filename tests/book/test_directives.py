"""Roles and directives inside Sphinx: pages follow the published results, and nothing fails silently."""

import io
import re

import pytest
from made_up import estimates, made_up_run
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from songrec.book import directives
from songrec.show.prose import Prose

PAGE = """---
log: made-up
logs: {other: other-log}
---
# A page

With one song {value}`cold_start.curve item_knn 1 | estimate` of {value}`run title`.
{claim}`cold_start.gains item_knn 1 > 0`

```{table} cold_start.curve
:name: table-one
Caption with {value}`run users` users.
```

```{figure} cold_start.curves
:log: other
:name: figure-one
```

See {numref}`table-one` and {numref}`figure-one`.
"""


def write_results(folder, name) -> None:
    curve = [("popularity", "average_precision", 10, n, 0.1) for n in (0, 1)]
    curve += [("item_knn", "average_precision", 10, n, n * 0.3) for n in (0, 1)]
    gains = [("item_knn", "popularity", "average_precision", 10, 1, 0.2)]
    tables = {
        ("cold_start", "curve"): estimates(["model", "metric", "k", "shown"], curve),
        ("cold_start", "gains"): estimates(["model", "than", "metric", "k", "shown"], gains),
        ("compare", "differences"): estimates(["model", "than", "metric", "k"], []),
    }
    facts = {
        "cold_start": {"baseline": "popularity"},
        "ingest": {"users": 12345},
        "split": {"protocol": "triplet_holdout"},
    }
    made_up_run(folder, tables, facts, name=name)


class Project:
    """A book of one page, on two made-up logs."""

    def __init__(self, folder):
        self.source, self.out, self.results = folder / "source", folder / "out", folder / "results"
        self.source.mkdir()
        for name in ("made-up", "other-log"):
            write_results(self.results, name)

    def build(self, text=None) -> str:
        """The page's HTML; warnings are kept in `warnings`, pages read anew in `read`."""
        if text is not None:
            (self.source / "index.md").write_text(text, encoding="utf-8")
        log = io.StringIO()
        self.read = []
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                srcdir=str(self.source),
                confdir=None,
                outdir=str(self.out),
                doctreedir=str(self.out / ".doctrees"),
                buildername="html",
                confoverrides={
                    "extensions": ["myst_parser", "songrec.book.directives"],
                    "numfig": True,
                    "nitpicky": True,
                    "songrec_results": str(self.results),
                },
                status=None,
                warning=log,
            )
            app.connect("source-read", lambda app, docname, source: self.read.append(docname))
            app.build()
        self.warnings = re.sub(r"\x1b\[[0-9;]*m", "", log.getvalue())
        return (self.out / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path) -> Project:
    return Project(tmp_path)


def test_a_page_is_made_from_the_results_and_follows_them(project):
    html = project.build(PAGE)
    assert project.warnings == ""
    assert re.search(r"song <span[^>]*>0\.300 ±\xa00\.020</span> of <span[^>]*>Made up</span>", html)
    assert re.search(r"Caption with\s+<span[^>]*>12,345</span>\s+users", html)
    assert len(re.findall(r"<tr", html)) == 3
    assert "12,345 users whom" not in html
    assert re.search(r'<p class="table-note">100 users unknown to every model', html)
    assert "Table 1" in html
    assert "Accuracy for users whom no model has met" in html, "the figure's own caption"
    figure = re.search(r'<img alt="Panels for MAP[^"]*"[^>]*src="_images/([^"]*)"', html)
    assert (project.out / "_images" / figure[1]).read_text(encoding="utf-8").startswith("<?xml")
    assert "other" in figure[1]
    assert re.search(r'<figure class="[^"]*\bwide\b', html), "a telephone shows it moved sideways"

    project.build()
    assert project.read == [], "nothing changed: nothing is read again"

    facts = project.results / "made-up" / "ingest" / "facts.json"
    facts.write_text(facts.read_text().replace("12345", "54321"))
    assert "54,321" in project.build()
    assert project.read == ["index"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{value}`nowhere: run title`", "no results are published for 'nowhere'"),
        ("{value}`run tilte`", "'tilte' is not among its facts"),
        ("{claim}`cold_start.gains item_knn 1 < 0`", "does not hold on made-up: 0.2"),
        ("```{table} cold_strat.curve\n```", "did you mean 'cold_start'"),
        ("```{table} cold_start.curvy\n```", "did you mean 'curve'"),
        ("```{table} cold_start.curve\n:cutof: 10\n```", "did you mean 'cutoff'"),
        ("```{table} cold_start.curve\n:cutoff: ten\n```", "option cutoff: 'ten' is no int"),
        ("```{table} cold_start.curve\n:log: made-up other\n```", "shows one log, not 2"),
        ("```{table} cold_start.curves\n```", "cold_start.curves is no table"),
        ("```{figure} cold_start.curve\n```", "cold_start.curve is no figure"),
    ],
)
def test_what_is_missing_or_untrue_is_a_warning_with_its_place(project, text, said):
    project.build(f"{PAGE[: PAGE.index('# A')]}# A page\n\n{text}\n")
    assert re.search(r"index\.md:7: WARNING: .*" + re.escape(said), project.warnings), project.warnings


def test_a_table_that_is_the_same_for_every_run_needs_none(project):
    assert "executors" in project.build("# A page\n\n```{table} spark.where\n```\n")
    assert project.warnings == ""
    project.build("# A page\n\n```{table} spark.where\n:cutoff: 10\n```\n")
    assert "option" in project.warnings


def test_a_function_of_several_logs_gets_all_or_those_named(project):
    html = project.build(f"{PAGE[: PAGE.index('# A')]}# A page\n\n```{{table}} cold_start.all_gains\n```\n")
    assert project.warnings == ""
    assert len(re.findall(r"<tr", html)) == 2  # both are called alike: one row stands under the other's name
    assert project.build("# A page\n\n```{table} cold_start.all_gains\n:log: other-log\n```\n")
    assert project.warnings == ""


def test_sentences_of_a_page_stand_in_a_chapter(project, monkeypatch):
    """Markdown and all; what makes no sentences is a warning."""
    text = f"{PAGE[: PAGE.index('# A')]}# A page\n\n```{{findings}} cold_start.curve\n```\n"
    project.build(text)
    assert "cold_start.curve makes no sentences" in project.warnings
    monkeypatch.setattr(directives, "page_function", lambda place: lambda run: Prose(f"Of *{run.title}*."))
    assert "<p>Of <em>Made up</em>.</p>" in project.build(text + "\nAnd more.\n")
    assert project.warnings == ""
