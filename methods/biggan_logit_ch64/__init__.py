"""``biggan-logit`` at the width of the public CIFAR-10 BigGAN (ch 64 in place of 24) and at batches of 256.

The same networks, losses and rates by another recipe, ``gpu``, which takes minutes on a data-centre GPU. Weights ship
for two classifiers. They are no part of the comparison between classifiers that ``biggan-logit`` serves, whose weights
share the recipe that two CPU cores can train.
"""
