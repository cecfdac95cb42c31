"""Typed parameters: what a notebook declares, what a profile sets, what `--set` overrides.

The `parameters` cell of a notebook is the one declaration of a stage's parameters: names, types (the
annotations), defaults (those of the `tiny` profile) and a comment a line. Everything else is checked
against it before anything runs.
"""

import ast
import math
import tokenize
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from songrec.checks import check_names, checked, in_words, read_yaml, suggest
from songrec.errors import ConfigError
from songrec.extras import EXTRAS, missing
from songrec.files import read_json
from songrec.modelspec import ModelSpec, changed, laid_over, read_models, specified
from songrec.paths import PROFILES, own_profiles

PARAMETERS = "parameters"
_TYPES = {"int": int, "float": float, "str": str, "bool": bool, "dict": dict[str, Any]}


@dataclass(frozen=True)
class Parameter:
    """One line of a notebook's parameters cell."""

    name: str
    type: Any
    default: Any
    help: str

    def check(self, value: Any, where: str) -> Any:
        """The value in its declared type; a `ConfigError` says where it came from and what was expected.

        An int may stand for a float, one value for a list of it, and for text a date, which YAML makes of it,
        or within a list a whole number (a place of a column). Nothing else is converted: text is never read
        as a number.
        """
        if self.type is str and isinstance(value, date):
            value = str(value)
        if get_origin(self.type) is list and value is not None:
            value = value if isinstance(value, list) else [value]
            if self.type == list[str]:
                value = [str(one) if type(one) is int else one for one in value]

        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{where}: {self.name} must be a finite number, not {value}")
        try:
            return TypeAdapter(self.type).validate_python(value, strict=True)
        except ValidationError as error:
            hint = ""
            if isinstance(value, str) and self.plain_type in (int, float) and _is_number(value):
                number = float(value) if self.plain_type is float else int(float(value))
                hint = f" (in quotes it is text: write {number!r})"
            if self.type is str and type(value) in (int, float):
                hint = f" (text stands in quotes: write '{value}')"
            said = f" must be {_type_name(self.type)}, not {value!r}"
            if get_origin(self.type) in (Annotated, Literal):
                said = in_words(error.errors()[0])
            raise ConfigError(f"{where}: {self.name}{said}{hint}") from error

    @property
    def plain_type(self) -> Any:
        """The type without its range."""
        return get_args(self.type)[0] if get_origin(self.type) is Annotated else self.type

    def parse(self, text: str, where: str) -> Any:
        """The value that `text`, typed at a command line, stands for."""
        if self.type is str:
            return text
        if self.plain_type is float and _is_number(text):
            return self.check(float(text), where)
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            value = text
        return self.check(value, where)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _type_name(declared: Any) -> str:
    return declared.__name__ if declared in (int, float, str, bool) else str(declared)


def read_parameters(notebook: Path) -> dict[str, Parameter]:
    """Parameters that the notebook declares, by name, in their order.

    Raises `ConfigError` when there is not exactly one cell tagged `parameters`, or a line of it is not
    `name: type = literal  # comment`.
    """
    cells = [c for c in read_json(notebook)["cells"] if PARAMETERS in c["metadata"].get("tags", [])]
    if len(cells) != 1:
        raise ConfigError(f"{notebook}: {len(cells)} cells are tagged `parameters`; there must be one")
    source = "".join(cells[0]["source"])
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    try:
        lines = ast.parse(source).body
    except SyntaxError as error:
        raise ConfigError(f"{notebook}: the parameters cell is not Python: {error.msg}") from error
    for line in lines:
        try:
            name, default = line.target.id, ast.literal_eval(line.value)
            declared = _declared_type(line.annotation)
        except (AttributeError, ValueError, KeyError) as error:
            text = ast.unparse(line)
            raise ConfigError(
                f"{notebook}: in the parameters cell, {text!r} is not `name: type = literal`, with a type "
                f"among {', '.join(_TYPES)}, list[...] or dict[str, ...]"
            ) from error
        parameter = Parameter(name, declared, default, comments.get(line.end_lineno, ""))
        parameter.check(default, str(notebook))
        found[name] = parameter
    return found


def _declared_type(annotation: ast.expr) -> Any:
    if isinstance(annotation, ast.Name):
        return _TYPES[annotation.id]
    container = annotation.value.id
    if container == "list":
        return list[_declared_type(annotation.slice)]
    key, value = annotation.slice.elts
    if container != "dict" or key.id != "str":
        raise KeyError(container)
    return dict[str, _declared_type(value)]


