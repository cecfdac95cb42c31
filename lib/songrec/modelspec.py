"""What is known of each configured model: `notebooks/models.yml`."""

from types import SimpleNamespace

import yaml

from songrec.paths import NOTEBOOKS


def read_models():
    path = NOTEBOOKS / "models.yml"
    if not path.exists():
        return {}
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {label: SimpleNamespace(**entry) for label, entry in entries.items()}
