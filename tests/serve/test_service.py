"""Answers for users, new listeners and songs, over a small log with a known right answer."""

import dataclasses
import shutil

import numpy as np
import pytest

from songrec.data import Catalogue, Interactions
from songrec.errors import DataError
from songrec.files import write_json
from songrec.models import ItemKNN, Popularity
from songrec.paths import Paths
from songrec.results import Results
from songrec.serve import Service, open_service
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
    assert "the model knows nothing more for them" in answer.notes[0]


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
    wrong, missing, doubled = (
        wanted[:7] + "x" + wanted[8:],
        wanted[:20] + wanted[21:],
        wanted[:5] + wanted[4:],
    )
    for typed in (wrong, missing, doubled, wanted[:-2]):
        assert near_ids(ids, typed)[0] == wanted
    assert near_ids(ids, "something else") == []
    assert near_ids(ids, "") == []
    assert near_ids(ids, "\udcff" + wanted[1:])[0] == wanted, "a byte that is no text"


def test_the_popular_list_leaves_out_what_the_person_has_played(service):
    model = ItemKNN(neighbours=10).fit(service.log.plays[[5]])  # of one user with one song: no neighbours
    deaf = dataclasses.replace(service, model=model)
    assert deaf.for_user("u3", 9).table["id"].tolist() == ["c", "d", "e", "z"]
    assert deaf.for_songs(["a", "d"], 9).table["id"].tolist() == ["b", "c", "e", "z"]
    everything = deaf.for_songs(list("abcdez"), 9)
    assert str(everything).endswith("(nothing to recommend)")
    assert "The score is" not in str(everything)


def test_the_popular_list_says_what_its_score_is(service):
    assert "The score is the number of listeners." in service.for_user("nobody", 2).notes
    plays = dataclasses.replace(service, model=Popularity(by="plays").fit(service.log.plays))
    assert "The score is the number of plays." in plays.for_user("u3", 2).notes
    assert not any("The score" in note for note in service.for_user("u3", 2).notes)


def test_a_list_is_never_asked_to_be_longer_than_the_catalogue(service):
    huge = 99_999_999_999
    assert len(service.for_user("nobody", huge).table) == 6
    assert service.for_user("u3", huge).table["id"].tolist() == ["c"]
    assert service.for_songs(["d"], huge).table["id"].tolist() == ["e"]
    assert service.similar("d", huge).table["id"].tolist() == ["e"]


def test_artists_are_called_artists(service):
    artists = dataclasses.replace(service, item="artist")
    assert "who has played 2 artists" in artists.for_user("u3", 1).heading
    assert "who has played 1 artist:" in artists.for_user("u6", 1).notes[0]
    assert artists.for_user("nobody", 1).heading == "The most popular artists, by listeners"
    assert artists.similar("a", 1).heading == "item_knn: artists like Title a"
    assert "Artist 'x' is not known" in artists.for_songs(["a", "x"], 1).notes[0]
    with pytest.raises(DataError, match="artist 'x' is not known"):
        artists.similar("x", 1)
    with pytest.raises(DataError, match="name at least one artist"):
        artists.for_songs([], 1)


def test_a_list_reads_well(service):
    long = "L" + "o" * 80 + "ng"
    titles = Catalogue.from_columns(["a", "b"], [long, "Short"])
    lines = str(dataclasses.replace(service, catalogue=titles).for_user("nobody", 3)).splitlines()[-4:]
    cut = "L" + "o" * 58 + "…"
    assert lines == [
        "rank  " + "title".ljust(60) + "  id  score",
        f"   1  {cut}  a   3.000",
        "   2  " + "Short".ljust(60) + "  b   3.000",
        "   3  " + "c".ljust(60) + "  c   2.000",
    ]


def test_an_id_that_only_repeats_its_title_is_left_out(service):
    bare = dataclasses.replace(service, catalogue=Catalogue.from_columns([], []))
    assert str(bare.for_user("nobody", 1)).splitlines()[-2:] == ["rank  title  score", "   1  a      3.000"]


def test_ids_with_commas_can_be_named(service):
    ids = np.array(["Crosby, Stills & Nash", "a", "b"])
    commas = dataclasses.replace(service, song_ids=ids)
    assert commas.named("Crosby, Stills & Nash") == ["Crosby, Stills & Nash"]
    assert commas.named('a, "Crosby, Stills & Nash",,b ') == ["a", "Crosby, Stills & Nash", "b"]
    assert commas.named(" , ") == []
    with pytest.raises(DataError, match="no list of songs"):
        commas.named("a\nb,c")


@pytest.fixture
def made(service, tmp_path, monkeypatch) -> Paths:
    """What a run of the profile `tiny` leaves behind, as far as answering needs it."""
    from songrec.splits import weak

    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    paths = Paths("tiny")
    weak(service.log, test=0.5).save(paths.processed / "split")
    service.log.save(paths.processed / "interactions")
    Catalogue.from_columns(["a"], ["Alpha"]).save(paths.interim / "songs.parquet")
    service.model.save(paths.processed / "models" / "item_knn")
    Popularity().fit(service.log.plays).save(paths.processed / "models" / "popularity")
    models = {"popularity": None, "user_knn": 0.2, "item_knn": 0.3, "blend": 0.4}
    listed = {label: {"members": ["item_knn"] * (label == "blend")} for label in models}
    write_json(paths.header, {"synthetic": True, "item": "artist", "models": listed})
    for label, value in models.items():
        facts = {"value": value, "metric": "average_precision@10"}
        write_json(paths.tables / "tune" / label / "facts.json", facts)
    return paths


def test_the_winner_answers_and_says_so_unless_another_is_named(made):
    opened = open_service("tiny")
    assert (opened.label, opened.synthetic, opened.item) == ("item_knn", True, "artist")
    said = opened.similar("a", 1).notes[0]
    assert said.startswith(
        "item_knn answers: of the models that are not made of others it was the best on val"
    )
    assert "(MAP@10 0.300)" in said
    facts = {"value": 0.35, "metric": "average_precision@10"}
    write_json(made.tables / "tune" / "user_knn" / "facts.json", facts)
    assert Results.of_run("tiny").winner() == "user_knn"  # which has no likeness of songs
    assert open_service("tiny", similar=True).why.startswith("item_knn answers: of the models that compare s")
    named = open_service("tiny", "popularity")
    assert (named.label, named.why) == ("popularity", "")


def test_exchanged_folders_and_damaged_tables_are_errors(made):
    paths = Paths("tiny")
    models = paths.processed / "models"
    shutil.rmtree(models / "item_knn")
    shutil.copytree(models / "popularity", models / "item_knn")
    with pytest.raises(DataError, match=r"models/item_knn holds another model, Popularity"):
        open_service("tiny", "item_knn")
    Interactions.from_triplets(["v"], ["w"], [1]).save(paths.processed / "interactions")
    with pytest.raises(DataError, match="user_ids of split and interactions differ"):
        open_service("tiny", "popularity")
    write_json(paths.header, {})
    with pytest.raises(DataError, match=r"the tables in .* are damaged.*songrec run --profile tiny"):
        open_service("tiny")
