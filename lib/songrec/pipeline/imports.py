"""Which files of the library a stage's code depends on.

Read from the source by `ast`, nothing is imported. A package's `__init__` holds re-exports and nothing
else (a test holds that), so a name imported from a package leads to the module that defines it, and the
`__init__` itself is no dependency: adding a line to it re-runs nothing. Imports inside functions count. A
data file that stands beside a module and is named in it as a string counts as well.
"""

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from songrec.errors import ConfigError
from songrec.paths import LIBRARY

PACKAGE = "songrec"
_DATA = (".json", ".csv")


def closure(code: str, estimators: Iterable[str] = (), where: str = "code") -> list[Path]:
    """Files of the library that this code reaches through imports, sorted.

    `estimators` are class names that the code looks up by name in `songrec.models`. IPython's magic lines
    are passed over. `ConfigError` names the place (`where`, or a file of the library) that is no Python.
    """
    python = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in code.splitlines())
    todo = _modules(_parse(python, where)) | {_defining(f"{PACKAGE}.models", name) for name in estimators}
    done: set[Path] = set()
    while todo:
        path = todo.pop()
        if path not in done:
            done.add(path)
            if path.suffix == ".py":
                todo |= _imports(path, path.stat().st_mtime_ns)
    return sorted(done)


def _parse(code: str, where: object) -> ast.Module:
    try:
        return ast.parse(code)
    except SyntaxError as error:
        raise ConfigError(f"{where} is not Python: {error.msg}: {(error.text or '').strip()!r}") from error


@cache
def _imports(path: Path, modified: int) -> frozenset[Path]:
    """Files that a module imports or names; `modified` keeps the cache true when the file is edited."""
    tree = _parse(path.read_text(encoding="utf-8"), path)
    strings = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    files = {path.parent / text for text in strings if text.endswith(_DATA) and "/" not in text}
    return frozenset(_modules(tree) | {file for file in files if file.is_file()})


def _modules(tree: ast.AST) -> set[Path]:
    """Files that the imports in this tree lead to."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE:
            found |= {_defining(node.module, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names if a.name.split(".")[0] == PACKAGE]
            found |= {path for name in names if (path := _file(name)).name != "__init__.py"}
    return found


def _file(module: str) -> Path:
    base = LIBRARY.joinpath(*module.split("."))
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def _defining(module: str, name: str) -> Path:
    """The file that defines `name` of `module`, through the re-exports of packages."""
    path = _file(module)
    if path.name != "__init__.py":
        return path
    inner = _file(f"{module}.{name}")
    if inner.is_file() and inner.name != "__init__.py":
        return inner
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _defining(node.module, alias.name)
    if module == PACKAGE:  # the version and the like
        return path
    raise ConfigError(f"{path} exports no {name!r}")
