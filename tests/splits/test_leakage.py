"""What must be found is out of reach of what a model is given: in the split, in training, in search."""

import dataclasses

import numpy as np
import pytest
from any_split import PROTOCOLS, every_protocol, some_log
from run_notebook import run_notebook
from scipy.sparse import csr_array

import songrec.models
from songrec.data import Interactions
from songrec.extras import missing
from songrec.files import read_json, write_json
from songrec.models.registry import model_names
from songrec.splits import Split, strong, temporal, weak
from songrec.tuning import trials
from songrec.tuning.record import KEYS

HERE = [name for name in model_names() if not missing(getattr(songrec.models, name).extra)]


def other_songs(rows: csr_array, forbidden: csr_array, seed: int) -> csr_array:
    """As many songs in each row, but none of these and none of `forbidden`, as far as there are any."""
    random = np.random.default_rng(seed)
    dense = np.zeros(rows.shape, np.int32)
    taken = (rows.toarray() != 0) | (forbidden.toarray() != 0)
    for row, count in enumerate(np.diff(rows.indptr)):
        free = np.flatnonzero(~taken[row])
        dense[row, random.permutation(free)[:count]] = 99
    return csr_array(dense)


def with_other_holdout(split: Split) -> Split:
    """The same split, with other songs to be found for test."""
    test = split.test
    poisoned = other_songs(test.holdout, test.fold_in, seed=5)
    assert poisoned.multiply(test.holdout).nnz == 0
    assert poisoned.nnz > 0
    return dataclasses.replace(split, test=dataclasses.replace(test, holdout=poisoned))


# Models


@pytest.mark.slow
@every_protocol
@pytest.mark.parametrize("name", HERE)
def test_lists_are_the_same_bytes_whatever_is_to_be_found(protocol, name, quick, tmp_path):
    """The holdout on disk replaced by other songs: model arrays and lists come out byte by byte the same."""
    split = PROTOCOLS[protocol](some_log(), 1)
    made = []
    for place, one in enumerate((split, with_other_holdout(split))):
        one.save(tmp_path / f"split{place}")
        read = Split.load(tmp_path / f"split{place}")
        model = quick(name).fit(read.final_train())
        made.append(model.recommend(read.test.fold_in, 10, users=read.test.users))
        model.save(tmp_path / f"model{place}")
    assert [array.tobytes() for array in made[0]] == [array.tobytes() for array in made[1]]
    files = [
        {f.name: f.read_bytes() for f in (tmp_path / f"model{place}").iterdir() if f.is_file()}
        for place in (0, 1)
    ]
    assert files[0] == files[1]
    assert files[0]


# Stages: the very code of the notebooks


class Untouchable:
    """Stands where nobody may look."""

    def __getattribute__(self, name):
        raise AssertionError(f"somebody looked at the test part: {name}")


@pytest.fixture(scope="module")
def log() -> Interactions:
    """Users of four tastes."""
    random = np.random.default_rng(2)
    likes = np.arange(90)[:, None] % 4 == np.arange(50) % 4
    user, song = np.nonzero(random.random((90, 50)) < np.where(likes, 0.6, 0.1))
    names = np.char.mod("u%02d", user), np.char.mod("s%02d", song)
    return Interactions.from_triplets(*names, random.integers(1, 9, len(user)))


@pytest.fixture(scope="module", params=["weak", "strong", "temporal"])
def split(request, log) -> Split:
    if request.param == "weak":
        return weak(log, seed=3)
    if request.param == "temporal":
        first = np.random.default_rng(5).integers(0, 10**9, log.plays.nnz)
        return temporal(dataclasses.replace(log, first=first, last=first), until=0.8)
    return strong(log, min_listeners=2, min_songs=5, validation_users=20, test_users=20, seed=3)


SEARCHED = {
    "ItemKNN": {"neighbours": {"low": 5, "high": 50, "log": True}, "q": {"low": 1.0, "high": 5.0}},
    "ALS": {"factors": {"low": 2, "high": 8}, "epochs": {"stop": 4}},
}


def tune(patch, folder, split: Split, estimator: str, trials: int):
    """The folder of tables that the study `tune` makes of this split."""
    split.save(folder / "split")
    given = {"split": folder / "split", "members": {}}
    searched = {"hyperparameters": {}, "space": SEARCHED[estimator], "trials": trials}
    return run_notebook(patch, "04_tune", folder, given, model="one", estimator=estimator, **searched)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", SEARCHED)
def test_the_search_sees_validation_only(estimator, split, tmp_path, monkeypatch):
    """The tune stage's own code: with the test part replaced, its lists and its choice are the same bytes;
    with the test part out of bounds, it runs all the same."""
    listed: list[bytes] = []
    find_hits = trials.find_hits

    def spying(songs, holdout):
        listed.append(songs.tobytes())
        return find_hits(songs, holdout)

    monkeypatch.setattr(trials, "find_hits", spying)
    garbage = dataclasses.replace(
        split,
        test=dataclasses.replace(
            split.test,
            fold_in=other_songs(split.test.fold_in, split.test.fold_in, 1),
            holdout=with_other_holdout(split).test.holdout,
        ),
    )
    load, found = Split.load, []
    for name, one, guarded in (("a", split, False), ("b", garbage, False), ("c", garbage, True)):
        if guarded:
            shut = classmethod(lambda cls, folder: dataclasses.replace(load(folder), test=Untouchable()))
            monkeypatch.setattr(Split, "load", shut)
        made = tune(monkeypatch, tmp_path / name, one, estimator, trials=4)
        found.append((*listed, *((made / file).read_bytes() for file in ("facts.json", "trials.csv"))))
        listed.clear()
    assert len(found[0]) >= 4 + 2
    assert found[0] == found[1] == found[2]


def test_the_search_does_see_validation(split, tmp_path, monkeypatch):
    """The check above can fail: another validation holdout, and another value is found."""
    validation = split.validation
    changed = other_songs(validation.holdout, validation.fold_in, 2)
    other = dataclasses.replace(split, validation=dataclasses.replace(validation, holdout=changed))
    values = []
    for name, one in (("a", split), ("b", other)):
        made = tune(monkeypatch, tmp_path / name, one, "ItemKNN", trials=2)
        values.append(read_json(made / "facts.json")["untuned_value"])
    assert values[0] != values[1]


def test_training_lists_before_anything_is_judged(split, tmp_path, monkeypatch):
    """The train stage's own code: model, lists and lists of the untuned model are the same bytes."""
    outputs = ("model", "lists", "untuned_lists")
    tuned = {
        "estimator": "ItemKNN",
        "hyperparameters": {"neighbours": 7},
        "untuned": {"neighbours": 3},
        "searched": ["neighbours"],
    }
    write_json(tmp_path / "tuned" / "facts.json", dict.fromkeys(KEYS) | tuned)
    found = []
    for name, one in (("a", split), ("b", with_other_holdout(split))):
        one.save(tmp_path / name / "split")
        given = {"split": tmp_path / name / "split", "tune_tables": tmp_path / "tuned"}
        run_notebook(monkeypatch, "05_train", tmp_path / name, given, outputs, model="one", n=20)
        files = [f for part in outputs for f in (tmp_path / name / part).iterdir()]
        found.append({f"{f.parent.name}/{f.name}": f.read_bytes() for f in files})
    assert found[0] == found[1]
    assert {name.split("/")[0] for name in found[0]} == set(outputs)
