"""Models by name; saved models, whole and tampered with."""

import ast
import json
import mmap
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array, issparse

import songrec.models
from songrec.arrays import load_arrays, save_arrays, sealed
from songrec.errors import ConfigError, DataError
from songrec.models import ItemKNN, Popularity, create, load_model
from songrec.models.artist_knn import ArtistKNN
from songrec.models.registry import model_names

ROOM = Path(songrec.models.__file__).parent

# Models whose fit would take minutes, or gigabytes, on a catalogue of the size that others are tried on.
FEW_SONGS = {"EASE", "FsSLIM"}


def test_create():
    assert repr(create("Popularity", by="plays")) == "Popularity(by='plays')"
    assert songrec.models.Popularity is Popularity


@pytest.mark.parametrize("name", ["itemknn", "Item-KNN", "Recommender", "create", "load_model", "", "os", 3])
def test_an_unknown_model(name):
    with pytest.raises(
        ConfigError,
        match=rf"there is no model .*There are: {', '.join(model_names())}",
    ):
        create(name)


def test_what_was_meant():
    with pytest.raises(ConfigError, match=r"Did you mean ItemKNN\?"):
        create("ItemKN")
    with pytest.raises(ConfigError, match="ItemKNN has no parameter 'neighbors'; it has: neighbours"):
        create("ItemKNN", neighbors=5)


def test_the_registry_and_the_base_import_no_model():
    """Editing one model, or registering another, must not touch what the others are made from."""
    models = {getattr(songrec.models, name).__module__ for name in model_names()}
    assert len(models) == len(model_names())
    for file in ("base", "registry"):
        tree = ast.parse((ROOM / f"{file}.py").read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & {*models, ArtistKNN.__module__, "songrec.models"}


@pytest.fixture
def saved(tmp_path):
    ItemKNN(neighbours=2).fit(csr_array(np.eye(3) + 1)).save(tmp_path / "model")
    return tmp_path / "model"


def change(folder, **changes):
    """As somebody would who knows how the metadata are sealed."""
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(sealed(meta | changes)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "os"}, "holds no model that this version knows: there is no model 'os'"),
        ({"model": "Recommender"}, "there is no model 'Recommender'"),
        ({"model": ["ItemKNN"]}, "there is no model"),
        ({"params": {"neighbour": 2}}, "has no parameter 'neighbour'"),
        ({"params": 3}, "holds no model"),
        ({"numbers": {"__class__": 1}}, "is damaged: see __class__"),
        ({"numbers": {"fit": 1}}, "is damaged: see fit"),
        ({"numbers": {}, "arrays": ["similarity_", "weights_"]}, "is damaged: see weights_"),
    ],
)
def test_a_folder_that_was_tampered_with(saved, changes, message):
    change(saved, **changes)
    with pytest.raises(DataError, match=re.escape(message)):
        load_model(saved)


def test_a_pickle_is_never_opened(saved):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("code from the file was run",))

    np.save(saved / "similarity_.data.npy", np.array([Bomb()]), allow_pickle=True)
    with pytest.raises(DataError, match="is damaged"):
        load_model(saved)


def test_something_else_than_a_model(tmp_path, saved):
    with pytest.raises(DataError, match="cannot read"):
        load_model(tmp_path / "nowhere")
    save_arrays(saved, {"rows": [1]})
    with pytest.raises(DataError, match="holds no model that this version knows"):
        load_model(saved)


def test_an_index_out_of_bounds_is_refused_though_the_hashes_agree(saved):
    """SciPy's product would write beside its memory."""
    matrix = load_model(saved).similarity_
    matrix = csr_array((matrix.data, matrix.indices + 10**6, matrix.indptr), shape=matrix.shape)
    arrays, meta = load_arrays(saved)
    save_arrays(saved, arrays | {"similarity_": matrix}, meta)
    with pytest.raises(DataError, match=r"similarity_.*is damaged"):
        load_model(saved)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_numbers_that_are_not_finite(saved, wrong):
    arrays, meta = load_arrays(saved)
    matrix = arrays["similarity_"].copy()
    matrix.data[0] = wrong
    save_arrays(saved, {"similarity_": matrix}, meta)
    with pytest.raises(DataError, match="similarity_ holds numbers that are not finite"):
        load_model(saved)


def test_numpy_numbers_as_parameters_are_saved(tmp_path):
    ItemKNN(neighbours=np.int64(2)).fit(csr_array(np.eye(3) + 1)).save(tmp_path / "model")
    assert load_model(tmp_path / "model").get_params()["neighbours"] == 2


def mapped(array):
    """Whether an array's memory is a file."""
    while isinstance(array, np.ndarray):
        array = array.base
    return isinstance(array, mmap.mmap)


# Without the models that need an extra: tests/models/test_neural.py loads those.
@pytest.mark.parametrize("name", [n for n in model_names() if not getattr(songrec.models, n).extra])
def test_loading_maps_arrays(name, tmp_path):
    """400,000 triplets: what is loaded stays in its files until somebody reads it."""
    catalogue = 1_000 if name in FEW_SONGS else 10_000
    random = np.random.default_rng(0)
    users = random.integers(0, 30_000, 400_000)
    songs = (random.random(400_000) ** 3 * catalogue).astype(int)
    train = csr_array((np.ones(400_000, np.int32), (users, songs)), shape=(30_000, catalogue))
    model = create(name)
    quick = {"epochs": 1} if "epochs" in model.get_params() else {}
    model.set_params(**quick).fit(train)
    model.save(tmp_path / name)
    expected, _ = model.recommend(train[[5]], 10, users=np.array([5]))
    loaded = load_model(tmp_path / name)
    found, _ = loaded.recommend(train[[5]], 10, users=np.array([5]))
    assert (found == expected).all()
    parts = [loaded, *getattr(loaded, "members_", {}).values()]
    fitted = [v for part in parts for key, v in vars(part).items() if key.endswith("_") and np.ndim(v)]
    arrays = [
        part for value in fitted for part in ((value.data, value.indices) if issparse(value) else [value])
    ]
    assert arrays
    assert all(mapped(array) for array in arrays)
