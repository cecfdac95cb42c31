"""What every exported model must do; a new model is under test as soon as it is exported."""

import hashlib
import json
import os
import re
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from small_logs import quick_model as made
from small_logs import random_plays, same, steep_log

import songrec.models
from songrec.errors import ConfigError, DataError
from songrec.extras import missing
from songrec.models import Recommender, create, load_model
from songrec.models.iterative import Iterative
from songrec.models.registry import model_names

NAMES = [name for name in model_names() if not missing(getattr(songrec.models, name).extra)]
every_model = pytest.mark.parametrize("name", NAMES)

# Models that give everybody the same list cannot know a user's colour on the checkerboard.
SAME_FOR_ALL = {"Popularity"}

# Models that go on with popular songs where they know no more of the user.
GOES_ON_WITH_POPULAR = {"Hybrid"}

# Models that see everything through a few factors: a song of the other colour may get a little of a score.
THROUGH_FACTORS = {"ALS", "BPR", "ELSA", "GFCF", "Item2Vec", "LightGCN", "PureSVD", "MultVAE", "NeuMF"}

# Models whose scores are logarithms of odds: below zero for what is less likely than not.
LOG_ODDS = {"Item2Vec", "NeuMF"}

# With as many factors as songs, PureSVD gives back what was heard and nothing else: that is its definition.
# Twenty users are one batch of ELSA's: it would take one step an epoch.
FEWER = {"PureSVD": {"factors": 2}, "ELSA": {"batch_size": 2}}

IN_EPOCHS = [name for name in NAMES if issubclass(getattr(songrec.models, name), Iterative)]

