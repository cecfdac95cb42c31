"""Loops compiled by numba, for what numpy cannot say without a matrix that does not fit.

A module with `compiled` functions is imported inside the function that calls one, never at the top of
another module: whoever reads, serves or draws then waits for no compiler, and needs none.
"""
