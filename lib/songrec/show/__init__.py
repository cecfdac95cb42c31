"""From frames to tables, figures and sentences: the only place where a number becomes text."""

from songrec.show.prose import banner

__all__ = ["banner"]
