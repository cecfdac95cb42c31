"""The API over real sockets: its answers, its limits, its document."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from urllib.parse import quote

import numpy as np
import pytest

import songrec.models
from songrec import extras
from songrec.cli import main
from songrec.extras import missing
from songrec.models import load_model
from songrec.models.registry import model_names

NAMES = [name for name in model_names() if not missing(getattr(songrec.models, name).extra)]
ODD = ["a/b/c", "two words", "ü😀", "<b>&amp;</b>", "100%2F?#", "..", "x" * 300, "a", "o'q\"q"]


def ids(answer):
    return [item["id"] for item in answer["items"]]


@pytest.mark.slow
def test_lists_over_http_are_the_librarys(extra, tmp_path):
    from served import make_run, served

    run = make_run(tmp_path, NAMES)
    with served(run) as asking:
        for name in NAMES:
            status, roles = asking.admin("POST", "versions/promote", {"model": name})
            assert (status, roles["live"]["source"]) == (200, name)
            model = load_model(tmp_path / "models" / name)
            for row in (0, 3, 40, 89):
                songs, scores = (
                    found[0] for found in model.recommend(run.log.plays[[row]], 20, users=np.array([row]))
                )
                there = songs >= 0
                status, answer = asking.for_user(str(run.user_ids[row]))
                of_model = [item for item in answer["items"] if item["rung"] == "known_user"]
                assert [item["id"] for item in of_model] == run.song_ids[songs[there]].tolist()
                assert [item["score"] for item in of_model] == scores[there].astype(float).tolist()
                assert len(answer["items"]) == 20
                assert answer["version"].startswith(f"{name}-")
                history = [
                    {"song": str(run.song_ids[song]), "plays": int(plays)}
                    for song, plays in zip(
                        run.log.plays[[row]].indices, run.log.plays[[row]].data, strict=True
                    )
                ]
                new, _ = model.recommend(run.log.plays[[row]], 20)
                status, answer = asking("POST", "/v1/recommendations", {"history": history})
                of_model = [item["id"] for item in answer["items"] if item["rung"] == "fold_in"]
                assert of_model == run.song_ids[new[0][new[0] >= 0]].tolist()


def test_odd_ids_go_in_and_come_out(asking):
    log = asking.serving.run.log
    for odd in ODD:
        status, answer = asking.for_user(odd)
        assert (status, answer["rung"], len(answer["items"])) == (200, "known_user", 20), odd
        heard = set(log.song_ids[log.plays[[log.user_ids.tolist().index(odd)]].indices].tolist())
        assert not heard & set(ids(answer))
        status, answer = asking.get(f"/v1/songs/{quote(odd, safe='')}/similar", n=3)
        assert (status, answer["song"]["id"]) == (200, odd)
        status, answer = asking("POST", "/v1/recommendations", {"history": [{"song": odd}], "n": 3})
        assert (status, answer["unknown_songs"]) == (200, [])
        assert odd not in ids(answer)


def test_who_is_unknown_gets_what_is_popular(asking):
    status, answer = asking.for_user("nobody", n=5)
    assert (status, answer["rung"], answer["complete"]) == (200, "popular", True)
    assert ids(answer) == ids(asking.get("/v1/popular", n=5)[1])
    status, answer = asking("POST", "/v1/recommendations", {"history": []})
    assert (status, answer["rung"], len(answer["items"])) == (200, "popular", 20)
    status, answer = asking("POST", "/v1/recommendations", {"history": [{"song": "no"}], "exclude": ["none"]})
    assert answer["unknown_songs"] == ["no", "none"]
    status, answer = asking.get("/v1/songs/s0/similar")
    assert status == 404
    assert "Did you mean" in answer["detail"]


def test_every_song_can_be_excluded_and_n_may_exceed_the_catalogue(asking):
    every = asking.serving.songs.ids.tolist()
    for exclude in ([], every[:10], every[:60], every):
        asked = {"n": 500, "exclude": exclude, "include_heard": True, "user": "a"}
        status, answer = asking("POST", "/v1/recommendations", asked)
        assert (status, answer["complete"]) == (200, False)
        assert sorted(ids(answer)) == sorted(set(every) - set(exclude))
    status, answer = asking.for_user("u01", exclude=["s01", "a/b/c"], n=60, include_heard="true")
    assert not {"s01", "a/b/c"} & set(ids(answer))


def test_reasons_are_songs_of_the_listener_with_their_shares(asking):
    history = [{"song": song} for song in asking.serving.songs.ids[:6].tolist()]
    _, answer = asking("POST", "/v1/recommendations", {"history": history, "n": 5})
    assert answer["why_exact"]
    for item in answer["items"]:
        if item["rung"] == "fold_in":
            assert item["why"]
            assert {one["id"] for one in item["why"]} <= {one["song"] for one in history}
            shares = [one["share"] for one in item["why"]]
            assert shares == sorted(shares, reverse=True)
            assert sum(shares) <= 1.0001


def test_titles_are_found_with_typing_errors(asking):
    assert ids(asking.get("/v1/songs", q="title of s15", n=1)[1]) == ["s15"]
    assert "s15" in ids(asking.get("/v1/songs", q="titel off s15", n=3)[1])
    assert "ü😀" in ids(asking.get("/v1/songs", q="Ü😀")[1])
    assert asking.get("/v1/songs", q="zzzzqqqq")[1] == {"items": []}
    assert asking.get("/v1/songs", q="")[0] == 422


def test_a_block_list_holds_at_once_and_without_a_restart(asking):
    first = ids(asking.for_user("u01", n=3)[1])
    status, told = asking.admin("PUT", "block", {"songs": [first[0], "nope"], "artists": ["Artist 3"]})
    assert (status, told["unknown"]) == (200, ["nope"])
    theirs = set(np.flatnonzero(np.array(asking.serving.songs.artists) == "Artist 3").tolist())
    gone = {str(asking.serving.songs.ids[place]) for place in theirs} | {first[0]}
    answers = [
        asking.for_user("u01", n=500)[1],
        asking.get("/v1/popular", n=500)[1],
        asking.get(f"/v1/songs/{first[1]}/similar", n=500)[1],
    ]
    for answer in answers:
        assert not gone & set(ids(answer))
    assert asking.metric("songrec_blocked_songs") == len(gone)
    assert asking.admin("PUT", "block", {})[0] == 200
    assert ids(asking.for_user("u01", n=3)[1]) == first


def test_a_batch_is_what_each_would_be_alone(asking):
    asked = [{"user": "u01", "n": 3}, {"history": [{"song": "s01"}], "n": 4}, {"user": "nobody", "n": 2}]
    status, answer = asking("POST", "/v1/batch", {"requests": asked})
    assert status == 200
    for one, made in zip(asked, answer["answers"], strict=True):
        alone = asking("POST", "/v1/recommendations", one)[1]
        assert {**made, "list": ""} == {**alone, "list": ""}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/v1/users/u01/recommendations?n=0", None, 422, "n"),
        ("GET", "/v1/users/u01/recommendations?n=501", None, 422, "n"),
        ("GET", "/v1/users/u01/recommendations?diversity=nan", None, 422, "diversity"),
        ("GET", "/v1/users/u01/recommendations?nn=1", None, 422, "nn"),
        ("POST", "/v1/recommendations", b"{", 422, "JSON"),
        ("POST", "/v1/recommendations", b'{"history": [{"song": "\\ud800"}]}', 422, "JSON"),
        ("POST", "/v1/recommendations", {"history": [{"song": "a", "plays": 0}]}, 422, "plays"),
        ("POST", "/v1/recommendations", {"history": [{"song": "a"}] * 1001}, 422, "history"),
        ("POST", "/v1/recommendations", b" " * 1_100_000, 413, "1,048,576"),
        ("POST", "/v1/batch", {"requests": []}, 422, "requests"),
        ("POST", "/v1/batch", {"requests": [{}] * 101}, 422, "requests"),
        ("GET", "/v1/nothing", None, 404, "Not Found"),
        ("PUT", "/v1/popular", None, 405, "Method"),
        ("GET", "/v1/admin/block", None, 401, "admin key"),
    ],
)
def test_what_is_wrong_is_said_as_a_problem(asking, method, path, body, status, said):
    found, answer = asking(method, path, body)
    assert (found, answer["status"]) == (status, status)
    assert said in answer["detail"]
    assert set(answer) >= {"type", "title"}


def test_keys_rate_and_failures(extra, tmp_path, monkeypatch):
    from served import make_run, served

    with served(make_run(tmp_path, ["Popularity"]), api_key="key", admin_key="", rate=5) as asking:
        assert asking.get("/v1/popular")[0] == 401
        assert asking("GET", "/v1/popular", headers={"X-API-Key": "nay"})[0] == 401
        assert asking("GET", "/v1/popular", headers={"X-API-Key": "key"})[0] == 200
        assert asking.get("/health")[0] == 200
        assert asking("GET", "/v1/admin/block", headers={"X-API-Key": "key"})[0] == 403
        found = [asking("GET", "/v1/popular", headers={"X-API-Key": "key"})[0] for _ in range(9)]
        assert 429 in found
    with served(make_run(tmp_path, ["Popularity"])) as asking:
        monkeypatch.setattr(asking.serving, "popular", lambda n: 1 / 0)
        status, text = asking("GET", "/v1/popular", raw=True)
        assert (status, json.loads(text)["title"]) == (500, "Internal Server Error")
        assert "Zero" not in text
        assert "Traceback" not in text


def test_while_threads_score_the_loop_answers_and_too_many_are_turned_away(extra, tmp_path, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    from served import make_run, served, wait_for

    with (
        served(make_run(tmp_path, ["Popularity"]), threads=1, queue=1) as asking,
        ThreadPoolExecutor(2) as pool,
    ):
        go, slow = threading.Event(), asking.serving.popular
        monkeypatch.setattr(asking.serving, "popular", lambda n: go.wait(60) and slow(n))
        held = [pool.submit(asking.get, "/v1/popular") for _ in range(2)]
        wait_for(lambda: asking.metric("songrec_waiting") == 2)
        assert asking.get("/health")[0] == 200
        for path in ("/v1/popular", "/ready"):
            status, answer = asking.get(path)
            assert (status, "too many requests wait" in answer["detail"]) == (503, True)
        go.set()
        assert [one.result(60)[0] for one in held] == [200, 200]
        assert asking.get("/ready")[0] == 200


def test_a_service_of_most_models_needs_no_compiler(extra, tmp_path):
    from served import make_run

    make_run(tmp_path, ["EASE", "ItemKNN", "UserKNN"])
    ask = """
        import pathlib, sys
        from songrec.errors import DataError
        from served import make_run
        from songrec.serve.schemas import Ask
        from songrec.serve.serving import Serving
        from songrec.serve.settings import ServiceSettings
        run = make_run(pathlib.Path(sys.argv[1]), [])
        for model in ("EASE", "ItemKNN"):
            serving = Serving(ServiceSettings("odd", model), run)
            assert serving.recommend(Ask(user="u01"))["rung"] == "known_user"
        assert "numba" not in sys.modules
        sys.modules["numba"] = None
        run.results.winner = lambda among=None: "EASE"
        run.results.facts = lambda stage: {"EASE": {"value": None}}
        try:
            Serving(ServiceSettings("odd", "UserKNN"), run)
        except DataError as error:
            assert "needs the package numba" in str(error)
        else:
            raise AssertionError("user-KNN answers without its compiled loops")
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-c", textwrap.dedent(ask), str(tmp_path)]
    subprocess.run(command, check=True, timeout=120, env=os.environ | {"PYTHONPATH": paths})


