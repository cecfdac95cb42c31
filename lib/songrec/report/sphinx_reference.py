"""Sphinx extension: the API reference, from the docstrings of whatever modules there are.

A page names a room with one line, `{{ modules songrec.data }}`; before the page is parsed, the line becomes a
section and an `automodule` for each of its modules, so that a new module is in the book without anybody
listing it. Docstrings are read as their authors wrote them: a run of lines `name : what it is` becomes a
definition list, and `$...$` becomes mathematics.
"""

import importlib.util
import pkgutil
import re

_MODULES = re.compile(r"^\{\{ modules (songrec[\w.]*) \}\}$", re.MULTILINE)
_TERM = re.compile(r"^(?P<names>(?:[^\s:>`]|`[^`]+`)(?:[^:>`]|`[^`]+`){0,60}) : (?P<rest>\S.*)$")
_DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
_CODE = re.compile(r"(`[^`]*`|\$[^$]*\$)")
_INLINE = re.compile(r"(?<![\w$\\])\$(?=\S)([^$\n]+(?:\n[^$\n]+)?)(?<=\S)\$(?![\w$])")


def modules(room: str) -> list[str]:
    """Names of the modules of a room, itself first; a room that is one module is that module.

    >>> modules("songrec.errors")
    ['songrec.errors']
    """
    folders = importlib.util.find_spec(room).submodule_search_locations or []
    inside = [found.name for found in pkgutil.walk_packages(folders, f"{room}.")]
    return [room, *sorted(name for name in inside if not name.rpartition(".")[2].startswith("_"))]


def _section(match: re.Match) -> str:
    return "\n\n".join(_about(name) for name in modules(match[1]))


def _about(name: str) -> str:
    # A package only re-exports: its docstring is enough, the members stand with the modules that define them.
    package = importlib.util.find_spec(name).submodule_search_locations is not None
    members = "" if package else "\n   :members:"
    return f"({name})=\n## `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}{members}\n```"


def expand(app, docname: str, source: list[str]) -> None:
    """Put the sections in the place of the line (event `source-read`)."""
    source[0] = _MODULES.sub(_section, source[0])


def ours(app, what, name, obj, skip, options) -> bool | None:
    """Leave out what another library put into a class (event `autodoc-skip-member`)."""
    return None if (getattr(obj, "__module__", None) or "songrec").startswith("songrec") else True


def tidy(app, what, name, obj, options, lines: list[str]) -> None:
    """Rewrite a docstring's lines in place (event `autodoc-process-docstring`)."""
    lines[:] = mathematics(definitions(bars(lines)))


def definitions(lines: list[str]) -> list[str]:
    """Lines `name : text`, with their indented continuation, as a definition list.

    >>> definitions(["plays : the counts,", "    one a pair.", "order : places."])
    ['', 'plays', '    the counts,', '    one a pair.', 'order', '    places.', '']
    """
    made, inside = [], False
    for line in lines:
        term = _TERM.match(line)
        if term:
            made += ([] if inside else [""]) + [term["names"], f"    {term['rest']}"]
            inside = True
        elif inside and line.startswith(" "):
            made.append(f"    {line.strip()}")
        else:
            made += ([""] if inside else []) + [line]
            inside = False
    return made + ([""] if inside else [])


def bars(lines: list[str]) -> list[str]:
    """Bars of sets' sizes, escaped outside code and mathematics: nobody means a substitution.

    >>> print(*bars(["|U| of `a|b`"]))
    \\|U\\| of `a|b`
    """
    return [
        line
        if line.lstrip().startswith(">>>")
        else "".join(
            part if part[:1] in ("`", "$") else part.replace("|", r"\|") for part in _CODE.split(line)
        )
        for line in lines
    ]


def mathematics(lines: list[str]) -> list[str]:
    r"""Dollar signs as reStructuredText's mathematics; lines of doctests are left alone.

    >>> mathematics(["Share: $h_k / k$."])
    ['Share: :math:`h_k / k`.']
    """
    text = "\n".join(lines)
    if "$" not in text:
        return lines
    text = _DISPLAY.sub(lambda found: f"\n\n.. math:: {' '.join(found[1].split())}\n\n", text)
    kept = []
    for block in text.split("\n\n"):
        code = block.lstrip().startswith(">>>")
        kept.append(
            block if code else _INLINE.sub(lambda found: f":math:`{' '.join(found[1].split())}`", block)
        )
    return "\n\n".join(kept).split("\n")


def setup(app):
    """Register the rewritings."""
    app.connect("source-read", expand)
    app.connect("autodoc-skip-member", ours)
    app.connect("autodoc-process-docstring", tidy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
