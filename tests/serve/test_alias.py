"""A registered model is served: its alias is followed, and what goes wrong leaves the service as it is."""

import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import load
import numpy as np
import pytest
from under_load import under_load

from songrec.cli import main
from songrec.data import Catalogue, Interactions
from songrec.errors import ConfigError, DataError
from songrec.files import read_json
from songrec.models import EASE, ItemKNN

pytestmark = pytest.mark.slow

CHAMPION = "models:/songbook@champion"


@pytest.fixture
def registry(extra, tmp_path, monkeypatch):
    """Two versions: of a log, and of the same log with a user, a song and many plays more."""
    from made_registry import Registry
    from served import odd_log

    monkeypatch.setenv("SONGREC_DATA", str(tmp_path / "data"))
    registry = Registry(tmp_path / "versions")
    log, catalogue = odd_log()
    registry.register(log, catalogue, "item_knn", ItemKNN().fit(log.plays))
    rows, columns = log.plays.nonzero()
    users, songs = log.user_ids[rows], log.song_ids[columns]
    heard = np.array(["s30", "s31", "s40", "a newer song"])
    grown = Interactions.from_triplets(
        [*users, *["a newcomer"] * 4, *log.user_ids], [*songs, *heard, *["a newer song"] * log.n_users],
        [*log.plays.data, *[3] * 4, *[1] * log.n_users],
    )  # fmt: skip
    newer = Catalogue.from_columns(
        [*catalogue.song_ids, "a newer song"], [*catalogue.title, "Newest"], [*catalogue.artist, "Nobody"]
    )
    registry.register(grown, newer, "ease", EASE().fit(grown.plays))
    registry.live = 1
    registry.start()
    yield registry
    registry.stop()


@pytest.fixture
def asking(registry):
    """A client of a service that asks the registry ten times a second."""
    from served import served, wait_for

    with served(None, model=CHAMPION, tracking=registry.url, poll=0.1) as asking:
        wait_for(lambda: asking.metric("songrec_registry_up") == 1)
        yield asking


def live(asking) -> str:
    return asking.admin("GET", "versions")[1]["live"]["source"]


def moved(registry, asking, number: int) -> None:
    from served import wait_for

    registry.live = number
    wait_for(lambda: live(asking) == f"models:/songbook/{number}")


def test_the_alias_is_followed_there_and_back_and_no_request_is_dropped(registry, asking):
    assert asking.for_user("a newcomer")[1]["rung"] == "popular"
    asking.admin("PUT", "block", {"songs": ["s30"], "artists": ["Nobody"]})
    asking("POST", "/v1/events", {"events": [{"kind": "play", "id": "1", "user": "u20", "song": "s31"}]})
    first = asking.for_user("u01")[1]

    def there_and_back():
        for number in (2, 1, 2):
            moved(registry, asking, number)

    assert under_load(asking, there_and_back, 3).ended["list"] == {"200": 180}
    newcomer = asking.for_user("a newcomer", n=60)[1]
    assert (newcomer["rung"], newcomer["version"].startswith("songbook-2-")) == ("known_user", True)
    shown = {item["id"] for item in newcomer["items"]}
    assert not shown & {"s30", "s31", "s40", "a newer song"}  # what is blocked, and what they have heard
    assert "s31" not in {item["id"] for item in asking.for_user("u20", n=60)[1]["items"]}
    assert asking.get("/v1/songs", q="newest")[1]["items"][0]["id"] == "a newer song"
    assert asking.get("/v1/songs/a%20newer%20song/similar")[1]["items"]
    assert asking.metric("songrec_blocked_songs") == 2
    fetched = len(registry.fetched)
    moved(registry, asking, 1)
    assert asking.for_user("u01")[1]["items"] == first["items"]
    assert len(registry.fetched) == fetched  # it was kept, and so going back takes no time
    assert asking.get("/v1/songs/a%20newer%20song/similar")[0] == 404


def test_lists_are_the_models_own(registry, asking):
    from served import odd_log

    for number in (1, 2):
        moved(registry, asking, number)
        of = asking.serving.versions.roles.live.recommender
        for user in odd_log()[0].user_ids[:20]:
            row = of.log.plays[[of.user(user).user]]
            songs, scores = of.model.recommend(row, 10)
            found = [(item["id"], item["score"]) for item in asking.for_user(user, n=10)[1]["items"]]
            expected = list(zip(of.log.song_ids[songs[0]].tolist(), scores[0].tolist(), strict=True))
            assert [one[0] for one in found] == [one[0] for one in expected]
            np.testing.assert_allclose([one[1] for one in found], [one[1] for one in expected])


def test_a_registry_that_does_not_answer_changes_nothing(registry, asking, caplog):
    from served import served, wait_for

    registry.stop()
    wait_for(lambda: asking.metric("songrec_registry_up") == 0)
    assert "does not answer" in asking.get("/health")[1]["problem"]
    assert asking.for_user("u01")[0] == 200
    with served(None, model=CHAMPION, tracking=registry.url, poll=0.1) as other:  # a restart meanwhile
        assert other.for_user("u01")[1]["items"] == asking.for_user("u01")[1]["items"]
        assert live(other) == "models:/songbook/1"
        registry.start()
        moved(registry, other, 2)
    moved(registry, asking, 2)
    wait_for(lambda: (asking.metric("songrec_registry_up"), asking.get("/health")[1]["problem"]) == (1, ""))
    assert [record.msg for record in caplog.records if "does not answer" in str(record.told)]


