"""Engines that do the study's work elsewhere than in this process: the same numbers, for larger logs."""
