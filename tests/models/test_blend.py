"""The blend against its formula, its weights, and what becomes of its members on disk."""

import json
import shutil

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from small_logs import random_plays

from songrec.arrays import sealed
from songrec.errors import ConfigError, DataError
from songrec.models import Blend, ItemKNN, Popularity, UserKNN, load_model
from songrec.models.members import max_normalised, reciprocal_ranks

MEMBERS = {
    "item_knn": {"estimator": "ItemKNN", "hyperparameters": {"neighbours": 5}},
    "user_knn": {"estimator": "UserKNN", "hyperparameters": {"neighbours": 7}},
    "popularity": {"estimator": "Popularity"},
}


def log(seed=0, users=50, songs=30):
    return (random_plays(seed, users, songs, density=0.2) > 0).astype(np.int32)


def scores_of(model, fold_in):
    """All scores of a model, users x songs, from its public lists; -inf where it lists nothing."""
    songs, scores = model.recommend(fold_in, fold_in.shape[1], exclude_seen=False)
    full = np.full(fold_in.shape, -np.inf)
    rows, places = np.nonzero(songs >= 0)
    full[rows, songs[rows, places]] = scores[rows, places]
    return full


def members_scores(train, fold_in):
    models = [ItemKNN(5), UserKNN(7), Popularity()]
    return [scores_of(model.fit(train), fold_in) for model in models]


@pytest.mark.parametrize("by", ["score", "rank"])
def test_it_is_its_formula(by):
    train, fold_in = log(), log(seed=1, users=12)
    weights = {"item_knn": 0.5, "user_knn": 2.0, "popularity": 0.25}
    found = scores_of(Blend(MEMBERS, weights, by).fit(train), fold_in)
    heard = fold_in.toarray() > 0
    expected = np.zeros(found.shape)
    for weight, scores in zip(weights.values(), members_scores(train, fold_in), strict=True):
        for user in range(12):
            unheard = scores[user][~heard[user]]
            for song in np.flatnonzero(scores[user] > -np.inf):
                if by == "score":
                    part = scores[user, song] / unheard.max()
                else:
                    part = 1 / (60 + 1 + (unheard > scores[user, song]).sum())
                expected[user, song] += weight * part
    assert np.allclose(np.where(found > -np.inf, found, 0), expected, rtol=1e-6, atol=0)
    assert ((found > -np.inf) == (expected > 0)).all()


def test_a_member_alone_gives_its_own_list():
    train = log()
    expected, _ = UserKNN(7).fit(train).recommend(train, 8, users=np.arange(50))
    for by in ("score", "rank"):
        weights = {"item_knn": 0, "user_knn": 3.0, "popularity": 0}
        songs, _ = Blend(MEMBERS, weights, by).fit(train).recommend(train, 8, users=np.arange(50))
        assert (songs == expected).all()


def test_weights_that_are_all_0_after_the_fit():
    model = Blend(MEMBERS).fit(log())
    with pytest.raises(ConfigError, match="all are 0"):
        model.set_params(weights=dict.fromkeys(MEMBERS, 0)).recommend(log(), 8)


def test_no_member_has_evidence_no_list():
    block = csr_array(np.kron(np.eye(2, dtype=int), np.ones((3, 3), int)))  # two worlds that never meet
    fold_in = csr_array(np.array([[1, 0, 0, 0, 0, 0]]))
    songs, _ = Blend().fit(block).recommend(fold_in, 6)
    assert sorted(songs[0]) == [-1, -1, -1, -1, 1, 2]


def test_scores_that_are_all_negative_keep_their_order():
    scores, heard = np.array([[-3.0, -1.0, -2.0, -np.inf]]), np.array([[False, False, True, False]])
    assert max_normalised(scores, heard).argsort().tolist() == [[0, 2, 1, 3]]
    assert (max_normalised(scores, np.ones((1, 4), bool)) == max_normalised(scores, heard)).all()
    assert (1 / reciprocal_ranks(scores, heard)[0, :3]).round().tolist() == [62, 61, 62]
    for scaled in (max_normalised, reciprocal_ranks):
        assert not scaled(np.full((1, 3), -np.inf), np.zeros((1, 3), bool)).any()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"members": {}}, "members must name at least one model"),
        ({"members": ["ease"]}, "Blend: members must be a valid dictionary"),
        ({"members": {"../x": {"estimator": "ItemKNN"}}}, r"the label '../x' must be letters"),
        ({"members": {"x": "ItemKNN"}}, "members.x must be a model's estimator"),
        ({"members": {"x": {"estimator": "ItemKNN", "k": 3}}}, "members.x must be a model's estimator"),
        ({"members": {"x": {"estimator": "ItemKN"}}}, "members.x: there is no model 'ItemKN'. Did you mean"),
        (
            {"members": {"x": {"estimator": "ItemKNN", "hyperparameters": {"neighbours": 0}}}},
            "members.x: ItemKNN: neighbours must be",
        ),
        ({"weights": {"item_knn": 1.0}}, "a number for each of item_knn, user_knn"),
        (
            {"weights": {"item_knn": 1.0, "user_knn": -0.1}},
            "weights.user_knn must be greater than",
        ),
        ({"weights": {"item_knn": "1", "user_knn": 1}}, "weights.item_knn must be "),
        ({"weights": {"item_knn": np.nan, "user_knn": 1}}, "weights.item_knn must be "),
    ],
)
def test_what_makes_no_sense(params, message):
    with pytest.raises(ConfigError, match=message):
        Blend(**params).fit(log())


def test_a_copy_has_parameters_of_its_own():
    model = Blend(MEMBERS)
    copy = clone(model)
    copy.members["user_knn"]["hyperparameters"]["neighbours"] = 1
    assert model.members["user_knn"]["hyperparameters"]["neighbours"] == 7


@pytest.fixture
def saved(tmp_path):
    nested = {"blend": {"estimator": "Blend", "hyperparameters": {"members": MEMBERS}}, **MEMBERS}
    Blend(nested).fit(log()).save(tmp_path / "model")
    return tmp_path / "model"


def test_members_lie_in_folders_of_their_own(saved):
    train = log()
    assert sorted(path.name for path in (saved / "members").iterdir()) == sorted([*MEMBERS, "blend"])
    model = load_model(saved)
    assert isinstance(model.members_["blend"].members_["item_knn"], ItemKNN)
    again = Blend(model.members).fit(train).recommend(train, 9)
    assert (model.recommend(train, 9)[1] == again[1]).all()


def tamper(folder, **changes):
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(sealed(meta | changes)))


def test_a_damaged_folder(saved):
    Popularity().fit(log(songs=29)).save(saved / "members" / "popularity")
    with pytest.raises(DataError, match="its members know other songs"):
        load_model(saved)
    shutil.rmtree(saved / "members" / "popularity")
    with pytest.raises(DataError, match=r"cannot read .*popularity"):
        load_model(saved)
    tamper(saved, params={"members": {"../../elsewhere": {"estimator": "ItemKNN"}}})
    with pytest.raises(DataError, match="holds no model that this version knows: members: the label"):
        load_model(saved)


def test_members_that_changed_places(saved):
    ease, knn = (saved / "members" / label for label in list(MEMBERS)[:2])
    shutil.rmtree(ease)
    shutil.copytree(knn, ease)
    with pytest.raises(DataError, match="its members are other models"):
        load_model(saved)


def test_no_code_of_a_member_is_run(saved):
    tamper(saved / "members" / "item_knn", model="os")
    with pytest.raises(DataError, match="there is no model 'os'"):
        load_model(saved)
