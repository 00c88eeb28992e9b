"""Trained weights: where they lie, which of them a run uses."""
