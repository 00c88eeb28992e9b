"""An autoregressive density q(x | z) of images given their logits: draws from it, and how probable it finds an image.

    q(x | z) = prod_i q(x_i | x_1 ... x_{i-1}, z)      pixel by pixel, row by row; z = Phi(x) the raw logits
    L = -E log2 q(x | z)                               with z left out of a quarter of the images, so that q(x) is there

Nash, Kushman & Williams 2019 fit such a density to a layer of a classifier, look at its draws, and compare its
likelihood with that of a density told nothing. What is theirs: that, and a PixelCNN++ conditioned in its blocks.
Their text and code were not at hand; nothing here claims to be their setting. What is Salimans et al. 2017's, as
their public re-implementations have it: the discretised mixture of logistics with linear coupling of the colours
(``likelihood``), the two shifted streams, gated residual blocks, each shown the other stream, three resolutions with
short cuts, weight normalisation, the channel of ones (``network``). Samples are drawn with every feature computed
once, after Ramachandran et al. 2017 (``sampler``). What is ours:

- One network for q(x | z) and q(x): the logits are left out of 25 % of the images of a batch, and a learnt vector
  stands for them. Fewer would leave q(x) poorly trained, and the difference of both too large; more would take from
  q(x | z). The probe ``information`` shows whether it was enough: another image's logits must not seem to tell
  anything.
- z is standardised per logit and goes through two linear layers into an embedding of 128, as the logits are 10 or
  1,000; a linear map of it is added in every block, before the gate.
- The size: 64, 96 and 128 channels at the three resolutions (160 at each in the original), one block before going
  down and one or two after (five, five and six), 5 components (10), SiLU in place of concatenated ELUs, which took a
  third of the time of a CPU, no dropout; non-overlapping 2x2 up-sampling in both streams; a block begins at a tenth
  of its usual start. 3.1 million parameters, 4 MB packed.
- The mass of a bin is exact in place of the density where it is small; the last layer is never in bfloat16.
- Optimisation: batches of 32 for 30,000 steps, Adam at 1e-3 (0.9, 0.999) after 200 steps of warm-up, gradients of
  norm 1 at most, mirrored images with their own logits; the average of the weights is kept. No rate depends on the
  number of steps, so that a training can be made longer.

Cost on one core of a processor with AMX: a step of training takes about 1.0 s, the whole 8.5 hours (``bench train
inverter nash-2019 --classifier C --dry-run`` says what it is on yours). The likelihood of an image takes 25 ms with
its logits or without, a draw 0.2 s in float64. Its cost grows with the pixels: 64 px take four times as long. No
weights ship; ``bench train inverter nash-2019 --classifier robust_resnet152`` trains them, once more with ``--seed
2`` what the probe needs to say how far two trainings lie apart.
"""