LISTS_OF_ALL_MODELS = """
import json, sys
import numpy as np
from scipy.sparse import csr_array
from songrec.models import create
random = np.random.default_rng(5)
train = csr_array(random.random((300, 200)) < 0.05)
lists = {}
for name in sys.argv[1:]:
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


log = random_plays


@cache
def fitted(name):
    """The model fitted on `log()`, for tests that only ask it."""
    return made(name).fit(log())


def arrays_of(model):
    """The bytes of what was fitted, by name."""
    return {name: value.tobytes() for name, value in vars(model).items() if isinstance(value, np.ndarray)}


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
        if name in LOG_ODDS:
            scores = np.exp(scores)
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
def test_plays_of_a_fold_in_count_only_where_they_are_asked_for(name):
    """By default no model asks for them."""
    train = log()
    once = (train > 0).astype(np.int32)
    assert same(fitted(name).recommend(train, 7), fitted(name).recommend(once, 7))


def test_plays_of_a_fold_in_that_are_none():
    for wrong in (-1.0, np.nan, np.inf):
        fold_in = log().astype(float)
        fold_in.data[0] = wrong
        with pytest.raises(DataError, match="fold_in holds play counts that are negative or not finite"):
            fitted("ItemKNN").recommend(fold_in, 3)


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
        command = [sys.executable, "-c", LISTS_OF_ALL_MODELS, *NAMES]
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
    backwards = slice(None, None, -1)
    messy = csr_array(
        (
            np.array([row[backwards] for row in train.toarray()]).ravel(),
            np.tile(np.arange(40, dtype=np.int32)[backwards], 60),
            np.arange(61) * 40,
        ),
        shape=train.shape,
    )
    assert messy.nnz == 60 * 40
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
    assert not any(key.endswith("_") for key in model.get_params())
    with pytest.raises(ConfigError, match=f"{name} has no parameter 'nonsense'; it has: "):
        model.set_params(nonsense=1)


@pytest.mark.parametrize(
    ("name", "changed"),
    [("Blend", {"weights": {"item_knn": 0.1, "user_knn": 0.9}, "by": "rank"}), ("Hybrid", {"kappa": 20.0})],
)
def test_what_counts_only_when_ranking_may_be_changed_after_the_fit(name, changed, tmp_path):
    model, expected = made(name).fit(log()), create(name, **changed).fit(log()).recommend(log(), 8)
    members = dict(model.members_)
    assert {*changed} == {*model.ranking_only} < {*model.get_params()}
    assert same(model.set_params(**changed).recommend(log(), 8), expected)
    assert model.members_ == members
    model.save(tmp_path / "model")
    assert same(load_model(tmp_path / "model").recommend(log(), 8), expected)


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


# Without those to whom a known user is another than a new one: no neighbour of their own.
@pytest.mark.parametrize("name", sorted({*NAMES} - {"UserKNN", "Blend"}))
def test_a_known_user_is_a_new_user_with_the_same_songs(name):
    known, new = (fitted(name).recommend(log(), 9, users=users) for users in (np.arange(60), None))
    assert same(known, new)


@pytest.mark.parametrize("name", IN_EPOCHS)
def test_each_stop_is_what_so_many_epochs_give(name):
    train, looks = log(), []
    model = create(name, epochs=9)
    for done in model.fit_epochs(train):
        expected = create(name, epochs=done).fit(train)
        assert arrays_of(model) == arrays_of(expected)
        looks.append(model.recommend(train, 5))
        assert same(looks[-1], expected.recommend(train, 5))
        assert (looks[-1][0] >= 0).all()
        if done == 3:
            break
    assert len(looks) == 3
    assert (looks[0][1] != looks[2][1]).any()


@pytest.mark.parametrize("name", IN_EPOCHS)
def test_the_seed_decides_every_bit(name):
    one, again, other = (arrays_of(create(name, epochs=2, seed=seed).fit(log())) for seed in (0, 0, 1))
    assert one == again
    assert one != other


@pytest.mark.parametrize("name", ["ALS", "BPR", "ELSA", "Item2Vec"])
def test_a_song_nobody_has_heard_is_not_listed_and_says_nothing_of_a_user(name):
    plays = log().toarray()
    plays[:, 7] = 0
    model = made(name).fit(csr_array(plays))
    assert not (model.recommend(csr_array(plays), 40)[0] == 7).any()
    assert (model.recommend(csr_array(np.eye(40)[[7]]), 5)[0] == -1).all()
    assert (model.similar_songs([7], 3)[0] == -1).all()
    both, alone = np.eye(40)[[7]] + np.eye(40)[[3]], np.eye(40)[[3]]
    assert (model.recommend(csr_array(both), 5)[1] == model.recommend(csr_array(alone), 5)[1]).all()


@pytest.mark.parametrize("name", ["EASE", "FsSLIM", "GFCF", "ItemKNN", "RP3beta"])
def test_similar_songs_are_the_list_of_who_heard_that_song_alone(name, monkeypatch):
    model = create(name).fit(csr_array(steep_log()))
    before = arrays_of(model)
    monkeypatch.setattr("songrec.models.base.CELLS", 100)  # two songs at a time
    assert same(model.similar_songs(np.arange(40), 5), model.recommend(csr_array(np.eye(40)), 5))
    assert model.similar_songs(np.array([], int), 5)[0].shape == (0, 5)
    assert arrays_of(model) == before


def wrong(allowed, *values):
    """Values that are refused, each with what the message says it must be."""
    return [(value, allowed) for value in values]


FLAG = wrong("a valid boolean", 1, "yes", None)
NO_NUMBER = wrong("a valid number", "1", True, None)
UNBOUNDED = wrong("less than inf", np.inf, np.nan)
COUNT = wrong("greater than or equal to 1", 0, -5) + wrong("a valid integer", 2.5, "10", True, None)
SEED = wrong("greater than or equal to 0", -1) + wrong("a valid integer", 1.5, True)
POSITIVE = wrong("greater than 0", 0, -1.0) + UNBOUNDED + NO_NUMBER
NON_NEGATIVE = wrong("greater than or equal to 0", -1, -0.1) + UNBOUNDED + NO_NUMBER
SHARE = wrong("less than 1", 1, 1.0, np.nan) + wrong("greater than or equal to 0", -0.1) + NO_NUMBER
POWER = (
    wrong("less than or equal to 1", 1.1, np.inf, np.nan)
    + wrong("greater than or equal to -1", -1.5, -np.inf)
    + NO_NUMBER
)
OWN_TESTS: list = []


def one_of(*choices):
    return wrong(" or ".join([", ".join(map(repr, choices[:-1])), repr(choices[-1])]), "nonsense")


KNN = {
    "neighbours": COUNT,
    "similarity": one_of("cosine", "asymmetric", "tversky", "jaccard"),
    **dict.fromkeys(["alpha", "beta", "shrink", "q"], NON_NEGATIVE),
    "weighting": one_of("binary", "log_plays", "tf_idf", "bm25"),
    "reverse": FLAG,
    "normalize": FLAG,
}
TRAINED = {"learning_rate": POSITIVE, "batch_size": COUNT, "epochs": COUNT, "seed": SEED}
HYPER_PARAMETERS = {  # of every model, in order: wrong values, and what each must be
    "ALS": {
        **{"factors": COUNT, "regularization": POSITIVE, "alpha": POSITIVE},
        "frequency_exponent": NON_NEGATIVE,
        **{"confidence": one_of("binary", "log_plays", "plays"), "epochs": COUNT, "seed": SEED},
        "penalty": one_of("vectors", "entries"),
    },
    "BPR": {
        "factors": COUNT,
        "learning_rate": POSITIVE,
        "regularization": POSITIVE,
        "epochs": COUNT,
        "negatives": one_of("popularity", "uniform"),
        "seed": SEED,
    },
    "Blend": {"members": OWN_TESTS, "weights": OWN_TESTS, "by": one_of("score", "rank")},
    "EASE": {"l2": POSITIVE, "dropout": SHARE, "relaxation": SHARE},
    "ELSA": {"factors": COUNT, **TRAINED},
    "FsSLIM": {"neighbours": COUNT, "l2": POSITIVE, "alpha": POWER, "spread": COUNT},
    "GFCF": {"factors": COUNT, "alpha": NON_NEGATIVE, "power": POSITIVE, "seed": SEED},
    "Hybrid": {"members": OWN_TESTS, "kappa": NON_NEGATIVE},
    "Item2Vec": {
        **{"factors": COUNT, "negatives": COUNT, "power": POWER},
        **{"learning_rate": POSITIVE, "epochs": COUNT, "seed": SEED},
    },
    "ItemKNN": KNN,
    "LightGCN": {
        **{"factors": COUNT, "layers": COUNT, "learning_rate": POSITIVE, "regularization": NON_NEGATIVE},
        **{"batch_size": COUNT, "epochs": COUNT, "seed": SEED},
    },
    "MultVAE": {
        **{"hidden": COUNT, "latent": COUNT, "dropout": SHARE, "beta": NON_NEGATIVE, "anneal": COUNT},
        **TRAINED,
    },
    "NeuMF": {
        **{"factors": COUNT, "negatives": COUNT, "learning_rate": POSITIVE, "batch_size": COUNT},
        **{"pretraining": SEED, "epochs": COUNT, "seed": SEED},
    },
    "Popularity": {"by": one_of("listeners", "plays")},
    "PureSVD": {"factors": COUNT, "seed": SEED},
    "RP3beta": {
        **{"neighbours": COUNT, "alpha": NON_NEGATIVE, "beta": NON_NEGATIVE},
        **{"reverse": FLAG, "normalize": FLAG},
    },
    "UserKNN": KNN,
}


def test_every_model_is_in_the_table():
    assert list(HYPER_PARAMETERS) == sorted(HYPER_PARAMETERS) == model_names()


@pytest.mark.parametrize("name", HYPER_PARAMETERS)
def test_hyper_parameters_that_make_no_sense(name):
    """Checked in `fit`, as scikit-learn has it."""
    assert list(create(name).get_params()) == list(HYPER_PARAMETERS[name])
    for parameter, refused in HYPER_PARAMETERS[name].items():
        for value, allowed in refused:
            model = create(name, **{parameter: value})
            message = f"{name}: {parameter} must be {allowed}, not {value!r}"
            with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
                model.fit(log())
