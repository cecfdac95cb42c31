"""The command line as a person meets it: help, exit codes, and output that cannot be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from songrec import cli
from songrec.cli import main

COMMANDS = ["", "run", "explain", "recommend", "similar", "data", "data list", "data fetch", "data check"]


def _python(*arguments: str, **options) -> subprocess.CompletedProcess:
    """The command in a process of its own, with its output buffered as a user's is."""
    command = [sys.executable, "-m", "songrec.cli", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment |= options.pop("env", {})
    return subprocess.run(command, stderr=subprocess.PIPE, check=False, env=environment, **options)


@pytest.mark.parametrize("command", [*COMMANDS, "publish"])
def test_help_shows_an_example(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([*command.split(), "--help"])
    assert end.value.code == 0
    examples = capsys.readouterr().out.partition("examples:\n")[2]
    assert f"  songrec {command}".rstrip() in examples


def test_an_unknown_command_is_a_wrong_use(capsys):
    with pytest.raises(SystemExit) as end:
        main(["recomend"])
    assert end.value.code == 2
    assert "'recomend'" in capsys.readouterr().err


@pytest.mark.parametrize("n", ["0", "-1", "ten", "1.5"])
def test_a_length_that_is_none_is_a_wrong_use(n, capsys):
    with pytest.raises(SystemExit) as end:
        main(["similar", "--song", "s", "--n", n])
    assert end.value.code == 2
    assert "is not a whole number above 0" in capsys.readouterr().err


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
    log.write_text("u1;s1;3\nu2;s1;1\n")
    assert main(["data", "check", str(log)]) == 1
    shown = capsys.readouterr()
    assert "log.tsv:1: " in shown.err
    assert "log.tsv:2: " in shown.err
    assert "separator" in shown.err
    assert shown.out == ""


def test_any_failure_to_write_is_one_line(monkeypatch, capsys):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "_data_list", full)
    assert main(["data", "list"]) == 1
    assert capsys.readouterr().err == "songrec: [Errno 28] No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
def test_an_output_that_is_full_is_one_line_and_a_failure():
    with open("/dev/full", "wb") as full:
        done = _python("data", "list", stdout=full, text=True)
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
    assert done.returncode == 1
    assert b"log.tsv:1: " in done.stderr
    assert b"?;s;3" in done.stderr
    assert b"Traceback" not in done.stderr
