"""Runs that fail, are killed, or meet each other: on a toy checkout, through the command line."""

import json
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow


def _wait_for(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _insert(checkout, notebook: str, line: str) -> None:
    """A line of code before the stage is opened."""
    file = checkout.root / "notebooks" / "studies" / f"{notebook}.ipynb"
    content = json.loads(file.read_text())
    cell = [c for c in content["cells"] if c["cell_type"] == "code"][-1]
    cell["source"] = [line + "\n", *cell["source"]]
    file.write_text(json.dumps(content))


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def _kernels(checkout) -> list[int]:
    """Processes that work in the checkout's notebooks folder: the kernels of its stages."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd") == str(checkout.root / "notebooks") and _alive(int(pid)):
                found.append(int(pid))
        except OSError:
            continue
    return found


def test_a_failed_stage_keeps_what_was_finished_and_stays_apart(ran):
    before = (ran.processed / "fitted" / "item_knn.txt").read_bytes()
    _insert(ran, "05_train", "if model == 'item_knn': raise ValueError('the reason')")
    done = ran.songrec("run", "--profile", "toy", code=1)
    assert "ValueError: the reason" in done.stderr
    unfinished = ran.processed / "failed" / "studies" / "05_train.item_knn.ipynb"
    assert str(unfinished) in done.stderr
    assert "the reason" in unfinished.read_text()
    assert (
        "the reason" not in (ran.processed / "notebooks" / "studies" / "05_train.item_knn.ipynb").read_text()
    )
    assert (ran.processed / "fitted" / "item_knn.txt").read_bytes() == before
    assert "train.popularity" not in ran.run(code=1)  # finished before the failure: not run again
    ran.edit("notebooks/studies/05_train.ipynb", "raise ValueError('the reason')", "pass")
    assert ran.run("--only", "train.item_knn") == ["train.item_knn"]
    assert not unfinished.exists()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for processes in /proc")
def test_killed_in_its_third_stage_keeps_two_leaves_nothing_running_and_goes_on(checkout):
    _insert(checkout, "05_train", "import time; time.sleep(60)")
    run = subprocess.Popen(
        checkout.command("run", "--profile", "toy"),
        env=checkout.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    third = checkout.processed / "failed" / "studies" / "05_train.popularity.ipynb"
    _wait_for(lambda: third.exists() and _kernels(checkout))

    second = checkout.songrec("run", "--profile", "toy", code=75)  # two runs at once
    assert f"process {run.pid}" in second.stderr

    run.kill()
    run.wait()
    assert [line.split()[0] for line in run.stdout] == ["ingest", "split"]
    _wait_for(lambda: not _kernels(checkout), seconds=20)
    checkout.edit("notebooks/studies/05_train.ipynb", "time.sleep(60)", "time.sleep(0)")
    assert checkout.run("--only", "train.popularity") == ["train.popularity"]


def test_interrupted_exits_with_130(checkout):
    _insert(checkout, "01_ingest", "import time; time.sleep(60)")
    run = subprocess.Popen(
        checkout.command("run", "--profile", "toy"),
        env=checkout.environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _wait_for(lambda: (checkout.processed / "failed" / "studies" / "01_ingest.ipynb").exists())
    os.killpg(run.pid, signal.SIGINT)  # what a terminal sends on ctrl-c
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130, said
    assert "Traceback" not in said


def test_an_interrupt_before_the_kernel_is_there_ends_the_stage():
    code = (
        "import os, signal, nbclient, nbformat.v4 as v4\n"
        "from songrec.pipeline.execute import end_at_signals\n"
        "end_at_signals()\n"
        "client = nbclient.NotebookClient(v4.new_notebook())\n"
        "client.async_start_new_kernel = lambda **_: os.kill(os.getpid(), signal.SIGINT)\n"
        "client.execute()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGINT, done.stderr


def test_kernels_need_no_port_and_no_kernel_of_jupyters_paths(ran, tmp_path):
    foreign = tmp_path / "jupyter" / "kernels" / "python3"
    foreign.mkdir(parents=True)
    spec = {"argv": ["/bin/false", "{connection_file}"], "display_name": "Python 3", "language": "python"}
    (foreign / "kernel.json").write_text(json.dumps(spec))
    _insert(
        ran,
        "07_compare",
        "import json; from ipykernel import get_connection_file as file; "
        "assert json.load(open(file()))['transport'] == 'ipc'",
    )
    asked = ran.command("run", "--profile", "toy")
    paths = ran.environment | {"JUPYTER_PATH": str(tmp_path / "jupyter")}
    done = subprocess.run(asked, env=paths, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "compare           ran in" in done.stdout


def test_pages_run_two_at_a_time_and_an_interrupt_begins_no_other(ran):
    for after in ("split", "train"):  # the stage before it gets a page
        ran.edit("notebooks/pipeline.yml", f"\n{after}:", f"\n  page: []\n{after}:")
    page = (ran.root / "notebooks/pages/07_compare.ipynb").read_text().replace("toy.told(run)", "2")
    for stem, stage in {"01_ingest": "ingest", "03_split": "split", "07_compare": "compare"}.items():
        text = page.replace('\\"compare\\"', f'\\"{stage}\\"').replace(
            "run = ", "import time; time.sleep(60); run = "
        )
        (ran.root / "notebooks" / "pages" / f"{stem}.ipynb").write_text(text)
    run = subprocess.Popen(
        ran.command("run", "--profile", "toy"),
        env=ran.environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Below a job in the background, interrupts are ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    _wait_for(lambda: len(list((ran.processed / "failed" / "pages").glob("*.ipynb"))) == 2)
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130, said
    assert len(list((ran.processed / "failed" / "pages").glob("*.ipynb"))) == 2
    for stem in ("01_ingest", "03_split", "07_compare"):
        ran.edit(f"notebooks/pages/{stem}.ipynb", "time.sleep(60)", "time.sleep(0)")
    assert sorted(ran.run()) == ["page.compare", "page.ingest", "page.split"]
    assert ran.run() == []


def test_a_data_folder_below_a_regular_file_is_a_clear_error(checkout):
    (checkout.root / "data").write_text("a regular file")
    done = checkout.songrec("run", "--profile", "toy", code=1)
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr


def _cache(ran):
    for state in (ran.processed / ".dvc" / "tmp").rglob("cache.db"):
        state.write_bytes(b"junk" * 4096)


def _lock_of_a_living_process(ran):
    path = str(ran.processed / "parts")
    text = json.dumps({path: {"write": {"pid": os.getpid(), "cmd": "songrec run"}}})
    (ran.processed / ".dvc/tmp/rwlock").write_text(text)


def _extra_key(ran):
    lock = ran.processed / "stages/compare/dvc.lock"
    lock.write_text(lock.read_text().replace("md5:", "md4:", 1))


def _folder(ran):
    lock = ran.processed / "stages/compare/dvc.lock"
    lock.unlink()
    lock.mkdir()


DAMAGES = {
    "an empty lock": (lambda ran: (ran.processed / ".dvc/tmp/rwlock").write_text(""), []),
    "a lock of a living process": (_lock_of_a_living_process, []),
    "junk for a cache": (_cache, []),
    "half a configuration": (
        lambda ran: (ran.processed / ".dvc/config").write_text("[core]\n    analyti"),
        [],
    ),
    "an empty record": (lambda ran: (ran.processed / "stages/compare/dvc.lock").write_text(""), ["compare"]),
    "another key in a record": (_extra_key, ["compare"]),
    "a folder for a record": (_folder, ["compare"]),
    "junk for a stage": (lambda ran: (ran.processed / "stages/compare/dvc.yaml").write_bytes(b"\xff"), []),
}


def test_the_engines_state_heals_whatever_a_kill_left_of_it(ran):
    assert ran.run() == []
    for name, (damage, again) in DAMAGES.items():
        damage(ran)
        assert (name, ran.run(), ran.run()) == (name, again, [])


def test_a_byte_altered_behind_the_dates_back_is_noticed_where_all_is_hashed_again(ran):
    assert ran.run() == []
    table = ran.processed / "table.csv"
    before = table.stat()
    content = bytearray(table.read_bytes())
    content[0] ^= 1
    with table.open("r+b") as file:
        file.write(content)
    os.utime(table, ns=(before.st_atime_ns, before.st_mtime_ns))
    code = (
        "from songrec.pipeline.engine import Engine; from songrec.pipeline.plan import make_plan\n"
        "print(list(Engine(make_plan('toy')).changes(verify={})))"
    )
    assert ran.python(code.format(False)) == "[]\n"
    assert ran.python(code.format(True)) == "['compare']\n"
    assert ran.run() == ["compare"]


def test_a_pipe_among_the_outputs_is_refused(ran):
    (ran.processed / "table.csv").unlink()
    os.mkfifo(ran.processed / "table.csv")
    assert "table.csv: it is not a regular file" in ran.songrec("run", "--profile", "toy", code=1).stderr


def test_a_stage_that_was_killed_says_so(checkout):
    _insert(checkout, "01_ingest", "import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    said = checkout.songrec("run", "--profile", "toy", code=1).stderr
    assert "was killed (signal 9); it may have been out of memory" in said


def test_a_kernel_that_was_killed_says_so(checkout):
    _insert(checkout, "01_ingest", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert "it may have been out of memory" in checkout.songrec("run", "--profile", "toy", code=1).stderr


def test_an_interrupt_of_the_run_alone_stops_its_stage(checkout):
    _insert(checkout, "01_ingest", "import time; time.sleep(60)")
    run = subprocess.Popen(
        checkout.command("run", "--profile", "toy"),
        env=checkout.environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    _wait_for(lambda: (checkout.processed / "failed" / "studies" / "01_ingest.ipynb").exists())
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130, said
    assert "Traceback" not in said
    _wait_for(lambda: not _kernels(checkout), seconds=20)


def test_before_the_first_run_a_stage_is_one_line(checkout):
    told = checkout.songrec("explain", "--profile", "toy").stdout.splitlines()
    assert told == [f"{stage}: would run: it has not run yet" for stage in checkout.stages]


def test_a_foreign_kernel_and_a_relative_data_folder_change_nothing(checkout, tmp_path):
    spec = {"argv": ["/bin/false", "{connection_file}"], "display_name": "Another", "language": "python"}
    (tmp_path / "jupyter/kernels/python3").mkdir(parents=True)
    (tmp_path / "jupyter/kernels/python3/kernel.json").write_text(json.dumps(spec))
    environment = checkout.environment | {
        "JUPYTER_PATH": str(tmp_path / "jupyter"),
        "SONGREC_DATA": "elsewhere/data",
    }
    for command in (["run"], ["explain"]):
        done = subprocess.run(
            checkout.command(*command, "--profile", "toy"),
            capture_output=True,
            text=True,
            env=environment,
            cwd=tmp_path,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "would run" not in done.stdout
    assert (tmp_path / "elsewhere/data/processed/toy/table.csv").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkout", "elsewhere", "jupyter"]


def test_no_room_for_the_engines_state_is_said(ran):
    assert ran.run() == []
    (ran.processed / "table.csv").unlink()
    run = subprocess.run(
        ran.command("run", "--profile", "toy"),
        env=ran.environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert run.returncode == 1
    assert "Make room there" in run.stderr
    assert "Traceback" not in run.stderr
    assert ran.run() == ["compare"]
