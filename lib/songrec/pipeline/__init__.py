"""Stages: notebooks with typed parameters, executed by papermill, kept fresh by DVC."""

from songrec.pipeline.page import open_page
from songrec.pipeline.stage import open_stage

__all__ = ["open_page", "open_stage"]
