"""Training images: what an epoch is, what an augmentation may do."""

from __future__ import annotations

import numpy as np
import torch

from bench.training.data import TrainingImages, flip_and_shift
from tests.training.small import small_dataset


def test_every_epoch_sees_every_image_once_and_anew() -> None:
    data = TrainingImages(small_dataset(40), torch.device("cpu"), seed=1)
    epochs = [torch.cat([data.rows(step, 10) for step in range(4 * e, 4 * e + 4)]) for e in range(2)]
    for epoch in epochs:
        assert sorted(epoch.tolist()) == list(range(40))
    assert not torch.equal(*epochs)
    assert torch.equal(data.rows(2, 10), epochs[0][20:30])


def test_flip_and_shift_gives_windows_of_the_padded_image_or_its_mirror() -> None:
    images = torch.rand(16, 3, 8, 8)
    moved = flip_and_shift(images, torch.Generator().manual_seed(0), shift=2)
    padded = torch.nn.functional.pad(images, (2,) * 4, mode="reflect")
    kinds = set()
    for k in range(16):
        windows = {
            (dy, dx, mirror): torch.equal(moved[k], w.flip(2) if mirror else w)
            for dy in range(5)
            for dx in range(5)
            for mirror in (False, True)
            for w in [padded[k, :, dy : dy + 8, dx : dx + 8]]
        }
        assert any(windows.values())
        kinds |= {key[2] for key, hit in windows.items() if hit}
    assert kinds == {False, True}


def test_reading_in_parts_gives_all_images_in_order() -> None:
    dataset = small_dataset(1_200)
    data = TrainingImages(dataset, torch.device("cpu"), seed=0)
    assert np.array_equal(
        data.batch(torch.arange(1_200)).permute(0, 2, 3, 1).mul(255).numpy(), dataset.pixels(slice(None))
    )
