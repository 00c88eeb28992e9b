import torch

from bench.seeding import sample_noise, sample_seeds, seed_of, step_generator


def test_seed_is_a_published_number() -> None:
    assert seed_of("sample", 0, "test-00000") == 7253703473829500153


def test_seed_range_and_parts() -> None:
    seeds = {seed_of("eps", run, image) for run in range(10) for image in range(100)}
    assert len(seeds) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seed_of("a", "bc") != seed_of("ab", "c")


def test_seed_belongs_to_the_image_and_the_run() -> None:
    assert sample_seeds(3, ["x", "y"]) == [*sample_seeds(3, ["x"]), *sample_seeds(3, ["y"])]
    assert sample_seeds(3, ["x"]) != sample_seeds(4, ["x"])


def test_noise_does_not_depend_on_the_batch() -> None:
    seeds = sample_seeds(0, [f"test-{k}" for k in range(7)])
    whole = sample_noise(seeds, 5, 2)
    assert whole.shape == (7, 5, 2)
    assert torch.equal(whole[4], sample_noise([seeds[4]], 5, 2)[0])
    assert torch.equal(whole.flip(0), sample_noise(seeds[::-1], 5, 2))
    assert sample_noise([], 5, 2).shape == (0, 5, 2)


def test_noise_leaves_the_global_stream_alone() -> None:
    torch.manual_seed(0)
    first = torch.rand(3)
    torch.manual_seed(0)
    sample_noise([1, 2], 4)
    assert torch.equal(first, torch.rand(3))


def test_noise_is_standard_normal() -> None:
    noise = sample_noise(range(2000), 16)
    assert abs(float(noise.mean())) < 0.03
    assert abs(float(noise.std()) - 1) < 0.03


def test_step_generator_repeats_and_varies() -> None:
    def draw(seed: int, step: int) -> torch.Tensor:
        return torch.rand(4, generator=step_generator(seed, step))

    assert torch.equal(draw(1, 5), draw(1, 5))
    assert not torch.equal(draw(1, 5), draw(1, 6))
    assert not torch.equal(draw(1, 5), draw(2, 5))
