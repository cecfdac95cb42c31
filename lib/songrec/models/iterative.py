"""Models that are fitted in epochs."""

from abc import abstractmethod
from collections.abc import Iterator

from scipy.sparse import csr_array

from songrec.models.base import Recommender, checked_train


class Iterative(Recommender):
    """A model whose hyper-parameter `epochs` says how often it goes over the data.

    A search looks at it between epochs, to learn where to stop and to give up early on a poor setting. A
    model gives `_epochs` in the place of `_fit`.
    """

    epochs: int

    def fit_epochs(self, train: csr_array) -> Iterator[int]:
        """Fit as `fit` does, stopping after each epoch; the model can recommend at every stop.

        Parameters
        ----------
        train : csr_array (n_users, n_songs)
            Plays.

        Yields
        ------
        int
            The number of epochs done.
        """
        self._check_parameters()
        binary = checked_train(train)
        for done, _ in enumerate(self._epochs(binary, train), start=1):
            self.n_songs_ = binary.shape[1]
            yield done

    @abstractmethod
    def _epochs(self, binary: csr_array, plays: csr_array) -> Iterator[None]:
        """Set the fitted attributes after each epoch, and yield."""

    def fit(self, train: csr_array) -> "Iterative":
        for _ in self.fit_epochs(train):
            pass
        return self
