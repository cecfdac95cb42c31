"""What every exported model must do; a new model is under test as soon as it is exported."""

import hashlib
import json
import os
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone

import songrec.models
from songrec.errors import ConfigError, DataError
from songrec.extras import missing
from songrec.models import Recommender, create, load_model
from songrec.models.registry import model_names

NAMES = [name for name in model_names() if not missing(getattr(songrec.models, name).extra)]
every_model = pytest.mark.parametrize("name", NAMES)

# Models that give everybody the same list cannot know a user's colour on the checkerboard.
SAME_FOR_ALL = {"Popularity"}

# Models that go on with popular songs where they know no more of the user.
GOES_ON_WITH_POPULAR = {"Hybrid"}

# Models that see everything through a few factors: a song of the other colour may get a little of a score.
THROUGH_FACTORS = {"ALS", "BPR", "PureSVD", "MultVAE", "NeuMF"}

# With as many factors as songs, PureSVD gives back what was heard and nothing else: that is its definition.
FEWER = {"PureSVD": {"factors": 2}}

QUICK = {"BPR": {"epochs": 10}}

LISTS_OF_ALL_MODELS = """
import json, sys
import numpy as np
from scipy.sparse import csr_array
from songrec.models import create
from songrec.models.registry import model_names
from songrec.extras import missing
import songrec.models
random = np.random.default_rng(5)
train = csr_array(random.random((300, 200)) < 0.05)
lists = {}
for name in model_names():
    if missing(getattr(songrec.models, name).extra):
        continue
    songs, scores = create(name).fit(train).recommend(train, 20, users=np.arange(300))
    lists[name] = [songs.tolist(), scores.view(np.int32).tolist()]
json.dump(lists, sys.stdout)
"""


def checkerboard(n=20):
    """User u heard every song of its own parity, except the song u."""
    songs = np.arange(n)
    board = (songs[:, None] + songs) % 2 == 0
    board[songs, songs] = False
    return csr_array(board.astype(np.int32))


def log(seed=0, users=60, songs=40, density=0.15):
    random = np.random.default_rng(seed)
    plays = random.integers(1, 9, (users, songs)) * (random.random((users, songs)) < density)
    return csr_array(plays.astype(np.int32))


def made(name):
    """The model as it is, but for passes over the log that these questions do not need."""
    return create(name, **QUICK.get(name, {}))


@cache
def fitted(name):
    """The model fitted on `log()`, for tests that only ask it."""
    return made(name).fit(log())


def same(found, expected):
    return (found[0] == expected[0]).all() and (found[1] == expected[1]).all()


@every_model
@pytest.mark.parametrize("known", [True, False])
def test_checkerboard(name, known):
    board = checkerboard()
    n = board.shape[0]
    users = np.arange(n) if known else None
    songs, scores = create(name, **FEWER.get(name, {})).fit(board).recommend(board, 3, users=users)
    if name in SAME_FOR_ALL:  # every song has as many listeners: the lowest codes that the user has not heard
        expected = [[s for s in range(n) if s == u or (s + u) % 2][:3] for u in range(n)]
        assert songs.tolist() == expected
    elif name in GOES_ON_WITH_POPULAR:  # the missing song first, then as for everybody
        others = [[s for s in range(n) if (s + u) % 2][:2] for u in range(n)]
        assert songs.tolist() == [[u, *rest] for u, rest in enumerate(others)]
        assert (scores[:, 0] > scores[:, 1]).all()
    elif name in THROUGH_FACTORS:
        assert songs[:, 0].tolist() == list(range(n))
        assert (scores[:, 0] > 2 * np.maximum(scores[:, 1], 0)).all()
    else:  # only the missing song of the user's colour; the other colour has nothing in common with it
        assert songs.tolist() == [[u, -1, -1] for u in range(n)]
        assert (scores[:, 0] > 0).all()
        assert (scores[:, 1:] == -np.inf).all()


