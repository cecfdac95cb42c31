"""Sphinx extension: the API reference, from the docstrings of whatever modules there are.

A page names a package with one line, `{{ modules songrec.data }}`; before the page is parsed, the line
becomes a section and an `automodule` for each of its modules, so that a new module is in the book without
being listed. Docstrings are NumPy's, which `sphinx.ext.napoleon` reads.
"""

import importlib.util
import pkgutil
import re

_MODULES = re.compile(r"^\{\{ modules (songrec[\w.]*) \}\}$", re.MULTILINE)


def modules(package: str) -> list[str]:
    """Names of the modules of a package, itself first; a module alone is itself.

    >>> modules("songrec.errors")
    ['songrec.errors']
    """
    folders = importlib.util.find_spec(package).submodule_search_locations or []
    inside = [found.name for found in pkgutil.walk_packages(folders, f"{package}.")]
    return [package, *sorted(name for name in inside if not name.rpartition(".")[2].startswith("_"))]


def _section(name: str) -> str:
    # A package only re-exports: its docstring is enough, the members stand with the modules that define them.
    package = importlib.util.find_spec(name).submodule_search_locations is not None
    members = "" if package else "\n   :members:"
    return f"({name})=\n## `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}{members}\n```"


def expand(app, docname: str, source: list[str]) -> None:
    """Put the sections in the place of the line (event `source-read`)."""
    source[0] = _MODULES.sub(lambda match: "\n\n".join(map(_section, modules(match[1]))), source[0])


def only_ours(app, what, name, obj, skip, options) -> bool | None:
    """Leave out what another library put into a class (event `autodoc-skip-member`)."""
    return None if (getattr(obj, "__module__", None) or "songrec").startswith("songrec") else True


def plain_types(app, what, name, obj, options, signature, returned) -> tuple[str | None, str | None]:
    """Types without ranges, which the parameters' entries hold (event `autodoc-process-signature`)."""
    return signature and re.sub(r"Annotated\[(\w+), [^\]]*\]", r"\1", signature), returned


def setup(app):
    app.connect("autodoc-process-signature", plain_types)
    app.connect("source-read", expand)
    app.connect("autodoc-skip-member", only_ours)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
