"""Runs MyBCAT on one machine that has nothing but Python.

`refusal home ports listeners leftovers isolation preflight virtualenv __main__` are read before the virtual
environment exists, so they use the standard library alone.
"""
