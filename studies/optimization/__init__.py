"""Measurements of the white-box methods, and the choice of their settings.

study.py         what these share: images, their logits, reconstructions, scores
tune.py          the choices on val, and what was tried (tuning.json)
random_start.py  measures how far solutions depend on the start (random_start.json)
no_prior.py      measures what becomes of them without priors (no_prior.json)
"""
