"""Optional packages: what the base install does without, and how to get it."""

import sys
from importlib.util import find_spec
from typing import NamedTuple

from songrec.errors import ConfigError


class Extra(NamedTuple):
    """The modules that show that an extra is installed, with their names in prose, and what installs it."""

    modules: dict[str, str]
    install: str


EXTRAS = {
    "neural": Extra({"torch": "PyTorch"}, "make neural"),
    "serve": Extra(
        {
            "fastapi": "FastAPI",
            "uvicorn": "uvicorn",
            "redis": "redis",
            "rapidfuzz": "RapidFuzz",
            "prometheus_client": "prometheus-client",
            "orjson": "orjson",
            "usearch": "usearch",
            "psycopg": "psycopg",
            "pgvector": "pgvector",
        },
        "make serve",
    ),
    "spark": Extra({"pyspark": "PySpark"}, "make spark"),
    "tracking": Extra({"mlflow": "MLflow"}, "make tracking"),
    "study": Extra(
        {"dvc": "DVC", "papermill": "papermill", "optuna": "Optuna", "matplotlib": "Matplotlib"},
        "pip install 'songrec[study]'",
    ),
}


def missing(extra: str) -> str:
    """One line that says what is missing and how to install it; empty when the extra is there.

    >>> missing("")
    ''
    """
    if not extra:
        return ""
    modules, install = EXTRAS[extra]
    names = [name for module, name in modules.items() if not find_spec(module)]
    if not names:
        return ""
    return f"needs {', '.join(names)}, which {'is' if len(names) == 1 else 'are'} not installed: {install}"


def require(extra: str, who: str) -> None:
    """Check that an extra is installed.

    Parameters
    ----------
    extra : str
        Name of the extra; empty: none is needed.
    who : str
        What needs it.

    Raises
    ------
    ConfigError
        Naming the command that installs it.
    """
    if line := missing(extra):
        raise ConfigError(f"{who} {line}")


def leave_out_needless(*others: str) -> None:
    """Keep nbformat, papermill and Jupyter Book from importing for seconds what nobody here needs.

    That is jsonschema's grammar of web addresses, and what else the process does without: they all do without
    a module that cannot be imported. To be called before any of them is imported.
    """
    for name in ("rfc3987_syntax", *others):
        sys.modules.setdefault(name, None)
