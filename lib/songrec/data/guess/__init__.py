"""How a log is to be read, guessed from its beginning; `songrec init` shows and writes what was guessed."""

from songrec.data.guess.form import guess
from songrec.data.guess.reading import Reading, source_of

__all__ = ["Reading", "guess", "source_of"]
