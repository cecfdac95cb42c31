"""Layers of the library: a module imports from those below it only, and a package only exports."""

import ast
from collections.abc import Iterator
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[1] / "lib"
MODULES = {
    ".".join(path.relative_to(LIBRARY).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(LIBRARY.glob("songrec/**/*.py"))
}

ORDER = """cli | commands | serve pipeline | book | pages | show | results | studies | engines | tuning
| evaluation | models | similarity | splits | data
| arrays checks config csr errors extras files kernels lists measure modelspec paths ranking recorded
registry tables"""
LAYERS = [layer.split() for layer in ORDER.split("|")]
"""Arrows point down this list; the foundations, its last, alone may use each other."""

ONLY = {
    "pages": tuple(f"songrec.{name}" for name in ("pages", "results", "show", "errors", "evaluation.metrics"))
}
"""Packages that may use a part of what lies below them, and nothing of the scientific stack but frames."""


def imported(path: Path) -> Iterator[str]:
    """Names that a file imports, wherever in the file it does, with the modules they come from."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the layer"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(name: str) -> str:
    """The second word of a dotted name; empty for the package itself and its version."""
    return [*name.split("."), ""][1].removeprefix("__version__")


def test_every_module_stands_in_a_known_layer():
    assert {part(name) for name in MODULES} - {name for layer in LAYERS for name in layer} <= {""}


def test_arrows_point_down():
    height = {name: place for place, layer in enumerate(LAYERS) for name in layer}
    guilty = []
    for module, path in MODULES.items():
        own = part(module)
        for name in imported(path):
            other = part(name)
            if not name.startswith("songrec") or other in ("", own):
                continue
            fine = own and (height[other] > height[own] or {own, other} <= set(LAYERS[-1]))
            guilty += [] if fine else [f"{module} imports {name}"]
    assert guilty == []


def test_a_page_uses_results_and_show_only():
    guilty = [
        f"{module} imports {name}"
        for module, path in MODULES.items()
        for name in imported(path)
        if (allowed := ONLY.get(part(module)))
        and not name.startswith(allowed)
        and name.split(".")[0] in ("songrec", "scipy", "sklearn")
    ]
    assert guilty == []


def test_a_package_only_exports():
    """A docstring, re-exports and `__all__`: the analysis of what a stage depends on relies on it."""
    for path in LIBRARY.glob("songrec/**/__init__.py"):
        for place, node in enumerate(ast.parse(path.read_text(encoding="utf-8")).body):
            docstring = place == 0 and isinstance(node, ast.Expr)
            names = [target.id for target in node.targets] if isinstance(node, ast.Assign) else []
            exports = isinstance(node, ast.ImportFrom) or names in (["__all__"], ["__version__"])
            assert docstring or exports, f"{path}: line {node.lineno}"
