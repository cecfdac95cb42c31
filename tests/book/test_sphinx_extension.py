"""Role and directives inside Sphinx: pages follow the record, and nothing fails silently."""

import io
import re

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

PAGE = """# A page

Precision {value}`made-up/best/precision@10:pm` of {value}`made-up/best/precision@10:model`.

```{record-table} results
:profile: made-up
:name: table-one
Caption with {value}`made-up/run/users` users.
```

```{record-figure} by_cutoff
:profile: made-up
:name: figure-one
What was found.
```

See {numref}`table-one` and {numref}`figure-one`.
"""


SETTINGS = {
    "extensions": [
        "myst_parser",
        "songrec.report.sphinx_values",
    ],
    "numfig": True,
    "nitpicky": True,
    "default_role": "code",
    "nitpick_ignore_regex": [("py:.*", "^(?!songrec).*")],
}


class Project:
    """A book of one page."""

    def __init__(self, folder, results):
        self.source, self.out = folder / "source", folder / "out"
        self.source.mkdir()
        self.results = results

    def build(self, text=None, name="index") -> str:
        """The page's HTML; warnings are kept in `warnings`, pages read anew in `read`."""
        if text is not None:
            (self.source / f"{name}.md").write_text(text, encoding="utf-8")
        log = io.StringIO()
        self.read = []
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                srcdir=str(self.source),
                confdir=None,
                outdir=str(self.out),
                doctreedir=str(self.out / ".doctrees"),
                buildername="html",
                confoverrides={**SETTINGS, "songrec_results": str(self.results)},
                status=None,
                warning=log,
            )
            app.connect("source-read", lambda app, docname, source: self.read.append(docname))
            app.build()
        self.warnings = re.sub(r"\x1b\[[0-9;]*m", "", log.getvalue())
        return (self.out / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path, results) -> Project:
    return Project(tmp_path, results)


def test_a_page_is_made_from_the_record_and_follows_it(project):
    html = project.build(PAGE)
    assert project.warnings == ""
    assert re.search(r"Precision <span[^>]*>0\.0900 ±\xa00\.0080</span> of <span[^>]*>item-KNN</span>", html)
    assert "Caption with" in html
    assert ">12,345</span> users" in html
    assert len(re.findall(r"<tr", html)) == 4
    assert "Table 1" in html
    alt = re.search(r'<img alt="([^"]*)"[^>]*src="(_images/by_cutoff-made-up\.png)"', html)
    assert "From best to worst by MAP at 10: item-KNN, user-KNN, popularity." in alt[1]
    assert (project.out / alt[2]).read_bytes().startswith(b"\x89PNG")

    project.build()
    assert project.read == [], "nothing changed: nothing is read again"

    run = project.results / "made-up" / "run.json"
    run.write_text(run.read_text().replace("12345", "54321"))
    assert ">54,321</span> users" in project.build()
    assert project.read == ["index"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{value}`made-up/item_knn/recal@10`", "did you mean 'recall@10'"),
        ("{value}`nowhere/item_knn/recall@10`", "nothing is on record for 'nowhere'"),
        ("```{record-table} nothing\n:profile: made-up\n```", "there is no table 'nothing'"),
        ("```{record-figure} nothing\n:profile: made-up\n```", "there is no figure 'nothing'"),
        ("```{record-table} results\n```", "nothing is on record for 'taste-profile-10k-songs'"),
    ],
)
def test_what_is_missing_is_a_warning_with_its_place(project, text, said):
    project.build(f"# A page\n\n{text}\n")
    assert re.search(r"index\.md:3: WARNING: .*" + re.escape(said), project.warnings)
