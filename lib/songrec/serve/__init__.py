"""Answering people: what to play next, from what a run of the pipeline has made."""

from songrec.serve.service import Answer, Service, open_service

__all__ = ["Answer", "Service", "open_service"]
