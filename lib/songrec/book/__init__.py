"""The book: what Sphinx needs to build it."""
