"""The command line as a person meets it: help, exit codes, and output that cannot be written."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from songrec import cli, errors
from songrec.cli import main


def _commands(group: click.Group = cli.cli, path: str = ""):
    """Every command, by the words that call it."""
    yield path
    for name, command in group.commands.items():
        words = f"{path} {name}".strip()
        yield from _commands(command, words) if isinstance(command, click.Group) else [words]


def _python(*arguments: str, **options) -> subprocess.CompletedProcess:
    """The command in a process of its own, with its output buffered as a user's is."""
    command = [sys.executable, "-m", "songrec.cli", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment |= options.pop("env", {})
    return subprocess.run(command, stderr=subprocess.PIPE, check=False, env=environment, **options)


@pytest.fixture
def planned(monkeypatch) -> list:
    """What `run` and `explain` hand down; nothing runs."""
    handed: list = []
    for name, stand_in in {
        "plan.make_plan": lambda *given, **named: handed.append((*given, named)),
        "run.run": lambda plan, **named: handed.append(named),
        "run.explain": lambda plan, only: handed.append(only) or {"ingest": ["new"]},
    }.items():
        monkeypatch.setattr(f"songrec.pipeline.{name}", stand_in)
    return handed


@pytest.fixture
def asked(monkeypatch) -> list:
    """What `recommend` and `similar` ask the service."""
    made: list = []
    service = SimpleNamespace(
        for_user=lambda *what: made.append(("user", *what)),
        for_songs=lambda *what: made.append(("songs", *what)),
        similar=lambda *what: made.append(("similar", *what)),
        named=lambda text: text.split(","),
    )
    monkeypatch.setattr("songrec.serve.open_service", lambda *which, **_: made.append(which) or service)
    return made


@pytest.mark.parametrize("command", list(_commands()))
def test_help_shows_an_example_and_the_exit_codes(command, capsys):
    assert main([*command.split(), "--help"]) == 0
    examples, _, codes = capsys.readouterr().out.partition("examples:\n")[2].partition("exit codes:")
    assert f"  songrec {command}".rstrip() in examples
    assert "75" in codes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "Commands:"),
        ("recomend", "Did you mean 'recommend'"),
        ("data chekc", "Did you mean 'check'"),
        ("run --profil tiny", "Did you mean '--profile'"),
        ("run tiny", "unexpected extra argument"),
        ("book plays.csv --force", "No such option"),
        ("recommend", "--user and --songs"),
        ("recommend --user u --songs s", "--user and --songs"),
        ("similar", "--song"),
        *((f"similar --song s --n {n}", f"{n} is not in the range x>=1") for n in (0, -1)),
        *((f"similar --song s --n {n}", f"'{n}' is not a valid integer") for n in ("ten", "1.5")),
    ],
)
def test_a_wrong_use_is_told_with_a_hint(arguments, said, capsys):
    assert main(arguments.split()) == cli.EXIT_USAGE
    assert said in capsys.readouterr().err


def test_run_hands_down_what_was_asked(planned):
    only = {"only": ("ingest", "train.ease", "split"), "force": False, "wait": True}
    arguments = "run --profile p --wait --only ingest train.ease --only split --set a.b=1 --set c.d=-2"
    assert main(arguments.split()) == 0
    assert planned == [("p", ("a.b=1", "c.d=-2"), {"fetch": True, "tuned_from": None}), only]
    planned.clear()
    assert main(["run", "--tuned-from", "lastfm-2k", "--force"]) == 0
    named = {"fetch": True, "tuned_from": "lastfm-2k"}
    assert planned == [("sample", (), named), {"only": (), "force": True, "wait": False}]


@pytest.mark.parametrize("command", ["explain", "run --dry-run"])
def test_explain_says_why(command, planned, capsys, monkeypatch):
    monkeypatch.setattr("songrec.pipeline.needs.told", lambda plan, stages: "")
    assert main([*command.split(), "--only", "ingest", "--set", "a.b=1"]) == 0
    assert planned == [("sample", ("a.b=1",), {"tuned_from": None}), ("ingest",)]
    assert capsys.readouterr().out == "ingest: would run\n    new\n"


def test_a_dry_run_says_what_the_stages_need(planned, capsys, monkeypatch):
    monkeypatch.setattr("songrec.pipeline.needs.told", lambda plan, stages: f"needs of {stages}")
    assert main(["run", "--dry-run"]) == 0
    assert capsys.readouterr().out == "ingest: would run\n    new\n\nneeds of ['ingest']\n"