def test_what_is_missing_or_no_run_is_one_line(extra, tmp_path, monkeypatch, capsys):
    assert main(["serve", "--run", str(tmp_path)]) == 2
    assert "is no run" in capsys.readouterr().err
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    assert main(["serve"]) == 2
    assert capsys.readouterr().err.endswith("make serve\n")


def test_examples_of_the_document_run(asking):
    document = asking.get("/openapi.json")[1]
    ran = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            query, place = [], path
            for one in operation.get("parameters", []):
                for example in one.get("examples", {}).values():
                    value = quote(str(example["value"]), safe="")
                    place = place.replace(f"{{{one['name']}}}", value)
                    query += [f"{one['name']}={value}"] if one["in"] == "query" else []
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            bodies = [example["value"] for example in content.get("examples", {}).values()] or [None]
            for body in bodies:
                if "rollback" in path or "event" in path or method == "delete" or "{" in place:
                    continue
                headers = {"X-API-Key": "admin"} if "admin" in path else {}
                url = place + ("?" + "&".join(query) if query else "")
                status, _ = asking(method.upper(), url, body, headers, raw=True)
                assert status == 200, (method, url)
                ran += 1
    assert ran >= 12
    asking.admin("PUT", "block", {})
    asking.admin("DELETE", "versions/candidate")


