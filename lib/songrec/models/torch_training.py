"""Training with PyTorch so that one seed gives one result: where it runs, and in which order it adds."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    import torch


def device() -> str:
    """Where models are trained: a GPU when PyTorch finds one, else the processor."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@contextmanager
def in_order() -> Iterator[None]:
    """Hold PyTorch to one thread and to deterministic kernels within the block; both are put back after it.

    Sums shared out among threads end in other bits for another number of threads. Hold it for one epoch, not
    across a `yield`: what the caller does in between is none of its business.
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
    """An array on the training device, as a parameter to learn if `learned`.

    All random numbers come from one NumPy generator: PyTorch's own, global and different on each device, are
    neither used nor moved.
    """
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
    table: "torch.Tensor", heard: csr_array, weights: np.ndarray | None = None
) -> "torch.Tensor":
    """For each user the sum of the rows of `table` (n_songs, f) that belong to the songs heard: (n, f).

    A sparse matrix times `table` that never gets dense. weights : one for each stored entry (None: 1).
    """
    from torch.nn.functional import embedding_bag

    weights = np.ones(heard.nnz) if weights is None else weights
    return embedding_bag(
        tensor(heard.indices.astype(np.int64)),
        table,
        tensor(heard.indptr.astype(np.int64)),
        mode="sum",
        per_sample_weights=tensor(weights.astype(np.float32)),
        include_last_offset=True,
    )