@every_model
def test_lists_are_well_formed(name):
    train = log()
    songs, scores = fitted(name).recommend(train, 10, users=np.arange(60))
    assert (songs.dtype, scores.dtype) == (np.int32, np.float32)
    assert songs.shape == scores.shape == (60, 10)
    assert ((songs == -1) == (scores == -np.inf)).all()
    below = (scores[:, 1:] < scores[:, :-1]) | ((songs[:, 1:] == -1) & (songs[:, :-1] == -1))
    tied = (scores[:, 1:] == scores[:, :-1]) & (songs[:, 1:] > songs[:, :-1])
    assert (below | tied).all()
    heard = train.toarray() > 0
    assert not any(heard[user, song] for user, row in enumerate(songs) for song in row if song >= 0)
    assert (songs >= 0).mean() > 0.9


@every_model
def test_batch_equals_single(name, monkeypatch):
    train = log()
    model = fitted(name)
    users = np.where(np.arange(60) % 3, np.arange(60), -1)
    batch = model.recommend(train, 7, users=users)
    for user in range(60):
        single = model.recommend(train[[user]], 7, users=users[[user]])
        assert same(single, (batch[0][[user]], batch[1][[user]]))
    monkeypatch.setattr("songrec.models.base.CELLS", 100)
    assert same(model.recommend(train, 7, users=users), batch)


@every_model
def test_saved_and_loaded_gives_the_same_lists(name, tmp_path):
    train = log()
    model = fitted(name)
    model.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert type(loaded) is type(model)
    assert loaded.get_params() == model.get_params()
    for users in (None, np.arange(60)):
        assert same(loaded.recommend(train, 9, users=users), model.recommend(train, 9, users=users))
    loaded.save(tmp_path / "again")
    files = files_of(tmp_path / "model")
    assert files == files_of(tmp_path / "again")
    for file in files:
        assert digest(tmp_path / "model" / file) == digest(tmp_path / "again" / file)


def files_of(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def lists_by_threads():
    """The lists of every model, in a process with one thread and in one with two."""

    def lists(threads):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
        environment = os.environ | dict.fromkeys(names, str(threads))
        command = [sys.executable, "-c", LISTS_OF_ALL_MODELS]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert run.stderr == ""
        return json.loads(run.stdout)

    return lists(1), lists(2)


@every_model
def test_threads_change_nothing(name, lists_by_threads):
    one, two = lists_by_threads
    assert one[name] == two[name]
    assert max(map(max, one[name][0])) >= 0


@every_model
def test_an_empty_fold_in_gets_what_the_model_knows_of_nobody(name):
    songs, scores = fitted(name).recommend(csr_array((2, 40)), 5)
    assert songs.shape == (2, 5)
    if name in SAME_FOR_ALL | GOES_ON_WITH_POPULAR:
        charts, _ = fitted("Popularity").recommend(csr_array((2, 40)), 5)
        assert (charts >= 0).all()
        assert (songs == charts).all()
    else:  # no evidence, no list: never filler
        assert (songs == -1).all()
        assert (scores == -np.inf).all()


@every_model
def test_no_users_at_all(name):
    songs, scores = fitted(name).recommend(csr_array((0, 40)), 5)
    assert songs.shape == scores.shape == (0, 5)


@every_model
def test_who_heard_every_song_gets_none(name):
    songs, _ = fitted(name).recommend(csr_array(np.ones((1, 40))), 5)
    assert (songs == -1).all()


@every_model
def test_k_larger_than_the_catalogue(name):
    train = log()
    model = fitted(name)
    songs, scores = model.recommend(train, 100)
    assert songs.shape == (60, 100)
    assert (songs[:, 40:] == -1).all()
    assert same((songs[:, :5], scores[:, :5]), model.recommend(train, 5))


@every_model
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32, np.float64])
def test_the_dtype_of_plays_changes_nothing(name, dtype):
    train = log()
    expected = fitted(name).recommend(train, 6)
    assert same(made(name).fit(train.astype(dtype)).recommend(train.astype(dtype), 6), expected)


