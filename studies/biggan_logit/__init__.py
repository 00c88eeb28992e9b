"""Experiments with the logit-conditioned BigGAN.

switches.py  the faithful recipe and each switch at equal cost, on val (switches.json)
imagenet.py  the recipes for ImageNet, and a dry run that measures what they would cost
held.py      how much memory a computation keeps for its backward passes
"""
