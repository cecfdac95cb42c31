"""Experiments that fit and evaluate: numbers in, frames out."""
