"""Experiments with the decoders of Dosovitskiy & Brox."""
