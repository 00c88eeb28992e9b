"""The decoders of Dosovitskiy & Brox: from a code to an image in one forward pass.

    2016a   "Generating Images with Perceptual Similarity Metrics based on Deep Networks" (NIPS 2016, DeePSiM):
            L = lambda_feat L_feat + lambda_adv L_adv + lambda_img L_img
    2016b   "Inverting Visual Representations with Convolutional Networks" (CVPR 2016): |x - G(Phi(x))|^2

The tables, weights and the balance rule of 2016a were read in a public training code derived from the authors'
(KamitaniLab/End2EndDeepImageReconstruction); the widths of 2016b are second-hand too. Everything that differs from
them, or that they leave open, in one place:

Scaling, 227 px to 32 px (``decoders``, ``discriminator``)

- Both decoders start at 4x4 and double: 2016a six times to 256 px (cropped to 227), 2016b five times to 128. 32 px need
  three doublings, so a table keeps its layers up to 32 px and the last of them writes the three channels: 2016a the
  up-convolutions 256, 256, 128 with their 3x3 convolutions 512, 256, 3; 2016b the up-convolutions 256, 128, 3.
- One ``factor``, 1/4, scales a decoder: channels by it, as the classifiers here are a quarter as wide as published;
  the hidden fully connected widths by its square, 4096 / 16 = 256, because they would otherwise be nine tenths of all
  weights; the third is the 4x4 start, 16 x 256 / 4 = 1024. With 10 logits 2016a has 672,608 parameters instead of
  39,360,000 (33,607,680 of them fully connected), 2016b 487,875 instead of 36,324,163.
- D has half its published widths (it does not ship), its first stride is 1 instead of 4 and its convolutions are
  padded: maps of 32, 32, 16, 16, 8 px where the published ones have 56, 52, 25, 23, 11.
- At 64 and 128 px the tables end one and two doublings later, and D's first stride is 2 and 4; all else is the same.

The loss of 2016a (``losses``, ``comparator``)

- Caffe's Euclidean loss is half the sum of squares a sample. Image term: 2e-6 x 1/2 x 3 x 227^2 x 127.5^2 = 2,513 times
  the mean squared error over [-1, 1]; a mean over pixels carries over to 32 px.
- The comparator is this project's resnet152 (third stage, 4x4x256), or inception_v3 (reduction D, 4x4x320) where
  resnet152 is the target, in place of AlexNet's pool5 (6x6x256). Its maps are divided by their RMS over 2,000 training
  images. Feature term: 0.01 x 1/2 x 9,216 x the mean squared difference of these, times the square of pool5's RMS,
  13.4: Nguyen et al. 2016, who build on the authors' generator, publish mean and standard deviation of each of the
  9,216 units over images (Evolving-AI-Lab/synthesizing, ``act_range/*/pool5.txt``: on average 4.68 and 12.26).
  torchvision's AlexNet is no substitute for that number: its inputs and layers are scaled otherwise, and its pool5 has
  an RMS of 2.75. Above 32 px it is the comparator, from the convolutions that LPIPS carries, divided by its own RMS.
- D sees the image alone, as in that code. Adversarial term: 100 times the cross-entropy of its two outputs.

Training (``training``, ``train_2016a``, ``train_2016b``)

- 2016a: batches of 64, Adam 2e-4 with beta1 0.9 for both, D's weight decay 4e-4, no biases in G's convolutions. The
  published rate is halved from step 300,000 on, far beyond our steps; so it is constant.
- 2016b: rate and course were not found; ours is a constant 1e-3. Biases everywhere.
- Ours in both: logits standardised per logit with training statistics; He initialisation by the taps that an output
  really sums (that of the code comes within a tenth of it, but for the first and last layers, whose scale belongs to
  grey levels); mirrored training images with their own logits; bfloat16; the average of the weights ships.
"""
