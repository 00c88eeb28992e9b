"""The logit-conditioned BigGAN of Teterwak, Zhang, Krishnan & Mozer, "Understanding Invariance via Feedforward
Inversion of Discriminatively Trained Classifiers" (ICML 2021).

    x^ = G(z, eps)      z = Phi(x), the raw logits of a frozen classifier; eps ~ N(0, I) in 120 dimensions

What the paper leaves open and we chose, in one place:

- Architecture and widths: those of BigGAN (Brock et al. 2019) at 32x32, with ``channels`` 24 to fit two CPU cores;
  no attention, noise at the first linear layer only, sum pooling in D, and no bias in w1.
- The two-layer MLPs: 128 hidden units, ReLU; gamma is 1 + MLP(z), so that training starts near plain BN. They alone
  are free of spectral norm.
- z is standardised per logit with the training split's mean and standard deviation, then scaled so that its mean
  squared norm is 1 in D (like a one-hot class) and 10 in G.
- Above 32 px: BigGAN's tables with self-attention (``tables``); the conditioning stays the same.
- Optimisation: one D step, two constant learning rates, the same fakes serve both steps, mirrored training images
  carry their own logits, batches of 64 in bfloat16. The BN statistics are estimated over batches of 64 in float32.

All of that is the faithful recipe. Switches that may make it converge faster are off in it (``recipes``) and are
compared with it at equal time by ``python -m studies.biggan_logit.switches``.
"""
