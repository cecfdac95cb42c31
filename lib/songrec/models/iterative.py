"""Models that are fitted in epochs."""

from abc import abstractmethod
from collections.abc import Iterator

from scipy.sparse import csr_array

from songrec.models.base import Recommender


class Iterative(Recommender):
    """A model whose hyper-parameter `epochs` says how often it goes over the data.

    A search looks at it between epochs: so it learns where to stop, and gives up early on what leads nowhere.
    """

    epochs: int

    @abstractmethod
    def fit_epochs(self, train: csr_array) -> Iterator[int]:
        """Fit, yielding the number of epochs done after each: the model can recommend at every stop."""

    def fit(self, train: csr_array) -> "Iterative":
        for _ in self.fit_epochs(train):
            pass
        return self
