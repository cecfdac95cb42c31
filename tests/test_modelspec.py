"""models.yml: every block makes sense, and its memory formula says what the fitted model keeps."""

import numpy as np
import pytest
from scipy.sparse import csr_array, issparse, random_array

from songrec.errors import ConfigError
from songrec.extras import missing
from songrec.models import create
from songrec.modelspec import MODELS, laid_over, memory_bytes, read_models
from songrec.pipeline.settings import check_estimator

BLOCKS = read_models()


@pytest.mark.parametrize("label", BLOCKS)
def test_every_block_is_complete(label):
    spec = BLOCKS[label]
    check_estimator(spec, label)
    assert f"\n{label}:\n  estimator: {spec.estimator}\n  title: {spec.title}\n  look: " in MODELS.read_text()
    assert spec.memory
    assert set(spec.members) <= {"*", *BLOCKS}


def test_looks_differ():
    looks = [tuple(spec.look) for spec in BLOCKS.values()]
    assert len({colour for colour, _ in looks}) == len({marker for _, marker in looks}) == len(looks)


@pytest.mark.parametrize("label", BLOCKS)
def test_the_memory_formula_says_what_a_fitted_model_keeps(label):
    spec = BLOCKS[label]
    if missing(spec.extra):
        pytest.skip(missing(spec.extra))
    if spec.members:
        pytest.skip("its members' come on top")
    small = {"epochs": 1} if "epochs" in create(spec.estimator).get_params() else {}
    log = csr_array(random_array((400, 300), density=0.15, rng=np.random.default_rng(0), format="csr"))
    log.data[:] = 1 + np.arange(log.nnz) % 7
    model = create(spec.estimator, **spec.hyperparameters, **small)
    model.fit(log)
    fitted = {name: value for name, value in vars(model).items() if name.endswith("_")}
    kept = sum(_bytes(value) for value in fitted.values())
    users, songs = log.shape
    said = memory_bytes(spec.memory, users=users, songs=songs, entries=log.nnz, **model.get_params())
    assert said / 1.55 < kept < 1.05 * said  # codes of songs take 4 or 8 bytes: the formula says the most


def _bytes(value) -> int:
    if issparse(value):
        return value.data.nbytes + value.indices.nbytes + value.indptr.nbytes
    return np.asarray(value).nbytes


@pytest.mark.parametrize(
    ("formula", "bytes_"),
    [("8 * songs ** 2", 32), ("min(users, k) + 1", 2), ("(entries - 1) / 2", 2), ("max(1, k, 2)", 3)],
)
def test_formulas(formula, bytes_):
    assert memory_bytes(formula, users=1, songs=2, entries=5, k=3) == bytes_


@pytest.mark.parametrize(
    "formula",
    ["", "songs *", "other", "__import__('os')", "songs.real", "[1]", "'a'", "min()", "text", "1 / 0"],
)
def test_nothing_else_is_a_formula(formula):
    with pytest.raises(ConfigError, match="memory"):
        memory_bytes(formula, users=1, songs=2, entries=5, text="a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "a block for each model"),
        ("a: [", "is not YAML"),
        ("a: {}", "a: estimator: Field required"),
        ("a: {estimator: EASE, colour: red}", "a: unknown key 'colour'"),
        ("a: 3", "a: it must be a mapping, not 3"),
    ],
)
def test_a_file_that_is_no_declaration_is_named(tmp_path, text, said):
    (tmp_path / "models.yml").write_text(text)
    with pytest.raises(ConfigError, match=rf"models.yml.*{said}"):
        read_models(tmp_path / "models.yml")


def test_a_model_without_title_and_look_gets_its_own(tmp_path):
    (tmp_path / "models.yml").write_text("my_model: {estimator: EASE}\nanother: {estimator: EASE}")
    mine, other = read_models(tmp_path / "models.yml").values()
    assert mine.title == "my model"
    assert len(mine.look) == 2
    assert mine.look != other.look


def test_changes_are_laid_over_a_block():
    assert laid_over("ease", {}, BLOCKS) == BLOCKS["ease"].model_dump()
    changed = laid_over("item_knn", {"hyperparameters": {"q": 2.0, "weighting": None}}, BLOCKS)
    assert changed["hyperparameters"] == {"q": 2.0}
    assert changed["title"] == "item-KNN"
    mine = laid_over("mine", {"estimator": "EASE"}, BLOCKS)
    assert mine["space"] == BLOCKS["ease"].space
    assert "title" not in mine
    assert mine["hyperparameters"] == {}