class Profile(BaseModel):
    """A named set of parameters: one file of `notebooks/profiles`, resolved.

    Attributes
    ----------
    title : str
        What its pages are called.
    description : str
        What the log is.
    synthetic : bool
        Whether the log is made up.
    shared : dict
        Parameters of every stage that declares them.
    stages : dict
        Stage -> its parameters.
    models : dict
        Label -> the model, in the order in which they run.
    only : list of str
        Stages that a run looks at where none is named, with what they need; empty: all.
    without : list of str
        Stages that it leaves out.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    title: str
    description: str
    synthetic: bool
    shared: dict[str, Any] = {}
    stages: dict[str, dict[str, Any]] = {}
    models: dict[str, ModelSpec] = Field(min_length=1)
    only: list[str] = []
    without: list[str] = []


def _by_label(models: Any) -> Any:
    return {str(label): None for label in models} if isinstance(models, list) else models


class _Written(BaseModel):
    """A profile's file: it need not say what the profiles that it extends say."""

    model_config = ConfigDict(extra="forbid", strict=True)

    extends: Annotated[
        list[str], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
    ] = []
    title: Any = None
    description: Any = None
    synthetic: Any = None
    only: list[str] = []
    shared: dict[str, Any] = {}
    stages: dict[str, dict[str, Any] | None] = {}
    models: Annotated[dict[str, dict[str, Any] | None], BeforeValidator(_by_label)] = {}


def profile_names(folder: Path) -> list[str]:
    """Names of the profiles in the folder, sorted; a file that begins with _ is there to be extended only."""
    return sorted(name for name in _files(folder) if not name.startswith("_"))


def _files(folder: Path) -> dict[str, Path]:
    """Name -> file of each profile in the folder; a person's own hold, where a wheel brought some."""
    folders = [folder, own_profiles()] if folder == PROFILES else [folder]
    return {path.stem: path for one in folders for path in one.glob("*.yml")}


def files_of_profile(name: str, folder: Path) -> list[Path]:
    """The profile's file and those that it extends."""
    path = _files(folder)[name]
    parents = checked(_Written, read_yaml(path), str(path)).extends
    return [path, *(file for parent in parents for file in files_of_profile(parent, folder))]


def read_profile(name: str, folder: Path) -> Profile:
    """Read, resolve and check a profile.

    `extends` names profiles whose settings it takes over; of several the last holds. null takes one back: a
    parameter, a fixed hyper-parameter; a stage that is null is left out. `models`, a list of labels or a
    mapping label -> changes of its block in `models.yml`, says which models there are; what an extended
    profile changes of them holds.

    Raises
    ------
    ConfigError
        It names the file and the key.
    """
    if name not in (names := profile_names(folder)):
        raise ConfigError(f"there is no profile {name!r}{suggest(name, names)} Profiles: {', '.join(names)}.")
    path = _files(folder)[name]
    written, blocks, models = _extended(name, folder, ()), read_models(), {}
    for label, changes in written.models.items():
        own = "estimator" in changes
        check_names([] if own else [label], blocks, "model (one of your own names its estimator)", str(path))
        models[label] = specified(label, laid_over(label, changes, blocks), f"{path}: models.{label}")
    resolved = {
        "shared": _set(written.shared),
        "stages": {stage: _set(values) for stage, values in _set(written.stages).items()},
        "without": [stage for stage, values in written.stages.items() if values is None],
        "models": models,
    }
    return checked(Profile, written.model_dump(exclude={"extends"}, exclude_unset=True) | resolved, str(path))


def _extended(name: str, folder: Path, chain: tuple[str, ...]) -> _Written:
    """A profile's file laid over those that it extends; what they take back is None in it."""
    files = _files(folder)
    path = files[name]
    own, merged = checked(_Written, read_yaml(path), str(path)), _Written()
    for parent in own.extends:
        check_names([parent], files, "profile", f"{path}: extends")
        if parent in (*chain, name):
            raise ConfigError(f"{path}: extends: {' extends '.join((*chain, name, parent))}")
        merged = _laid_over(merged, _extended(parent, folder, (*chain, name)))
    return _laid_over(merged, own)


def _laid_over(base: _Written, own: _Written) -> _Written:
    merged = {
        "shared": base.shared | own.shared,
        "stages": base.stages
        | {
            stage: None if values is None else (base.stages.get(stage) or {}) | values
            for stage, values in own.stages.items()
        },
        "models": {
            label: changed(base.models.get(label, {}), changes or {}) for label, changes in own.models.items()
        }
        or base.models,
    }
    return base.model_copy(update=own.model_dump(exclude_unset=True) | merged)


def _set(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def runnable(profile: Profile) -> tuple[Profile, dict[str, str]]:
    """The profile with the models that can run here, and for each of the others what is missing.

    A model made of others is left out with any of them; `members: ["*"]` stands for all before it that are
    kept and made of no others. Raises `ConfigError` for an unknown extra or member.
    """
    left_out: dict[str, str] = {}
    kept: dict[str, ModelSpec] = {}
    for label, entry in profile.models.items():
        check_names([entry.extra] if entry.extra else [], EXTRAS, "extra", f"models.{label}")
        if entry.members == ["*"]:
            single = [each for each, spec in kept.items() if not spec.members]
            entry = entry.model_copy(update={"members": single})
        check_names(entry.members, [*kept, *left_out], "member (it must stand before)", f"models.{label}")
        absent = [left_out[member] for member in entry.members if member in left_out]
        if line := missing(entry.extra) or next(iter(absent), ""):
            left_out[label] = line
        else:
            kept[label] = entry
    return profile.model_copy(update={"models": kept}), left_out
