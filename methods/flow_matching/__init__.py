"""Conditional flow matching on pixels: draws from p(x | z), along a learnt velocity from noise to an image.

    x_t = (1 - t) x_0 + t x_1       x_0 ~ N(0, I), x_1 an image in [-1, 1], z = Phi(x_1) its raw logits
    L = |v(x_t, t, z) - (x_1 - x_0)|^2
    dx/dt = v(x, t, z)              followed from noise at t = 0 to an image at t = 1

The path and the loss are those of Lipman et al. 2023 (their optimal-transport path with sigma_min 0) and of rectified
flow (Liu et al. 2023); times are logit-normal (Esser et al. 2024, mean 0, deviation 1); logits are left out in 10 % of
the images, so that classifier-free guidance is at hand (Ho & Salimans 2022). None of them inverts logits, and no paper
is known to us that does so by a flow. Everything else is ours, in one place:

- The answer takes 12 steps of Heun's rule at guidance 1.0, which draws from what was learnt of p(x | z). Guidance above
  1 draws from something narrower; it is a setting (``FlowMatching.sampler``) of whoever asks for it.
- The network (``network``): a U-Net on patches of pixels, 16x16 of them at every size of images, so that 64 px cost
  what 32 px cost. Two resolutions, whose maps are added where they meet; one attention, at 8x8; scale and shift by the
  embedding at the first normalisation of a block.
- z is standardised per logit with the training split's mean and standard deviation and scaled to a mean squared norm
  of 10, as in the generator of ``biggan-logit``; two linear layers bring it into the embedding of the time. A learnt
  vector stands for logits that are left out.
- Widths are what gives most for the time of a CPU in bfloat16: 16 channels a group of GroupNorm (its kernel takes four
  times as long with 8), an attention of plain products (PyTorch's fused one takes seven times as long to go back),
  128 channels at 8x8 (from 192 on the gradient of the weights is slow), and parameters that fit into 4 MB.
- Optimisation: batches of 128, Adam (0.9, 0.99) at a constant 6e-4 after 500 steps of warm-up, gradients of norm 1 at
  most, mirrored training images with their own logits, bfloat16; the average of the weights ships. No rate depends on
  the number of steps, so that a training can be made longer.
"""
