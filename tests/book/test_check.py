"""The walk through a built site finds what is wrong with it."""

import pytest

from songrec.book.check import check, main
from songrec.errors import DataError

GOOD = """<!doctype html><html><head><title>A page</title><link rel="stylesheet" href="_static/look.css">
<link rel="canonical" href="https://example.org/"><script src="_static/go.js"></script></head>
<body><h1 id="top">A page</h1><a href="#top">up</a><a href="other.html#there">there</a>
<a href="https://example.org/paper">a paper</a><img src="_static/dot.png" alt="a dot"></body></html>"""
OTHER = """<html><head><title>Other</title></head>
<body><p id="there">x</p><a href="index.html">back</a></body></html>"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "_static").mkdir()
    for name, text in {
        "index.html": GOOD,
        "other.html": OTHER,
        "_static/look.css": "p { background: url(dot.png) }",
        "_static/go.js": "",
        "_static/dot.png": "",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_good_site_has_no_problem(folder, capsys):
    assert check(folder, ["index", "other"]) == []
    assert main([str(folder)]) == 0
    assert "in order" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("other.html#there", "nowhere.html", "index.html: a link leads nowhere: nowhere.html"),
        ("#there", "#gone", "an anchor that is not there: other.html#gone"),
        ('"#top"', '"#bottom"', "an anchor that is not there: #bottom"),
        ('alt="a dot"', 'alt=""', "an image without alternative text: _static/dot.png"),
        (' alt="a dot"', "", "an image without alternative text: _static/dot.png"),
        (
            'src="_static/go.js"',
            'src="https://cdn.example.org/go.js"',
            "elsewhere: https://cdn.example.org/go.js",
        ),
        ('src="_static/go.js"', 'src="//cdn.example.org/go.js"', "elsewhere: //cdn.example.org/go.js"),
        ('src="_static/go.js"', 'src="_static/gone.js"', "a file that is not there: _static/gone.js"),
        (
            'href="_static/look.css"',
            'href="https://fonts.example.org/a"',
            "elsewhere: https://fonts.example.org/a",
        ),
        (
            'src="_static/dot.png"',
            'src="http://example.org/dot.png"',
            "elsewhere: http://example.org/dot.png",
        ),
        ("<body>", '<body style="background:url(https://example.org/b.png)">', "https://example.org/b.png"),
        (
            "</head>",
            "<style>@import 'https://example.org/c.css';</style></head>",
            "https://example.org/c.css",
        ),
        ("<title>A page</title>", "", "the page has no title"),
        ("<h1", "<pre>Traceback (most recent call last):</pre><h1", "shows an error"),
        ("<h1", '<div class="output traceback highlight"></div><h1', "shows an error"),
    ],
)
def test_a_flaw_is_found(folder, capsys, old, new, said):
    assert old in GOOD
    (folder / "index.html").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    problems = check(folder)
    assert len(problems) == 1
    assert said in problems[0]
    assert main([str(folder)]) == 1
    assert said in capsys.readouterr().out


def test_a_style_sheet_must_not_call_out(folder):
    (folder / "_static" / "look.css").write_text("p { background: url('https://example.org/x.png') }")
    assert check(folder) == ["_static/look.css: loads from elsewhere: https://example.org/x.png"]


def test_a_missing_page_is_found(folder):
    assert check(folder, ["index", "gone"]) == ["gone.html is missing"]


def test_an_empty_folder_is_no_site(tmp_path):
    with pytest.raises(DataError, match="holds no page"):
        check(tmp_path)