@pytest.mark.parametrize("user", [["--user", "-abc"], ["--user=-abc"], ["--user", "--n"]])
def test_an_id_may_begin_with_a_dash(user, asked):
    assert main(["recommend", "--profile", "p", *user]) == 0
    assert asked == [("p", None), ("user", user[-1].removeprefix("--user="), 10)]


def test_recommend_and_similar_ask_the_service(asked):
    assert main(["recommend", "--songs", "a,b", "--n", "3", "--model", "ease"]) == 0
    assert main(["similar", "--song", "-s"]) == 0
    assert main(["recommend", "--user", ""]) == 0
    assert asked[:2] == [("sample", "ease"), ("songs", ["a", "b"], 3)]
    assert asked[2:] == [("sample", None), ("similar", "-s", 10), ("sample", None), ("user", "", 10)]


def test_data_list_names_the_data_sets(capsys):
    assert main(["data", "list"]) == 0
    assert "lastfm-2k" in capsys.readouterr().out


def test_data_check_accepts_a_good_file(tmp_path, capsys):
    log = tmp_path / "log.tsv"
    log.write_text("u1\ts1\t3\nu2\ts1\t1\n")
    assert main(["data", "check", str(log)]) == 0
    shown = capsys.readouterr()
    assert "2" in shown.out
    assert shown.err == ""


def test_data_check_says_where_a_bad_file_is_bad(tmp_path, capsys):
    log = tmp_path / "log.tsv"
    log.write_text("user\tsong\tplays\nu1\ts1\tmany\nu2\ts1\tfew\n")
    assert main(["data", "check", str(log), "--plays", "plays"]) == 1
    shown = capsys.readouterr()
    assert "log.tsv:2: plays not a number: 'u1\\ts1\\tmany'" in shown.err
    assert "log.tsv:3: " in shown.err
    assert "name two columns, user and song (`--user`, `--item`, `--plays`)" in shown.err
    assert "separator '\\t', the first line names the columns" in shown.out
    assert "u1           s1           many" in shown.out


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(28, "No space left on device"), 1, "songrec: [Errno 28] No space left on device\n"),
        (KeyboardInterrupt(), 130, "songrec: interrupted; what was finished is kept\n"),
        (errors.DataError("bad"), 1, "songrec: bad\n"),
        (errors.ConfigError("wrong"), 2, "songrec: wrong\n"),
        (errors.BusyError("busy"), 75, "songrec: busy\n"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_any_failure_is_one_line_and_an_exit_code(error, code, said, monkeypatch, capsys):
    def fail():
        raise error

    monkeypatch.setattr("songrec.data.sources.available", fail)
    assert main(["data", "list"]) == code
    assert capsys.readouterr().err == said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
@pytest.mark.parametrize("arguments", [["data", "list"], ["--help"]])
def test_an_output_that_is_full_is_one_line_and_a_failure(arguments):
    with open("/dev/full", "wb") as full:
        done = _python(*arguments, stdout=full, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["songrec: [Errno 28] No space left on device"]


def test_a_reader_that_has_gone_is_no_failure():
    reader, writer = os.pipe()
    os.close(reader)
    done = _python("data", "list", stdout=writer, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_terminal_cannot_show_is_replaced(tmp_path):
    log = tmp_path / "log.tsv"
    log.write_text("ü;s;3\n", encoding="utf-8")
    plain = {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"}
    done = _python("data", "check", str(log), stdout=subprocess.PIPE, env=plain)
    assert done.returncode == 0
    assert b"\n  ?         s         3" in done.stdout
    assert done.stderr == b""


@pytest.mark.parametrize("command", [["data", "check"], ["init"]], ids=str)
def test_what_is_wrong_with_a_log_is_told_in_options(command, tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as packed:
        packed.writestr("a.csv", "u,s\n")
        packed.writestr("b.csv", "u,s\n")
    assert main([*command, str(tmp_path / "two.zip"), "--member", "c.csv"]) == 1
    assert "Name one as `--member`" in capsys.readouterr().err


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_an_id_is_read_as_utf_8_whatever_the_locale(locale):
    code = (
        "import songrec.serve, songrec.cli\n"
        "class Asked:\n    def similar(self, song, n): return ascii(song)\n"
        "songrec.serve.open_service = lambda *_, **__: Asked()\n"
        "songrec.cli.main(['similar', '--song', *__import__('sys').argv[1:]])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    done = subprocess.run(
        [sys.executable, "-c", code, "Björk"], capture_output=True, env=environment | locale, check=False
    )
    assert done.stdout.strip() == b"'Bj\\xf6rk'", done.stderr
