"""Training with PyTorch so that one seed gives one result, whatever the device and the number of threads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from songrec.extras import require
from songrec.models.iterative import Iterative

if TYPE_CHECKING:
    import torch


class Neural(Iterative):
    """A model trained with Adam on batches of users. A model gives `_initial`, `_loss` and `_keep`.

    All random numbers come from one NumPy generator: PyTorch's own, global and different on each device, are
    neither used nor moved. Only training needs PyTorch: scores are computed with NumPy.
    """

    extra = "neural"

    def _epochs(self, binary: csr_array, plays: csr_array) -> Iterator[None]:
        require(self.extra, type(self).__name__)
        from torch.optim import Adam

        binary = binary[np.diff(binary.indptr) > 0]
        random = np.random.default_rng(self.seed)
        weights = self._initial(binary.shape[1], random)
        adam = Adam(weights.values(), lr=self.learning_rate, fused=True)
        n = binary.shape[0]
        steps = -(-n // self.batch_size)
        for epoch in range(self.epochs):
            order = random.permutation(n)
            with deterministic_torch():
                for step in range(steps):
                    batch = binary[order[step * self.batch_size : (step + 1) * self.batch_size]]
                    adam.zero_grad()
                    self._loss(weights, batch, random, epoch + step / steps).backward()
                    adam.step()
                self._keep(weights)
            yield


def device() -> str:
    """Where models are trained: a GPU when PyTorch finds one, else the processor."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@contextmanager
def deterministic_torch() -> Iterator[None]:
    """Hold PyTorch to one thread and to deterministic kernels within the block; both are put back after it.

    Sums shared out among threads end in other bits for another number of threads. Hold it for one epoch, not
    across a `yield`, as it would then hold for the caller too.
    """
    import torch

    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    if device() == "cuda":  # on one thread of a processor there is only one order
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it CUDA has no fixed order
        torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(threads)


def tensor(array: np.ndarray, learned: bool = False) -> "torch.Tensor":
    """An array on the training device, as a parameter to learn if `learned`."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(array)).to(device()).requires_grad_(learned)


def array(tensor: "torch.Tensor") -> np.ndarray:
    """A copy of a tensor as a plain float32 array in C order."""
    return np.array(tensor.detach().cpu().numpy(), np.float32, order="C")


def xavier(random: np.random.Generator, rows: int, columns: int) -> "torch.Tensor":
    """A matrix to learn, normal with variance 2 / (rows + columns) (Glorot & Bengio 2010, eq. 12)."""
    drawn = random.standard_normal((rows, columns), np.float32)
    return tensor(drawn * np.float32(np.sqrt(2 / (rows + columns))), learned=True)


def sums_of_rows(
    table: "torch.Tensor", binary: csr_array, weights: np.ndarray | None = None
) -> "torch.Tensor":
    """The sparse matrix times `table`, without making it dense.

    Parameters
    ----------
    table : Tensor (n_songs, f)
        One row a song.
    binary : csr_array (n, n_songs)
        The songs of each user.
    weights : array (binary.nnz,), optional
        One for each stored entry; 1 without it.

    Returns
    -------
    Tensor (n, f)
        For each user the weighted sum of the rows of their songs.
    """
    from torch.nn.functional import embedding_bag

    weights = np.ones(binary.nnz) if weights is None else weights
    return embedding_bag(
        tensor(binary.indices.astype(np.int64)),
        table,
        tensor(binary.indptr.astype(np.int64)),
        mode="sum",
        per_sample_weights=tensor(weights.astype(np.float32)),
        include_last_offset=True,
    )