@every_model
def test_stored_zeros_and_unsorted_rows_change_nothing(name):
    train = log()
    expected = fitted(name).recommend(train, 6)
    rows, columns = np.indices(train.shape).reshape(2, -1)
    backwards = slice(None, None, -1)
    messy = csr_array(
        (
            np.array([row[backwards] for row in train.toarray()]).ravel(),
            np.tile(np.arange(40, dtype=np.int32)[backwards], 60),
            np.arange(61) * 40,
        ),
        shape=train.shape,
    )
    assert messy.nnz == len(rows) == len(columns)
    assert not messy.has_sorted_indices
    assert same(made(name).fit(messy).recommend(messy, 6), expected)


@every_model
def test_parameters_clone_and_repr(name):
    model = made(name)
    copy = clone(model.fit(log()))
    assert type(copy) is type(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "n_songs_")
    assert eval(repr(model), {name: type(model)}).get_params() == model.get_params()
    assert all(not key.endswith("_") for key in model.get_params())
    with pytest.raises(ConfigError, match=f"{name} has no parameter 'nonsense'; it has: "):
        model.set_params(nonsense=1)


@every_model
def test_fitting_twice_forgets_the_first(name):
    other = log(seed=1, users=50, songs=30)
    twice = made(name).fit(log()).fit(other)
    once = made(name).fit(other)
    assert same(twice.recommend(other, 8), once.recommend(other, 8))
    assert sorted(vars(twice)) == sorted(vars(once))


@every_model
def test_fit_returns_itself_and_leaves_its_input_alone(name):
    train = log()
    before = train.copy()
    for part in ("data", "indices", "indptr"):
        getattr(train, part).flags.writeable = False
    model = made(name)
    assert model.fit(train) is model
    model.recommend(train, 3)
    assert (train != before).nnz == 0


@every_model
def test_heard_songs_are_listed_when_asked_for(name):
    train = log()
    model = fitted(name)
    songs, _ = model.recommend(train, 40, exclude_seen=False)
    unseen, _ = model.recommend(train, 40)
    heard = train.toarray() > 0
    for user in range(60):
        everything = [song for song in songs[user] if song >= 0]
        assert any(heard[user, song] for song in everything)
        assert [s for s in everything if not heard[user, s]] == [s for s in unseen[user] if s >= 0]


@every_model
@pytest.mark.parametrize(
    ("train", "message"),
    [
        (csr_array((3, 4)), r"no plays at all \(3 users, 4 songs\)"),
        (np.eye(3), "must be a sparse matrix users x songs, not ndarray"),
        (csr_array(np.array([[1, -1]])), "negative or not finite"),
        (csr_array(np.array([[1, np.nan]])), "negative or not finite"),
    ],
)
def test_a_train_that_makes_no_sense(name, train, message):
    with pytest.raises(DataError, match=message):
        made(name).fit(train)


@every_model
def test_questions_that_make_no_sense(name, tmp_path):
    model = made(name)
    for ask in (lambda: model.recommend(log(), 3), lambda: model.save(tmp_path / "x")):
        with pytest.raises(ConfigError, match=f"this {name} is not fitted yet"):
            ask()
    model.fit(log())
    with pytest.raises(DataError, match=r"shape \(1, 39\), but the model was fitted on 40 songs"):
        model.recommend(csr_array((1, 39)), 3)
    with pytest.raises(DataError, match="one code for each of the 2 rows"):
        model.recommend(csr_array((2, 40)), 3, users=np.array([1]))
    for k in (0, -1, 2.5, True, None):
        with pytest.raises(ConfigError, match="k must be a whole number of at least 1"):
            model.recommend(log(), k)


@every_model
def test_similar_songs_where_they_have_a_meaning(name):
    model = fitted(name)
    if type(model)._similar_songs is Recommender._similar_songs:
        with pytest.raises(ConfigError, match=f"{name} has no item similarity"):
            model.similar_songs([0], 3)
        return
    songs, scores = model.similar_songs([5, 0], 39)
    assert songs.shape == scores.shape == (2, 39)
    assert 5 not in songs[0]
    assert 0 not in songs[1]
    assert (scores[songs >= 0] > 0).all()
    for wrong in ([40], [-1]):
        with pytest.raises(DataError, match="song codes must lie between 0 and 39"):
            model.similar_songs(wrong, 3)
