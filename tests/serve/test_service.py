"""Answers for users, new listeners and songs, over a small log with a known right answer."""

import numpy as np
import pytest

from songrec.data import Interactions
from songrec.errors import DataError
from songrec.models import ItemKNN
from songrec.serve import Service
from songrec.serve.near import near_ids


class _Titles:
    def label(self, ids):
        return [f"Title {i}" for i in ids]


@pytest.fixture(scope="module")
def service() -> Service:
    """Six users: three play a, b and c, three play d and e; one of the first has not played c."""
    pairs = [(u, s) for u in ("u1", "u2", "u3") for s in "abc"] + [(u, s) for u in ("u4", "u5") for s in "de"]
    pairs = [p for p in pairs if p != ("u3", "c")] + [("u6", "z")]
    log = Interactions.from_triplets([u for u, _ in pairs], [s for _, s in pairs], np.ones(len(pairs), int))
    model = ItemKNN(neighbours=10).fit(log.plays)
    return Service(model, "item_knn", log.user_ids, log.song_ids, log, _Titles(), True)


def test_a_user_gets_what_is_missing_and_never_what_was_played(service):
    answer = service.for_user("u3", 3)
    assert answer.table["id"].tolist() == ["c"]
    assert answer.table.columns.tolist() == ["rank", "title", "id", "score"]
    assert "u3, who has played 2 songs" in answer.heading
    assert "synthetic" in " ".join(answer.notes)
    assert "Title c" in str(answer)


def test_an_unknown_user_gets_the_popular_list_and_is_told(service):
    answer = service.for_user("u33", 2)
    assert answer.table["id"].tolist() == ["a", "b"]
    assert "Nobody in the log is called 'u33'. Did you mean u3" in answer.notes[0]


def test_a_user_whom_the_model_cannot_help_gets_the_popular_list_and_is_told(service):
    answer = service.for_user("u6", 2)
    assert answer.table["id"].tolist() == ["a", "b"]
    assert "nobody else has played these songs" in answer.notes[0]


def test_a_new_listener(service):
    assert service.for_songs(["d"], 5).table["id"].tolist() == ["e"]
    answer = service.for_songs(["d", "d", "nope"], 5)
    assert answer.table["id"].tolist() == ["e"]
    assert "Song 'nope' is not known." in answer.notes[0]
    with pytest.raises(DataError, match="'nope' is not known"):
        service.for_songs(["nope"], 5)
    with pytest.raises(DataError, match="name at least one song"):
        service.for_songs([], 5)


def test_similar_songs(service):
    assert service.similar("a", 1).table["id"].tolist() == ["b"]
    with pytest.raises(DataError, match="is not known"):
        service.similar("aa", 1)


def test_near_ids_forgive_a_wrong_a_missing_and_a_doubled_letter():
    rng = np.random.default_rng(0)
    ids = np.sort(["".join(rng.choice(list("0123456789abcdef"), 40)) for _ in range(2000)])
    wanted = str(ids[1234])
    for typed in (
        wanted[:7] + "x" + wanted[8:],
        wanted[:20] + wanted[21:],
        wanted[:5] + wanted[4:],
        wanted[:-2],
    ):
        assert near_ids(ids, typed)[0] == wanted
    assert near_ids(ids, "something else") == []
    assert near_ids(ids, "") == []
