"""Optimisation in image space: white-box inverters that descend on a distance between network outputs.

objectives.py         what is minimised: output distances, TV^beta, alpha-norm
optimizer.py          the one descent loop: chunks, moves, who has converged
frozen.py             the classifier, private and fast
inverter.py           what the methods share
mahendran_vedaldi.py  logit distance, priors, momentum (2015)
engstrom.py           logit or feature distance, normalised steps (2019)
"""
