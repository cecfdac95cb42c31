"""What stands around the pages: descriptions, the tables as one file, icons that are used."""

import zipfile

from docutils import nodes
from docutils.utils import new_document

from songrec.book import page_frame
from songrec.book.site import write_zip


def test_a_description_is_the_first_paragraph_cut_at_a_word():
    page = new_document("page")
    words = " ".join(f"word{number}" for number in range(60))
    page += nodes.section("", nodes.title("", "A title"), nodes.paragraph("", ""), nodes.paragraph("", words))
    said = page_frame.describe(page)
    assert len(said) <= page_frame.LONGEST
    assert words.startswith(said.removesuffix(" …"))
    assert page_frame.describe(None) == page_frame.describe(new_document("empty")) == ""


def test_the_tables_are_one_file_of_the_same_bytes(tmp_path):
    folder = tmp_path / "results"
    (folder / "log" / "tune").mkdir(parents=True)
    (folder / "log" / "run.json").write_text("{}")
    (folder / "log" / "tune" / "trials.csv").write_text("a,b\n")
    (folder / "log" / "other.txt").write_text("not a table")
    for name in ("one.zip", "two.zip"):
        write_zip(folder, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["log/run.json", "log/tune/trials.csv"]


def test_icons_that_no_page_names_are_emptied(tmp_path):
    scripts = tmp_path / "_static" / "scripts"
    scripts.mkdir(parents=True)
    (tmp_path / "page.html").write_text('<i class="fa-solid fa-search"></i>')
    styles = tmp_path / "_static" / "styles"
    styles.mkdir()
    (styles / "theme.css").write_text('a{top:0}.fa-bars:before{content:"\\f0c9"}.fa-lg{top:1em}')
    icons = '{"magnifying-glass":[512,512,[128269,"search"],"f002","M416z"],bars:[448,512,[],"f0c9","M0z"]}'
    (scripts / "fontawesome.js").write_text(icons)
    page_frame.trim_icons(tmp_path)
    assert (scripts / "fontawesome.js").read_text() == icons.replace("M0z", "")
    assert (styles / "theme.css").read_text() == "a{top:0}.fa-lg{top:1em}"


def test_the_day_of_the_build_can_be_said(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert page_frame.built_on() == "1 January 1970"
