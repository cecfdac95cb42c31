"""Install a wheel and what it depends on as the lock says: these versions, with these hashes, and no others.

    python locked.py songrec.whl --lock requirements.lock [--extra study] [--without numba ...] [for pip]

`--without` leaves packages out that the installed part does not use. For building images; needs pip alone.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def pip(*arguments: str) -> None:
    """Run this Python's pip."""
    quietly = ["--disable-pip-version-check", "--no-input", "--no-cache-dir"]
    subprocess.run([sys.executable, "-m", "pip", *quietly, *arguments], check=True)


def entries(lock: str) -> dict[str, str]:
    """Name -> its entry of the lock: version, marker, hashes; of one that stands twice, by marker, both."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        if name := re.match(r"([A-Za-z0-9._-]+)==", entry):
            key = re.sub(r"[-_.]+", "-", name[1]).lower()
            found[key] = found.get(key, "") + entry + "\n"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel")
    parser.add_argument("--lock", type=Path, required=True)
    parser.add_argument("--extra", default="")
    parser.add_argument("--without", nargs="*", default=[])
    told, options = parser.parse_known_args()
    locked = entries(told.lock.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        constraints, report, wanted = (Path(folder, name) for name in ("constraints", "report", "wanted"))
        lines = [line for entry in locked.values() for line in entry.splitlines() if "==" in line]
        constraints.write_text("\n".join(line.rstrip(" \\") for line in lines))
        asked = f"{told.wheel}[{told.extra}]" if told.extra else told.wheel
        dry = ["install", "--quiet", "--dry-run", "--ignore-installed", "--report", str(report)]
        pip(*dry, "--constraint", str(constraints), asked, *options)
        found = [one["metadata"]["name"] for one in json.loads(report.read_text())["install"]]
        names = [re.sub(r"[-_.]+", "-", name).lower() for name in found]
        kept = [name for name in names if name not in {"songrec", *told.without}]
        wanted.write_text("".join(locked[name] for name in kept))
        pip(
            "install", "--no-compile", "--no-deps", "--require-hashes", "--requirement", str(wanted), *options
        )
        pip("install", "--no-compile", "--no-deps", "--no-index", told.wheel)


if __name__ == "__main__":
    main()
