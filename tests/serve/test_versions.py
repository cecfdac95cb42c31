"""Versions: refused, tried out, promoted and rolled back while requests come; Redis that goes and returns."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest
from under_load import under_load

from songrec.files import read_json, write_json

pytestmark = pytest.mark.slow


def test_models_that_do_not_fit_are_refused_and_the_old_one_serves_on(asking, tmp_path):
    from served import make_run, odd_log

    good = asking.serving.run.folder("EASE")
    live = asking.admin("GET", "versions")[1]["live"]

    def spoilt(name, change):
        shutil.copytree(good, tmp_path / name)
        change(tmp_path / name)
        return str(tmp_path / name)

    def altered(folder):
        data = bytearray((folder / "weights_.npy").read_bytes())
        data[len(data) // 2] ^= 1
        (folder / "weights_.npy").write_bytes(data)

    def truncated(folder):
        os.truncate(folder / "weights_.npy", (folder / "weights_.npy").stat().st_size - 8)

    def newer(folder):
        write_json(folder / "meta.json", read_json(folder / "meta.json") | {"format": 2})

    log, _ = odd_log()
    from songrec.models import EASE

    EASE().fit(log.plays).save(tmp_path / "other_songs", log.song_ids[::-1])
    EASE().fit(log.plays[:, :50]).save(tmp_path / "fewer_songs")
    for folder, said in (
        (spoilt("altered", altered), "weights_.npy is damaged"),
        (spoilt("truncated", truncated), "weights_.npy is damaged"),
        (spoilt("newer", newer), "format 2"),
        (str(tmp_path / "other_songs"), "another log"),
        (str(tmp_path / "fewer_songs"), "another log"),
        (str(tmp_path / "nothing"), "does not exist"),
    ):
        for method, path in (("PUT", "versions/candidate"), ("POST", "versions/promote")):
            status, answer = asking.admin(method, path, {"model": folder})
            assert (status, said in answer["detail"]) == (409, True), answer
        assert asking.admin("GET", "versions")[1]["live"] == live
        assert asking.for_user("u01")[0] == 200
    assert make_run


def test_promotion_and_rollback_drop_no_request(asking):
    live = asking.admin("GET", "versions")[1]["live"]["name"]

    def change():
        for _ in range(4):
            assert asking.admin("POST", "versions/promote", {"model": "EASE"})[0] == 200
            time.sleep(0.2)
            assert asking.admin("POST", "versions/rollback")[1]["live"]["name"] == live
            time.sleep(0.2)

    outcome = under_load(asking, change, 2.5)
    assert outcome.ended["list"] == {"200": 150}
    assert asking.metric('songrec_lists_total{rung="known_user",version="EASE') > 0


def test_a_split_is_sticky_and_keeps_its_share(asking):
    roles = asking.admin("PUT", "versions/candidate", {"model": "EASE", "mode": "split", "share": 0.4})[1]
    names = [roles["live"]["name"], roles["candidate"]["name"]]
    first = [asking.for_user(f"u{i:02}", n=1)[1]["version"] for i in range(80)]
    again = [asking.for_user(f"u{i:02}", n=1)[1]["version"] for i in range(80)]
    assert first == again
    assert set(first) == set(names)
    assert 16 <= first.count(names[1]) <= 48
    anonymous = asking("POST", "/v1/recommendations", {"history": [{"song": "s01"}]})[1]
    assert anonymous["version"] == names[0]
    assert asking.admin("DELETE", "versions/candidate")[1]["candidate"] is None


def test_two_versions_draft_a_list_in_turns_and_each_song_is_credited(asking):
    roles = asking.admin("PUT", "versions/candidate", {"model": "EASE", "mode": "interleave", "share": 1.0})[
        1
    ]
    names = [roles["live"]["name"], roles["candidate"]["name"]]
    first = []
    for i in range(12):
        answer = asking.for_user(f"u{i:02}", n=12, per_artist=2)[1]
        ids, credited = zip(*((item["id"], item["version"]) for item in answer["items"]), strict=True)
        assert (len(set(ids)), answer["version"]) == (12, "+".join(names))
        assert set(credited) == set(names)
        artists = [item["artist"] for item in answer["items"] if item["artist"]]
        assert max(map(artists.count, artists)) <= 2
        first.append(credited[0])
    assert set(first) == set(names)
    assert asking("POST", "/v1/recommendations", {"history": [{"song": "s01"}]})[1]["version"] == names[0]
    asking.admin("DELETE", "versions/candidate")


def test_a_shadow_is_asked_beside_and_counted(asking):
    from served import wait_for

    before = asking.metric("songrec_shadow_overlap_at_10_count")
    asking.admin("PUT", "versions/candidate", {"model": "UserKNN", "mode": "shadow", "share": 1.0})
    for i in range(5):
        assert asking.for_user(f"u{i:02}")[1]["version"].startswith("ItemKNN")
    wait_for(lambda: asking.metric("songrec_shadow_overlap_at_10_count") == before + 5)
    assert asking.metric("songrec_shadow_seconds_count") >= 5
    asking.admin("DELETE", "versions/candidate")


def test_nothing_to_promote_or_to_go_back_to_is_a_conflict(extra, tmp_path):
    from served import make_run, served

    run = make_run(tmp_path, ["ItemKNN", "EASE"])
    with served(run) as asking:
        assert asking.admin("POST", "versions/promote", {})[0] == 409
        assert asking.admin("POST", "versions/rollback")[0] == 409
        assert asking.admin("POST", "versions/promote", {"model": "EASE"})[0] == 200
        asking.admin("PUT", "block", {"songs": ["s01"]})
    with served(run) as asking:  # a restart
        assert asking.admin("GET", "versions")[1]["live"]["source"] == "EASE"
        assert asking.admin("GET", "block")[1]["songs"] == ["s01"]


def test_a_play_posted_now_changes_the_next_answer_and_can_be_deleted(asking):
    first = asking.for_user("u05", n=3)[1]["items"]
    played, shown = first[0]["id"], first[1]["id"]
    event = {"kind": "play", "id": "one", "user": "u05", "song": played}
    item = {"song": shown, "position": 1, "version": "v"}
    seen = {"kind": "impression", "id": "two", "user": "u05", "list": "x", "items": [item]}
    assert asking("POST", "/v1/events", {"events": [event, seen]})[1] == {"taken": 2, "repeated": 0}
    assert played not in [item["id"] for item in asking.for_user("u05", n=20)[1]["items"]]
    assert shown not in [item["id"] for item in asking.for_user("u05", n=20, skip_shown=True)[1]["items"]]
    assert asking("DELETE", "/v1/users/u05")[1] == {"events": 2}
    assert asking.for_user("u05", n=3)[1]["items"] == first
    new = asking.for_user("somebody new", n=3)[1]
    asking("POST", "/v1/events", {"events": [event | {"id": "three", "user": "somebody new", "song": "s01"}]})
    assert (new["rung"], asking.for_user("somebody new", n=3)[1]["rung"]) == ("popular", "fold_in")
    asking("DELETE", "/v1/users/somebody%20new")


def test_redis_stops_and_returns_under_load(redis_server, tmp_path):
    from served import make_run, served, wait_for

    with served(make_run(tmp_path, ["ItemKNN", "EASE"]), redis=redis_server.url) as asking:
        up = lambda: asking.metric("songrec_redis_up")  # noqa: E731
        wait_for(lambda: up() == 1)
        assert asking.admin("PUT", "block", {"songs": ["s02"]})[0] == 200
        assert asking.admin("POST", "versions/promote", {"model": "EASE"})[0] == 200

        def stop_and_start():
            time.sleep(0.7)
            redis_server.stop()
            wait_for(lambda: up() == 0)
            assert asking.get("/health")[1]["redis"] is False
            status, answer = asking.admin("PUT", "block", {"songs": ["s01"]})
            assert (status, "nothing was changed" in answer["detail"]) == (503, True)
            time.sleep(0.5)
            redis_server.start()
            wait_for(lambda: up() == 1)

        outcome = under_load(asking, stop_and_start, 6)
        assert outcome.ended["list"] == {"200": 360}
        assert asking.metric("songrec_redis_errors_total") > 0
        time.sleep(1.5)  # it came back empty: what it shared is put there again
        with served(asking.serving.run, redis=redis_server.url) as other:
            assert other.admin("GET", "block")[1]["songs"] == ["s02"]
            assert other.admin("GET", "versions")[1]["live"]["source"] == "EASE"


def test_lists_are_remembered_in_redis_until_they_are_forgotten(redis_server, tmp_path):
    from served import make_run, served

    run = make_run(tmp_path, ["ItemKNN"])
    hits = 'songrec_cache_total{layer="redis",outcome="hit"}'
    with served(run, redis=redis_server.url) as asking:
        first = asking.for_user("u01")[1]["items"]
    with served(run, redis=redis_server.url) as asking:
        assert asking.for_user("u01")[1]["items"] == first
        assert asking.metric(hits) == 1
        asking.serving.lists.forget("u01")
        assert asking.for_user("u01")[1]["items"] == first
        assert asking.metric(hits) == 1


def test_several_workers_share_block_list_and_promotion(redis_server, tmp_path):
    """`songrec serve` itself, with two processes."""
    from made_run import make_run
    from served import Asking, free_port, odd_log, wait_for

    from songrec.models import EASE, ItemKNN

    os.environ["SONGREC_DATA"], before = str(tmp_path), os.environ.get("SONGREC_DATA")
    try:
        log, catalogue = odd_log()
        make_run(
            "tiny", log, catalogue, {"item_knn": ItemKNN().fit(log.plays), "ease": EASE().fit(log.plays)}
        )
    finally:
        os.environ.pop("SONGREC_DATA")
        if before:
            os.environ["SONGREC_DATA"] = before
    port = free_port()
    command = [sys.executable, "-m", "songrec.cli", "serve", "--profile", "tiny", "--port", str(port)]
    environment = os.environ | {"SONGREC_DATA": str(tmp_path), "SONGREC_ADMIN_KEY": "admin"}
    alone = subprocess.run(
        [*command, "--workers", "2"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (alone.returncode, "--redis" in alone.stderr) == (2, True)
    command += ["--workers", "2", "--redis", redis_server.url]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        asking = Asking(port)

        def ready():
            try:
                return asking.get("/ready")[0] == 200
            except OSError:
                return False

        wait_for(ready)
        first = asking.for_user("u01", n=1)[1]["items"][0]["id"]
        assert asking.admin("PUT", "block", {"songs": [first]})[0] == 200
        assert asking.admin("POST", "versions/promote", {"model": "ease"})[0] == 200
        time.sleep(2.5)
        for _ in range(30):
            answer = asking.for_user("u01", n=3)[1]
            assert answer["version"].startswith("ease-")
            assert first not in [item["id"] for item in answer["items"]]
        assert asking.metric("songrec_lists_total") >= 31
    finally:
        process.terminate()
        process.wait(60)
    lines = [json.loads(line) for line in process.stderr.read().decode().splitlines() if line.startswith("{")]
    assert any(line.get("route") == "/v1/users/{user_id:path}/recommendations" for line in lines)
    assert not any("u01" in json.dumps(line) for line in lines)
