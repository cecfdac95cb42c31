"""What `notebooks/models.yml` says of each model: one block a label, all that is known of it in one place.

Nothing here imports a model: pages, the published results and the pipeline read this file alone.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field

from songrec.checks import checked, read_yaml
from songrec.errors import ConfigError
from songrec.paths import NOTEBOOKS

MODELS = NOTEBOOKS / "models.yml"

# For a model without a look of its own; like all colours here, to be seen on a white page and on a dark one.
COLOURS = ("#2f8f4e", "#a8527a", "#8a8a2d", "#6a68c9", "#b565b5", "#a0583a", "#2f9a85")
_MARKERS = ("<", ">", "h", "H", "d", "8")


class ModelSpec(BaseModel):
    """One model: a block of models.yml, or of a profile.

    Attributes
    ----------
    estimator : str
        Class of `songrec.models`, or the dotted path `package.module.Class` of one's own.
    title : str
        The name that a reader sees.
    look : list of str
        Colour and marker in figures.
    memory : str
        Bytes that the fitted model keeps, as a formula for `memory_bytes`; empty where nobody knows.
    peak : str
        Bytes that `fit` takes at its peak beyond the log itself, as such a formula; empty where nobody knows.
    seconds : str
        How long one trial of its search takes, as such a formula; a rough guide, empty where nobody knows.
    extra : str
        The extra (`songrec.extras`) that it needs; where it is missing the model is left out of the run.
    members : list of str
        Labels of the models that it is made of, each as it was tuned; they stand before it. `["*"]`: all that
        do and are made of no others (`config.runnable` names them).
    hyperparameters : dict
        Those that are fixed.
    space : dict
        Where the others are searched (`songrec.tuning.spaces`).
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    estimator: str
    title: str = ""
    look: list[str] = Field(default=[], max_length=2)
    memory: str = ""
    peak: str = ""
    seconds: str = ""
    extra: str = ""
    members: list[str] = []
    hyperparameters: dict[str, Any] = {}
    space: dict[str, dict[str, Any]] = {}


OF_THE_ESTIMATOR = ("space", "memory", "peak", "seconds", "extra")
"""What a label that is not in models.yml takes from the first block there with the same estimator."""


def read_models(path: Path = MODELS) -> dict[str, ModelSpec]:
    """The blocks of models.yml by label, in their order; none where there is no such file.

    Raises
    ------
    ConfigError
        When the file is no declaration of models; it names the place.
    """
    if not path.exists():
        return {}
    declared = read_yaml(path)
    if not isinstance(declared, dict):
        raise ConfigError(f"{path}: write a block for each model, `label: {{estimator: ...}}`")
    return {label: specified(label, entry, f"{path}: {label}") for label, entry in declared.items()}


def specified(label: str, entry: Any, where: str) -> ModelSpec:
    """A block as it is written, checked; title and look by the label where it has none of its own."""
    spec = checked(ModelSpec, entry, where)
    title = spec.title or str(label).replace("_", " ")
    return spec.model_copy(update={"title": title, "look": spec.look or look_of(str(label))})


def look_of(label: str) -> list[str]:
    """Colour and marker of a model that has none of its own: the same wherever it is named."""
    code = crc32(label.encode())
    return [COLOURS[code % len(COLOURS)], _MARKERS[code // len(COLOURS) % len(_MARKERS)]]


def laid_over(label: str, changes: Mapping[str, Any], models: Mapping[str, ModelSpec]) -> dict[str, Any]:
    """A profile's `changes` of a model laid over its block; hyper-parameters are merged one by one.

    A hyper-parameter that is changed to None is fixed no longer. A label without a block, or one that a
    profile gives another estimator, starts from what its estimator alone decides (`OF_THE_ESTIMATOR`).
    """
    block = models.get(label)
    estimator = changes.get("estimator", block.estimator if block else None)
    if block is not None and block.estimator == estimator:
        base = block.model_dump()
    else:
        like = next((spec for spec in models.values() if spec.estimator == estimator), None)
        base = {key: getattr(like, key) for key in OF_THE_ESTIMATOR} if like else {}
    merged = changed(base, changes)
    if isinstance(fixed := merged["hyperparameters"], Mapping):
        merged["hyperparameters"] = {name: value for name, value in fixed.items() if value is not None}
    return merged


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of a model over what was said of it before; only hyper-parameters are merged one by one."""
    before, after = base.get("hyperparameters", {}), changes.get("hyperparameters", {})
    both = isinstance(before, Mapping) and isinstance(after, Mapping)
    merged = {**before, **after} if both else changes.get("hyperparameters", before)
    return {**base, **changes, "hyperparameters": merged}


def far_end(space: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The largest number that a search may try for each hyper-parameter.

    >>> far_end({"factors": {"low": 16, "high": 400}, "epochs": {"stop": 8}, "by": {"choices": ["a"]}})
    {'factors': 400, 'epochs': 8}
    """
    ends = ((name, where.get("high", where.get("stop"))) for name, where in space.items())
    return {name: end for name, end in ends if end is not None}


_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"min": min, "max": max}


def memory_bytes(formula: str, users: int, songs: int, entries: int, **hyperparameters: Any) -> int:
    """The bytes that a formula of models.yml gives for a log of this size.

    Parameters
    ----------
    formula : str
        Numbers, names, `+ - * / **`, `min(...)` and `max(...)`.
    users, songs, entries : int
        Size of the log: its rows, columns and entries.
    **hyperparameters
        All that the formula may name.

    Raises
    ------
    ConfigError
        For anything else in the formula, and for a name that has no number.

    Examples
    --------
    >>> memory_bytes("8 * songs * min(neighbours, songs)", users=10, songs=1000, entries=50, neighbours=100)
    800000
    """
    names = {**hyperparameters, "users": users, "songs": songs, "entries": entries}

    def value(node: ast.AST) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return number
            case ast.Name(id=name) if isinstance(names.get(name), int | float):
                return names[name]
            case ast.BinOp(op=op) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(node.left), value(node.right))
            case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS and node.args:
                return _FUNCTIONS[name](*map(value, node.args))
        raise ConfigError(f"memory {formula!r}: {ast.unparse(node)!r} has no value here")

    try:
        return round(value(ast.parse(formula, mode="eval").body))
    except (SyntaxError, TypeError, ArithmeticError) as error:
        raise ConfigError(f"memory {formula!r} is no formula: {error}") from error


def named(formula: str) -> set[str]:
    """The names that a formula needs numbers for.

    >>> sorted(named("8 * songs * min(neighbours, songs)"))
    ['neighbours', 'songs']
    """
    nodes = ast.walk(ast.parse(formula, mode="eval"))
    return {node.id for node in nodes if isinstance(node, ast.Name)} - _FUNCTIONS.keys()
