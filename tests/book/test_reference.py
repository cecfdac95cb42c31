"""The API reference: every module there is, and docstrings that render as they are meant."""

import importlib
import inspect
import io
import re
import shutil
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config, NumpyDocstring
from sphinx.util.docutils import docutils_namespace, patch_docutils

from songrec.book.reference import modules

REPOSITORY = Path(__file__).resolve().parents[2]
SETTINGS = yaml.safe_load((REPOSITORY / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
OURS = {
    key: value
    for key, value in SETTINGS.items()
    if key.startswith(("autodoc", "napoleon", "nitpick", "default_role", "add_module", "python_"))
} | {"extensions": ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "songrec.book.reference"]}
FIELDS = {"param": "Parameters", "ivar": "Variables"}


def documented():
    """Public functions, classes and methods that this library defines and documents: (name, object)."""
    for name in modules("songrec"):
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name in OURS["autodoc_mock_imports"]:  # of an extra that is not here
                continue
            raise
        for thing in vars(module).values():
            kind = inspect.isclass(thing) or inspect.isfunction(thing)
            if not kind or thing.__module__ != name or thing.__name__.startswith("_"):
                continue
            yield f"{name}.{thing.__name__}", thing
            for attribute, member in vars(thing).items() if inspect.isclass(thing) else ():
                member = getattr(member, "__func__", member)
                if inspect.isfunction(member) and not attribute.startswith("_"):
                    yield f"{name}.{thing.__qualname__}.{attribute}", member


def entries(thing, field: str) -> list[str]:
    """Names that a docstring's section documents, as napoleon reads it."""
    text = str(NumpyDocstring(inspect.cleandoc(thing.__doc__ or ""), Config(napoleon_use_ivar=True)))
    return [
        name.replace("\\", "").strip("* ") for name in re.findall(rf"^:{field} ([^:]+):", text, re.MULTILINE)
    ]


def test_documented_parameters_are_the_signatures():
    wrong = {}
    for name, thing in documented():
        if found := entries(thing, "param"):
            there = [
                parameter
                for parameter in inspect.signature(thing).parameters
                if parameter not in ("self", "cls")
            ]
            if found != there:
                wrong[name] = found, there
        if found := entries(thing, "ivar"):
            # autodoc, where it has run before, leaves pydantic's settings among the annotations.
            there = [
                name
                for name in inspect.get_annotations(thing)
                if not name.startswith("_") and name != "model_config"
            ]
            if found != there:
                wrong[name] = found, there
    assert not wrong


def test_no_docstring_is_in_another_dialect():
    """No run-on `name : text` outside of sections, no dollars for mathematics."""
    wrong = []
    for name, thing in documented():
        text = inspect.cleandoc(thing.__doc__ or "")
        before = re.split(r"\n[A-Z]\w+\n-{3,}\n", text)[0].split(">>>")[0]
        if re.search(r"(^|[.;] )[\w`, ]{1,40} : \S", before, re.MULTILINE) or "$" in text.split(">>>")[0]:
            wrong.append(name)
    assert not wrong


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> list[BeautifulSoup]:
    """The built API pages, from their sources and the book's own settings; a warning is an error."""
    folder, log = tmp_path_factory.mktemp("reference"), io.StringIO()
    source, out = shutil.copytree(REPOSITORY / "book" / "api", folder / "source"), folder / "out"
    with (source / "index.md").open("a", encoding="utf-8") as index:
        index.write("\n```{toctree}\n:glob:\n*\n```\n")
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            srcdir=str(source),
            confdir=None,
            outdir=str(out),
            doctreedir=str(out / ".doctrees"),
            buildername="html",
            confoverrides=OURS | {"nitpicky": True},
            status=None,
            warning=log,
        )
        app.build()
    assert log.getvalue() == ""
    return [
        BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in sorted(out.glob("*.html"))
    ]


@pytest.mark.slow
def test_one_entry_a_parameter_on_the_built_pages(reference):
    built = {}
    for page in reference:
        for entry in page.select("dl.py > dt[id]"):
            body = entry.find_next_sibling("dd")
            for fields in body.find_all("dl", class_="field-list", recursive=False):
                for head in fields.find_all("dt", recursive=False):
                    value = head.find_next_sibling("dd")
                    items = value.select(":scope > ul > li") or [value]
                    names = [item.find("strong").get_text() for item in items if item.find("strong")]
                    built.setdefault(entry["id"], {})[head.get_text().strip(": ")] = names
    expected = {
        name: {FIELDS[field]: names for field in FIELDS if (names := entries(thing, field))}
        for name, thing in documented()
    }
    expected = {name: fields for name, fields in expected.items() if fields}
    assert len(expected) > 100
    for name, fields in expected.items():
        for field, names in fields.items():
            assert [one.strip("*") for one in built[name][field]] == names, name


def test_a_package_lists_its_modules_in_order():
    names = modules("songrec.data")
    assert names[0] == "songrec.data"
    assert names[1:] == sorted(names[1:])
    assert "songrec.data.interactions" in names
