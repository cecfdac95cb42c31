"""Stages: notebooks with typed parameters, run by papermill in the order of their artefacts, kept fresh by DVC."""

from songrec.pipeline.stage import open_stage

__all__ = ["open_stage"]
