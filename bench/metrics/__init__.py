"""Station 4 of the line: a reconstruction against its original. Importing this package alone loads no torch."""

from bench.metrics.folders import score_folders

__all__ = ["score_folders"]
