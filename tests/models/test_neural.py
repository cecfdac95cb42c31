"""Mult-VAE, NeuMF and LightGCN: what they compute, and what works without PyTorch.

Tests marked `trained` need PyTorch; the others use weights made here and must pass in the base environment.
"""

import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.extras import missing
from songrec.models import LightGCN, MultVAE, NeuMF, load_model

MODELS = [LightGCN, MultVAE, NeuMF]
each = pytest.mark.parametrize("model", MODELS)
each_network = pytest.mark.parametrize("model", [MultVAE, NeuMF])
trained = pytest.mark.skipif(bool(missing("neural")), reason="training " + missing("neural"))


def log():
    return csr_array((np.random.default_rng(0).random((60, 40)) < 0.15).astype(np.int32))


def arrays_of(model):
    return {name: value for name, value in vars(model).items() if name.endswith("_") and np.ndim(value)}


def by_hand(model):
    """A model of 5 songs with weights that no training made."""
    random = np.random.default_rng(3)
    shapes = {
        LightGCN: {"heard_": (5, 3), "song_factors_": (5, 3)},
        MultVAE: {
            "encoder_": (5, 3), "encoder_bias_": 3, "mean_": (3, 2), "mean_bias_": 2,
            "decoder_": (2, 3), "decoder_bias_": 3, "songs_": (5, 3), "songs_bias_": 5,
        },
        NeuMF: {
            "heard_": (5, 4), "heard_network_": (5, 4), "songs_": (4, 5), "songs_network_": (4, 5),
            "second_": (2, 4), "second_bias_": (2, 1), "last_": 2,
        },
    }[model]  # fmt: skip
    made = model()
    for name, shape in shapes.items():
        setattr(made, name, random.standard_normal(shape).astype(np.float32))
    made.n_songs_ = 5
    return made


