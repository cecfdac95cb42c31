"""What deploy/compose.yml would start, as commands of this machine."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parents[1] / "deploy" / "compose.yml"


def interpolated(value: Any, environment: Mapping[str, str] = os.environ) -> Any:
    """A value with its variables, as Compose has them: `${NAME}`, `${NAME:-default}`, `${NAME:?what it is}`.

    >>> interpolated(["--profile", "${PROFILE:-sample}"], {})
    ['--profile', 'sample']
    """
    if isinstance(value, dict):
        return {key: interpolated(each, environment) for key, each in value.items()}
    if isinstance(value, list):
        return [interpolated(each, environment) for each in value]
    if not isinstance(value, str):
        return value

    def found(match: re.Match) -> str:
        if said := environment.get(match["name"]):
            return said
        if match["how"] == ":?":
            raise KeyError(f"{match['name']}: {match['what']}")
        return match["what"] or ""

    return re.sub(r"\$\{(?P<name>\w+)((?P<how>:[-?])(?P<what>[^}]*))?\}", found, value)


def command_of(service: str, replaced: Mapping[str, str], environment: Mapping[str, str] = {}) -> list[str]:
    """A service's entry point and command, with parts of them replaced: ports, hosts and folders of here.

    Raises
    ------
    KeyError
        For something to replace that is not there.
    """
    entry = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"][service]
    command = interpolated([*entry.get("entrypoint", []), *entry["command"]], environment)
    for old, new in replaced.items():
        if not any(old in part for part in command):
            raise KeyError(f"{service} says nothing of {old}: {command}")
        command = [part.replace(old, new) for part in command]
    return command