def spoilt(registry, number: int, change) -> int:
    """A version more: a copy that something was done to."""
    new = len(registry.tags) + 1
    shutil.copytree(registry.folder / str(number), registry.folder / str(new))
    registry.tags[new] = dict(registry.tags[number])
    change(registry.folder / str(new), registry.tags[new])
    return new


def altered(folder, tags):
    path = folder / "processed" / "tiny" / "models" / "ease" / "weights_.npy"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def of_another_log(folder, tags):
    other = folder.with_name("1") / "processed" / "tiny" / "interactions"
    shutil.copytree(other, folder / "processed" / "tiny" / "interactions", dirs_exist_ok=True)


def of_another_night(folder, tags):
    log = Interactions.load(folder / "processed" / "tiny" / "interactions")
    replace(log, plays=2 * log.plays).save(folder / "processed" / "tiny" / "interactions")


def mislabelled(folder, tags):
    tags["fingerprint"] = "0" * 16


def without_its_model(folder, tags):
    shutil.rmtree(folder / "processed" / "tiny" / "models")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (altered, "weights_.npy is damaged"),
        (of_another_log, "of split and interactions differ"),
        (of_another_night, "its log is not the one that it was registered with"),
        (mislabelled, "is registered with the fingerprint"),
        (without_its_model, "is not trained"),
    ],
)
def test_a_version_that_does_not_fit_is_refused_once_and_the_old_one_serves_on(
    registry, asking, change, said
):
    from served import wait_for

    bad = spoilt(registry, 2, change)
    registry.live = bad
    wait_for(lambda: asking.metric("songrec_registry_refused_total") == 1)
    wait_for(lambda: said in asking.get("/health")[1]["problem"])
    asked = len(registry.fetched)
    wait_for(lambda: f"models:/songbook/{bad} is refused" in asking.get("/health")[1]["problem"])
    assert live(asking) == "models:/songbook/1"
    assert asking.for_user("u01")[1]["version"].startswith("songbook-1-")
    moved(registry, asking, 2)
    assert asking.metric("songrec_registry_refused_total") == 1
    wait_for(lambda: asking.get("/health")[1]["problem"] == "")
    assert not [one for one in registry.fetched[asked:] if one.startswith(f"{bad}/")]


def test_versions_that_nobody_uses_any_longer_are_let_go(registry, asking, tmp_path):
    from served import wait_for

    third = spoilt(registry, 2, lambda folder, tags: None)
    for number in (2, third):
        moved(registry, asking, number)
    folder = tmp_path / "data" / "registry" / "songbook"
    wait_for(lambda: {path.name.split("-")[0] for path in folder.glob("*-*")} == {"2", str(third)})
    wait_for(lambda: read_json(folder / "last.json")["live"] == f"models:/songbook/{third}")
    assert len(read_json(folder / "last.json")["known"]) == 2
    assert asking.admin("POST", "versions/rollback")[1]["live"]["source"] == "models:/songbook/2"
    assert asking.admin("POST", "versions/promote", {"model": "models:/songbook/1"})[0] == 200
    for wrong in ("models:/songbook/99", "models:/other/1", CHAMPION, "ease2"):
        assert asking.admin("POST", "versions/promote", {"model": wrong})[0] == 409


def test_a_version_may_be_shadowed_and_drafted_with_that_knows_another_log(registry, asking):
    from served import wait_for

    trial = {"model": "models:/songbook/2", "mode": "interleave", "share": 1.0}
    assert asking.admin("PUT", "versions/candidate", trial)[0] == 200
    for number in range(20):
        answer = asking.for_user(f"u{number + 9}", n=20, per_artist=2)[1]
        assert len({item["id"] for item in answer["items"]}) == 20
        assert {item["version"].split("-")[1] for item in answer["items"]} == {"1", "2"}
    asking.admin("PUT", "versions/candidate", trial | {"mode": "shadow"})
    asking.for_user("u11")
    wait_for(lambda: asking.metric("songrec_shadow_overlap_at_10_count") == 1)


def test_three_commands_of_the_readme_serve_and_ask(registry, tmp_path):
    """The first, which installs the wheel, is tried by `tests/test_packaging.py`."""
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    (block,) = [one for one in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) if "pip install" in one]
    _, serve, ask = (shlex.split(line, comments=True) for line in block.splitlines())
    assert (serve[0], ask[0]) == ("songrec", "curl")
    serve[serve.index("--tracking") + 1] = registry.url
    with load.served(*serve[2:], port=8791):
        url = ask[1].replace("localhost:8000", "http://127.0.0.1:8791").replace("<id>", "u20")
        with urlopen(url, timeout=30) as answer:
            assert len(json.load(answer)["items"]) == 10


def test_what_cannot_be_served_is_said_in_a_line(registry, monkeypatch, capsys, tmp_path):
    from songrec.serve.serving import Serving
    from songrec.serve.settings import ServiceSettings

    def start(model=CHAMPION, tracking=registry.url):
        Serving(ServiceSettings("odd", model, tracking=tracking))

    with pytest.raises(ConfigError, match="names no version"):
        start("models:/songbook")
    with pytest.raises(ConfigError, match="no server's URL"):
        start(tracking="sqlite:///mlflow.db")
    registry.live = 7
    with pytest.raises(DataError, match="has no models:/songbook@champion"):
        start()
    registry.stop()
    with pytest.raises(DataError, match="does not answer"):
        start()
    assert main(["serve", "--model", CHAMPION, "--run", str(tmp_path)]) == 2
    assert "give one" in capsys.readouterr().err
