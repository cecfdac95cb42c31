"""Which source files a stage's code depends on.

Read from the source by `ast`, nothing is imported. A package's `__init__` holds re-exports and nothing
else (a test holds that), so a name imported from a package leads to the module that defines it, and the
`__init__` itself is no dependency: adding a line to it re-runs nothing. Imports inside functions count. A
data file or template that stands beside a module and is named in it as a string counts as well. Of packages
outside the library only that of a model of one's own is followed.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from songrec.errors import ConfigError
from songrec.paths import LIBRARY

PACKAGE = "songrec"
_DATA = (".json", ".csv", ".jinja")

Roots = tuple[tuple[str, Path], ...]
"""Packages that are followed: name, and the folder that holds it."""


def closure(code: str, estimators: Iterable[str] = (), where: str = "code") -> list[Path]:
    """Files that this code reaches through imports, sorted.

    Parameters
    ----------
    code : str
        Python; IPython's magic lines are passed over.
    estimators : iterable of str
        Models that the code looks up by name: classes of `songrec.models`, or dotted paths.
    where : str
        Where the code stands, for messages.

    Raises
    ------
    ConfigError
        Naming the place (`where`, or a file) that is no Python.
    """
    python = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in code.splitlines())
    named = [name.rpartition(".") if "." in name else (f"{PACKAGE}.models", ".", name) for name in estimators]
    tops = {module.split(".")[0] for module, _, _ in named} - {PACKAGE}
    roots = ((PACKAGE, LIBRARY), *sorted((top, _folder(top)) for top in tops))
    todo = _modules(_parse(python, where), roots)
    for module, _, name in named:
        todo |= _defining(module, name, roots)
    done: set[Path] = set()
    while todo:
        path = todo.pop()
        if path not in done:
            if not path.is_file():
                raise ConfigError(f"{where} needs {path}, which does not exist")
            done.add(path)
            if path.suffix == ".py":
                todo |= _imports(path, path.stat().st_mtime_ns, roots)
    return sorted(done)


def _folder(top: str) -> Path:
    """The folder that holds a package, or a module, of somebody's own."""
    spec = find_spec(top)
    if spec is None or not spec.origin:
        raise ConfigError(f"there is no package {top!r}, or it lacks an __init__.py")
    path = Path(spec.origin)
    return path.parents[1] if path.name == "__init__.py" else path.parent


def _parse(code: str, where: object) -> ast.Module:
    try:
        return ast.parse(code)
    except SyntaxError as error:
        raise ConfigError(f"{where} is not Python: {error.msg}: {(error.text or '').strip()!r}") from error


@cache
def _imports(path: Path, modified: int, roots: Roots) -> frozenset[Path]:
    """Files that a module imports or names; `modified` keeps the cache true when the file is edited."""
    tree = _parse(path.read_text(encoding="utf-8"), path)
    strings = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    files = {path.parent / text for text in strings if text.endswith(_DATA) and "/" not in text}
    return frozenset(_modules(tree, roots, path) | {file for file in files if file.is_file()})


def _modules(tree: ast.AST, roots: Roots, path: Path | None = None) -> set[Path]:
    """Files that the imports in this tree lead to; `path` is the tree's own, for relative imports."""
    followed, found = dict(roots), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = _absolute(node, roots, path)
            if module.split(".")[0] in followed:
                for alias in node.names:
                    found |= _defining(module, alias.name, roots)
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names if a.name.split(".")[0] in followed]
            found |= {file for name in names if (file := _file(name, roots)).name != "__init__.py"}
    return found


def _absolute(node: ast.ImportFrom, roots: Roots, path: Path | None) -> str:
    module = node.module or ""
    if not node.level or path is None:
        return module
    folder = next((folder for _, folder in roots if path.is_relative_to(folder)), path.parent)
    package = path.relative_to(folder).parts[: -node.level]
    return ".".join([*package, *([module] if module else [])])


def _file(module: str, roots: Roots) -> Path:
    base = dict(roots)[module.split(".")[0]].joinpath(*module.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def _defining(module: str, name: str, roots: Roots) -> set[Path]:
    """The file that defines `name` of `module`, through the re-exports of packages."""
    path = _file(module, roots)
    if path.name != "__init__.py":
        return {path}
    inner = _file(f"{module}.{name}", roots)
    if inner.is_file() and inner.name != "__init__.py":
        return {inner}
    if module.split(".")[0] != PACKAGE:  # an `__init__` of somebody's own may hold anything
        return {path} if path.is_file() else set()
    if inner.is_file():  # a package by its name: whatever it exports may be used
        return {file for _, *export in _exports(inner) for file in _defining(*export, roots)}
    for exported, *export in _exports(path):
        if exported == name:
            return _defining(*export, roots)
    if module == PACKAGE:  # the version and the like
        return {path}
    raise ConfigError(f"{path} exports no {name!r}")


def _exports(path: Path) -> Iterator[tuple[str, str, str]]:
    """What an `__init__` re-exports: the name, and the module and the name there that it comes from."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, node.module, alias.name