def test_health_readiness_and_metrics(asking):
    assert asking.get("/ready")[1]["status"] == "ok"
    health = asking.get("/health")[1]
    assert (health["redis"], health["workers"], health["problem"]) == (None, 1, "")
    asking.for_user("u01")
    text = asking("GET", "/metrics", raw=True)[1]
    assert 'songrec_requests_total{route="/v1/users/{user_id:path}/recommendations",status="200"}' in text
    assert 'songrec_lists_total{rung="known_user"' in text
    assert "u01" not in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "of",
    [
        ["--exclude-path", "/v1/events"],
        # That no position stands twice in a list is more than a schema can say.
        ["--include-path", "/v1/events", "--exclude-checks", "positive_data_acceptance"],
    ],
)
def test_the_document_is_kept_under_any_request(asking, of, tmp_path):
    """Schemathesis: no 5xx, no answer that the document does not allow."""
    tool = shutil.which("st", path=str(sys.prefix) + "/bin")
    if not tool:
        pytest.skip("schemathesis is not installed: pip install schemathesis")
    command = [
        tool,
        "run",
        f"http://127.0.0.1:{asking.port}/openapi.json",
        "--header",
        "X-API-Key: admin",
        *of,
    ]
    command += ["--max-examples", "15", "--generation-deterministic", "--suppress-health-check", "all"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, cwd=tmp_path)
    asking.admin("DELETE", "versions/candidate")
    asking.admin("PUT", "block", {})
    assert done.returncode == 0, "\n".join(line[:300] for line in done.stdout.splitlines()[-400:])