@each
def test_without_pytorch_only_fit_is_refused(model, monkeypatch):
    monkeypatch.setattr("songrec.extras.find_spec", lambda name: None)
    made = model(epochs=2)
    with pytest.raises(ConfigError, match=f"^{model.__name__} needs PyTorch, .* make neural$"):
        made.fit(log())


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None  # any import of it fails
import numpy as np
from scipy.sparse import csr_array
from songrec.models import load_model
songs, scores = load_model(sys.argv[1]).recommend(csr_array(np.array([[1, 0, 0, 1, 0], [0] * 5])), 3)
print(songs.tolist(), scores.view(np.int32).tolist())
"""


@each
def test_a_saved_model_is_served_without_pytorch(model, tmp_path):
    made = by_hand(model)
    made.save(tmp_path / "model")
    command = [sys.executable, "-c", WITHOUT_TORCH, str(tmp_path / "model")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    songs, scores = made.recommend(csr_array(np.array([[1, 0, 0, 1, 0], [0] * 5])), 3)
    assert (run.stdout, run.stderr) == (f"{songs.tolist()} {scores.view(np.int32).tolist()}\n", "")
    assert set(songs[0]) == {1, 2, 4}
    assert (songs[1] == -1).all()
    assert not isinstance(next(iter(arrays_of(load_model(tmp_path / "model")).values())).base, type(None))


def test_mult_vae_scores_are_the_probabilities_of_the_formula():
    m = by_hand(MultVAE)
    h = np.tanh((m.encoder_[0] + m.encoder_[3]) / np.sqrt(2) + m.encoder_bias_)
    d = np.tanh((h @ m.mean_ + m.mean_bias_) @ m.decoder_ + m.decoder_bias_)
    odds = np.exp(d @ m.songs_.T + m.songs_bias_)
    songs, scores = m.recommend(csr_array(np.array([[1, 0, 0, 1, 0]])), 5, exclude_seen=False)
    assert scores[0] == pytest.approx((odds / odds.sum())[songs[0]], rel=1e-5)
    assert scores.sum() == pytest.approx(1, rel=1e-6)


def test_neumf_scores_are_those_of_the_formula():
    m = by_hand(NeuMF)
    p, r = ((table[0] + table[3]) / np.sqrt(2) for table in (m.heard_, m.heard_network_))
    first = np.maximum(m.songs_network_ + r[:, None], 0)
    expected = p @ m.songs_ + m.last_ @ np.maximum(m.second_ @ first + m.second_bias_, 0)
    songs, scores = m.recommend(csr_array(np.array([[1, 0, 0, 1, 0]])), 5, exclude_seen=False)
    assert scores[0] == pytest.approx(expected[songs[0]], rel=1e-5, abs=1e-6)


@trained
@each
def test_training_leaves_pytorch_as_it_was(model):
    import torch

    torch.manual_seed(1)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    fitted = arrays_of(model(epochs=2).fit(log()))
    assert all(value.dtype == np.float32 and value.flags.c_contiguous for value in fitted.values())
    assert (torch.random.get_rng_state() == before).all()
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def weights_and_losses(model, epochs):
    """The loss (without random numbers that differ) before and after some steps on one batch."""
    from torch.optim import Adam

    heard = log().astype(np.float32)
    weights = model._initial(40, np.random.default_rng(0))
    adam = Adam(weights.values(), lr=0.01)
    losses = []
    for _ in range(epochs):
        adam.zero_grad()
        loss = model._loss(weights, heard, np.random.default_rng(7), progress=model.epochs)
        loss.backward()
        adam.step()
        losses.append(float(loss.detach()))
    return weights, losses


@trained
@each_network
def test_the_loss_decreases(model):
    _, losses = weights_and_losses(model(), 30)
    assert losses[-1] < 0.9 * losses[0]
    assert losses[10] < losses[0]


@trained
def test_numpy_scores_are_pytorchs_mult_vae():
    import torch

    model, heard = MultVAE(hidden=8, latent=3), log().astype(np.float32)
    w, _ = weights_and_losses(model, 5)
    model._keep(w)
    x = torch.from_numpy(heard.toarray())
    with torch.no_grad():
        x = x / x.square().sum(dim=1, keepdim=True).sqrt()
        mean = (x @ w["A"] + w["a"]).tanh() @ w["B"] + w["b"]
        expected = ((mean @ w["D"] + w["d"]).tanh() @ w["W"].T + w["w"]).softmax(dim=1).numpy()
    assert model._scores(heard, 40) == pytest.approx(expected, rel=1e-4)


@trained
def test_numpy_scores_are_pytorchs_neumf():
    import torch

    from songrec.models.neumf import halves
    from songrec.models.torch_training import sums_of_rows

    model, heard = NeuMF(factors=6), log().astype(np.float32)
    w, _ = weights_and_losses(model, 5)
    model._keep(w)
    model.n_songs_ = 40
    scale = torch.from_numpy(np.diff(heard.indptr)[:, None] ** -0.5).float()
    with torch.no_grad():
        p, r = (sums_of_rows(w[name], heard) * scale for name in "PR")
        expected = sum(halves(w, p, r, torch.arange(40).repeat(60, 1))).numpy() / 2
    assert model._scores(heard, 40) == pytest.approx(expected, rel=1e-4, abs=1e-5)


@trained
@pytest.mark.parametrize("layers", [1, 3])
def test_light_gcn_is_the_formula_with_a_dense_graph(layers):
    """One step of the loss and its derivative, and what is kept, by matrices spelt out."""
    import torch

    from songrec.models.light_gcn import Graph, triples_loss

    heard = log().toarray().astype(np.float32)
    heard = heard[heard.any(axis=1)]
    users, songs = np.maximum(heard.sum(axis=1), 1), np.maximum(heard.sum(axis=0), 1)
    normalised = heard / np.sqrt(np.outer(users, songs))
    random, x = np.random.default_rng(0), torch.from_numpy(normalised)
    first = [random.standard_normal((n, 4)).astype(np.float32) for n in heard.shape]
    triples = [torch.tensor([0, 3, 5]), torch.tensor([1, 2, 2]), torch.tensor([7, 8, 9])]
    slopes = []
    for way in ("sparse", "dense"):
        p0, q0 = (torch.from_numpy(each).requires_grad_() for each in first)
        if way == "sparse":
            loss = triples_loss(
                Graph(csr_array(normalised)).layers(p0, q0, layers), triples, torch.ones(3), 0.1
            )
        else:
            ps, qs = [p0], [q0]
            for _ in range(layers):
                ps, qs = [*ps, x @ qs[-1]], [*qs, x.T @ ps[-1]]
            p, q = sum(ps) / (layers + 1), sum(qs) / (layers + 1)
            u, i, j = triples
            gaps = (p[u] * (q[i] - q[j])).sum(dim=1)
            squares = sum((each**2).sum(dim=1) for each in (p0[u], q0[i], q0[j]))
            loss = (-torch.log(torch.sigmoid(gaps)) + 0.05 * squares).mean()
        loss.backward()
        slopes.append([float(loss.detach()), p0.grad.numpy(), q0.grad.numpy()])
    for sparse, dense in zip(*slopes, strict=True):
        assert sparse == pytest.approx(dense, rel=1e-4, abs=1e-6)


@trained
def test_light_gcn_folds_in_by_its_own_equation_without_the_users_vector():
    model, heard = LightGCN(factors=4, layers=2, epochs=3).fit(log()), log().toarray()
    users = model._encode_users(log().astype(np.float32), None)
    expected = heard @ model.heard_ / np.sqrt(np.maximum(heard.sum(axis=1), 1))[:, None]
    assert users == pytest.approx(expected, rel=1e-5)


@trained
def test_the_divergence_and_the_likelihood_by_hand():
    import torch

    from songrec.models.mult_vae import divergence, negative_log_likelihood

    mean, log_variance = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, np.log(4.0)]])
    # ½ (1 + 1 - 1 - 0) + ½ (0 + 4 - 1 - ln 4)
    assert float(divergence(mean, log_variance)) == pytest.approx(0.5 + 1.5 - np.log(2), rel=1e-6)
    # logits 1, 2 + ½ and 3; the first and the last were heard
    songs, bias = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([0.0, 0.5, 0.0])
    heard = csr_array(np.array([[1, 0, 1]], np.float32))
    expected = 2 * np.log(np.exp([1, 2.5, 3]).sum()) - 4
    assert float(negative_log_likelihood(torch.ones(1, 1), songs, bias, heard)) == pytest.approx(
        expected, rel=1e-6
    )


@trained
def test_neumf_fits_its_halves_apart_before_it_joins_them():
    """Until then each half's gradient is that of its own loss, whatever the other says."""
    model, heard = NeuMF(factors=4, pretraining=3), log().astype(np.float32)
    slopes = []
    for strength, progress in ((1, 2.9), (50, 2.9), (1, 3.0), (50, 3.0)):
        weights = model._initial(40, np.random.default_rng(0))
        weights["w"].data *= strength
        model._loss(weights, heard, np.random.default_rng(1), progress).backward()
        slopes.append(weights["P"].grad.numpy())
    assert (slopes[0] == slopes[1]).all()
    assert (slopes[2] != slopes[3]).any()


@trained
def test_neumf_leaves_out_of_the_user_the_song_to_be_found():
    """With one song a user is nobody; with two, a positive sees the embedding of the other song alone."""
    model, random = NeuMF(factors=4), np.random.default_rng(0)
    weights = model._initial(6, random)
    loss = model._loss(weights, csr_array(np.eye(6, dtype=np.float32)), random, 1.0)
    assert float(loss.detach()) == 0
    # Songs 0 and 1, asked without draws (negatives all heard): the gradient of P at 0 comes from finding 1.
    both = csr_array(np.ones((1, 2), np.float32))
    weights = model._initial(2, random)
    weights["Q"].data[1] = 0
    model._loss(weights, both, random, model.pretraining).backward()
    assert (weights["P"].grad[0] == 0).all()
    assert (weights["P"].grad[1] != 0).any()
