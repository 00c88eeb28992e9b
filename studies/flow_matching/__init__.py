"""Experiments with flow matching.

curve.py  solvers, steps and guidance against scores, on val
"""
