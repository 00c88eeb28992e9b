"""Sweeps: many cells from one plan, run by an executor."""
