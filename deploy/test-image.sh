#!/bin/bash
# Build both images and run them, without a registry and without a package index: by buildah, from Debian's packages.
#   PYTHON    the project's, of the base's minor version (.venv/bin/python; Debian 12 has 3.11)
#   MOST_MB   of the serving image (460)
#   PUBLISH   1: sizes go to data/results/bench/images.csv
#   BASE_TAR  a root file system with Python and its venv module; made by mmdebstrap where none is named
# Needs root, buildah and mmdebstrap. What is downloaded goes into build/image and is used again.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(realpath -s "${PYTHON:-.venv/bin/python}")
folder=$PWD/build/image
mkdir -p "$folder/context/dist"
export BUILDAH_ISOLATION=chroot
store=(--root "$folder/store" --runroot "$folder/run")
buildah() { command buildah "${store[@]}" "$@"; }

base=${BASE_TAR:-$folder/base.tar}
[ -e "$base" ] ||
    mmdebstrap --mode=root --variant=minbase --include=usr-is-merged,python3,python3-venv,ca-certificates \
        --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$base" 2> "$folder/base.log" ||
    { rm -f "$base"; tail -n 3 "$folder/base.log"; exit 75; } # nothing of Debian's can be fetched here
if ! buildah images --quiet localhost/debian-base > /dev/null 2>&1; then
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$base" / > /dev/null
    buildah commit --quiet "$container" localhost/debian-base:bookworm > /dev/null
    buildah rm "$container" > /dev/null
fi

# What the build may see: the lock, the wheel, and every package that either image installs, for the base's Python.
rm -f "$folder"/context/dist/songrec-*.whl
"$python" -m hatchling build --target wheel --directory "$folder/context/dist" > /dev/null
mkdir -p "$folder/context/deploy"
cp requirements.lock requirements-*.txt "$folder/context/"
cp deploy/locked.py "$folder/context/deploy/"
fetched=$folder/fetched-$(cat pyproject.toml requirements* | sha256sum | cut -c 1-16)
[ -e "$fetched" ] || "$python" - "$folder/context/dist" << 'PYTHON'
import subprocess, sys
from pathlib import Path

folder = Path(sys.argv[1])
lines = [line.rstrip(" \\") for line in Path("requirements.lock").read_text().splitlines() if "==" in line and line[0] != " "]
(folder / "constraints.txt").write_text("\n".join(lines))
(wheel,) = folder.glob("songrec-*.whl")
pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--dest", folder]
subprocess.run([*pip, "--constraint", folder / "constraints.txt", f"{wheel}[study]"], check=True)
# What is published as source alone is built with the first two; redis wants the third before Python 3.11.3.
subprocess.run([*pip, "setuptools", "wheel", "async-timeout"], check=True)
for extra in ("tracking", "serve"):
    if (file := Path(f"requirements-{extra}.txt")).exists():
        subprocess.run([*pip, "--requirement", file], check=True)
PYTHON

touch "$fetched"

echo image,mb > "$folder/sizes.csv"
for target in serve pipeline; do
    buildah bud --format docker --build-arg BASE=localhost/debian-base:bookworm --build-arg OFFLINE=1 --target "$target" \
        --tag "localhost/songbook-$target" --file deploy/Dockerfile "$folder/context" > "$folder/$target.log" 2>&1 ||
        { tail -n 30 "$folder/$target.log"; exit 1; }
    buildah inspect --type image "localhost/songbook-$target" > "$folder/$target.json"
    "$python" - "$folder/$target.json" "$target" << 'PYTHON'
import json, sys
image = json.load(open(sys.argv[1]))["Docker"]
assert image["config"]["User"] == "10001", image["config"]["User"]
assert bool(image["config"].get("Healthcheck")) == (sys.argv[2] == "serve")
PYTHON
    "$python" - "$target" "$(buildah mount "$(buildah from "localhost/songbook-$target")")" "${MOST_MB:-460}" << 'PYTHON'
import os, sys
target, root, most = sys.argv[1:]
files = [os.lstat(os.path.join(folder, name)) for folder, _, names in os.walk(root) for name in names]
size = sum({(one.st_dev, one.st_ino): one.st_size for one in files}.values()) / 1e6
print(f"{target}: {size:.0f} MB")
with open("build/image/sizes.csv", "a") as file:
    file.write(f"{target},{size:.0f}\n")
assert target != "serve" or size <= float(most), f"more than {most} MB"
PYTHON
    buildah rm --all > /dev/null
done
[ "${PUBLISH:-}" != 1 ] || cp "$folder/sizes.csv" data/results/bench/images.csv

inside() { # image, command: run as the image's user, its folder of data mounted
    local image=$1 container code=0
    shift
    container=$(buildah from "localhost/songbook-$image")
    buildah run --volume "$folder/data:/srv/songbook/data" "$container" -- "$@" || code=$?
    buildah rm "$container" > /dev/null
    return "$code"
}
rm -rf "$folder/data" && mkdir -p "$folder/data" && chown 10001 "$folder/data"
[ "$(inside serve id -u)" = 10001 ]
inside serve sh -c '! command -v gcc cc g++ clang make' # nothing here compiles
inside serve sh -c '! touch /srv/songbook/venv/x 2> /dev/null && ! touch /usr/x 2> /dev/null' # nor writes where programs are
inside pipeline songrec run --profile tiny --only study.train | tail -n 1
inside serve songrec recommend --profile tiny --model ease --user nobody --n 3

port=${PORT:-18080}
health=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["Docker"]["config"]["Healthcheck"]["Test"][-1])' "$folder/serve.json")
inside serve timeout 90 songrec serve --profile tiny --model ease --port "$port" > "$folder/service.log" 2>&1 &
for _ in $(seq 80); do
    "$python" -c "${health//8000/$port}" 2> /dev/null && healthy=yes && break
    sleep 1
done
[ "${healthy:-}" = yes ] || { tail -n 20 "$folder/service.log"; exit 1; }
"$python" - "http://127.0.0.1:$port/v1/recommendations" << 'PYTHON'
import json, sys
from urllib.request import Request, urlopen
asked = json.dumps({"history": [], "n": 3}).encode()
with urlopen(Request(sys.argv[1], asked, {"Content-Type": "application/json"}), timeout=10) as answer:
    print("the service answers:", answer.read(300).decode())
PYTHON
wait || true # its time is bounded
