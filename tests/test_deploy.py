"""What is shipped and how: workflows, release notes, compose file, images."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from compose import FILE, command_of, interpolated

REPOSITORY = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
workflows = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)


@workflows
def test_actions_are_pinned_by_their_commit_and_say_their_version(workflow):
    used = [line for line in workflow.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert used
    for line in used:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


@workflows
def test_a_job_may_do_what_it_says_and_no_more(workflow):
    found = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert found["permissions"] == {}
    for name, job in found["jobs"].items():
        assert "timeout-minutes" in job, name
        if workflow.stem == "ci":  # it runs what a stranger sends
            assert job["permissions"] == {"contents": "read"}
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"]["persist-credentials"] is False


def _notes(tag: str) -> subprocess.CompletedProcess:
    command = ["/bin/sh", REPOSITORY / ".ci" / "release-notes", tag]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_release_is_told_by_the_changelog():
    version = re.search(r'^version = "(.+)"$', (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)[1]
    done = _notes(f"v{version}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith("* ")
    assert "## " not in done.stdout
    assert (_notes("v99.0.0").returncode, _notes("v99.0.0").stdout) == (1, "")


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("compose-spec", [FILE]),
        ("github-workflows", WORKFLOWS),
        ("dependabot", [REPOSITORY / ".github" / "dependabot.yml"]),
        ("citation-file-format", [REPOSITORY / "CITATION.cff"]),
    ],
)
def test_files_that_others_read_fit_their_public_schemas(schema, files):
    if not find_spec("check_jsonschema"):
        pytest.skip("check-jsonschema is not installed: .ci/run has it")
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    done = subprocess.run([*check, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_compose_file_starts_what_there_is():
    from songrec.cli import cli

    command, *words = command_of("serve", {}, {"MODEL": "models:/songbook@champion"})
    assert "--model=models:/songbook@champion" in words
    known = {option for parameter in cli.commands[command].params for option in parameter.opts}
    assert {word.split("=")[0] for word in words} <= known
    with pytest.raises(KeyError, match="POSTGRES_PASSWORD"):
        interpolated(yaml.safe_load(FILE.read_text(encoding="utf-8")), {})


def test_the_compose_file_lets_nobody_in_from_outside():
    services = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    assert set(services) == {"serve", "pipeline", "redis", "postgres", "mlflow"}
    for name, service in services.items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        if "image" in service:
            assert not service["image"].endswith(":latest")
        else:
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]


def test_images_run_as_nobody_and_are_copied_out_of_what_builds():
    text = (REPOSITORY / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    last = {stage.split()[0]: stage for stage in text.split(" AS ")[1:]}
    for target in ("serve", "pipeline"):
        assert "USER 10001" in last[target]
        assert "RUN" not in last[target]


def test_the_lock_is_read_entry_by_entry(monkeypatch):
    monkeypatch.syspath_prepend(REPOSITORY / "deploy")
    from locked import entries

    lock = (
        "a-b==1.0 ; python_version < '3.12' \\\n    --hash=sha256:1\na-b==2.0 \\\n    --hash=sha256:2\n"
        "C.d==3 \\\n    --hash=sha256:3\n"
    )
    found = entries(lock)
    assert set(found) == {"a-b", "c-d"}
    assert found["a-b"].count("--hash") == 2
    real = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    assert "".join(entries(real).values()).count("--hash") == real.count("--hash")


def test_a_commit_is_checked_as_make_quick_checks():
    (repo,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repo["hooks"][0]["entry"].split() == ["make", "--no-print-directory", "quick"]
