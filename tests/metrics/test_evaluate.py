import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import bench
from bench.classifiers import LoadedClassifier
from bench.config import RunConfig
from bench.datasets.base import Pixels
from bench.errors import DataError, MetricError, UnknownNameError, UsageError
from bench.line import run_cell
from bench.metrics import distances
from bench.metrics import networks as module
from bench.metrics.base import ExtractorMetric
from bench.metrics.evaluate import Evaluation, evaluate
from bench.metrics.extractors import Extractor, extractors
from bench.metrics.extractors.lpips_alex import LpipsAlex
from bench.metrics.features import open_extractor
from bench.metrics.folders import score_folders
from bench.metrics.networks import Networks
from bench.metrics.registry import metrics
from tests.metrics.small_networks import MeanSquare, Small

N = 40
RNG = np.random.default_rng(0)
ORIGINALS: Pixels = np.kron(RNG.integers(0, 256, (N, 4, 4, 3), dtype=np.uint8), np.ones((1, 4, 4, 1), np.uint8))
NOISE = RNG.integers(-60, 60, ORIGINALS.shape)
NOISY: Pixels = np.clip(ORIGINALS.astype(int) + NOISE, 0, 255).astype(np.uint8)
LABELS = np.arange(N) % 4
SET_LEVEL = [key for key, info in metrics().items() if info.card.level == "set"]
CPU = torch.device("cpu")


class Stub(Extractor):
    """A network in the place of a registered extractor's, or of the judge's."""

    def __init__(self, name: str, network: Any, sha256: str | None = None) -> None:
        self.name, self._network, self._sha256 = name, network, sha256 or name  # type: ignore[misc]
        self.missing = extractors()[name].missing

    dimension = 12

    def sha256(self) -> str | None:
        return self._sha256 if self._network is not None else None

    def network(self, device: torch.device) -> Any:
        if isinstance(self._network, Exception):
            raise self._network
        return self._network


TARGET = Small(1).eval()


def networks(classifier: nn.Module | None = TARGET, sha256: str = "c", **changes: Any) -> Networks:
    plays = {
        "judge": Small(2).eval(), "efficientnet_lite0": Small(3, 20).eval(), "lpips_alex": MeanSquare(),
        "inception": None, **changes,
    }  # fmt: skip
    target = None if classifier is None else LoadedClassifier("small", classifier, sha256, 16)
    return Networks(target, CPU, {name: Stub(name, network) for name, network in plays.items()})


def run(reconstructions: Pixels = NOISY, nets: Networks | None = None, **options: Any) -> Evaluation:
    options = {"labels": LABELS, "logits": None, **options}
    return evaluate(ORIGINALS, reconstructions, networks=nets or networks(), **options)


@pytest.fixture
def small_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set-level distances already from 20 images on."""
    monkeypatch.setattr(ExtractorMetric, "least_images", 20)
    monkeypatch.setattr(distances, "KID_SUBSET_SIZE", 15)
    monkeypatch.setattr(distances, "KID_SUBSETS", 5)


def assert_same(a: Evaluation, b: Evaluation, tolerance: float) -> None:
    for key, score in a.metrics.items():
        other = b.metrics[key]
        assert (score.value is None) == (other.value is None), key
        assert score.value is None or other.value == pytest.approx(score.value, rel=tolerance, abs=tolerance), key
    for name, values in a.per_image.items():
        np.testing.assert_allclose(values, b.per_image[name], rtol=tolerance, atol=tolerance, err_msg=name)


def test_every_key_with_interval_and_number() -> None:
    found = run()
    assert list(found.metrics) == list(metrics())
    for key, score in found.metrics.items():
        assert score.higher_is_better == metrics()[key].card.higher_is_better
        if key in SET_LEVEL:
            assert score.value is None
            assert score.note
            assert score.ci95 is None
        else:
            assert score.value is not None, (key, score.note)
            assert score.ci95 is not None
            assert score.ci95[0] <= score.value <= score.ci95[1]
            assert score.n == (N if key != "reid_gap" else score.n)
    assert all(len(column) == N for column in found.per_image.values())
    assert found.metrics["reid_class_target"].chance == found.metrics["reid_label_judge"].chance == 0.1
    assert found.metrics["reid_instance_judge_r1"].chance == pytest.approx(1 / N)
    assert found.metrics["reid_within_class_judge_r1"].chance == pytest.approx(4 / N)
    assert "40 originals" in str(found.metrics["reid_instance_judge_r1"].note)


def test_below_2048_images_the_sets_are_null() -> None:
    found = run().metrics
    notes = {key: found[key].note for key in SET_LEVEL}
    assert "bench data fetch inception" in str(notes.pop("fid"))
    assert all("at least 2,048 images, here are 40" in str(note) for note in notes.values())


def test_set_level_scores(small_sets: None) -> None:
    found = run().metrics
    for key in ("fd_efficientnet_lite0", "fd_judge"):
        assert found[key].value is not None
        assert found[key].ci95 is None
        assert found[key].n == N
    kid = found["kid_efficientnet_lite0"]
    assert kid.subsets is not None
    assert len(kid.subsets) == 5
    assert kid.value == pytest.approx(np.mean(kid.subsets))
    assert kid.std == pytest.approx(np.std(kid.subsets))
    assert run(ORIGINALS).metrics["fd_judge"].value == pytest.approx(0, abs=1e-4)


def test_identical_images() -> None:
    found = run(ORIGINALS).metrics
    assert found["psnr"].value is None
    assert "identical" in str(found["psnr"].note)
    assert found["lpips"].value == found["logit_error"].value == found["diversity"].value == 0
    assert found["diversity"].note == "deterministic"
    for key in ("ssim", "logit_cosine", "reid_class_target", "reid_class_judge", "reid_instance_target_mrr"):
        assert found[key].value == pytest.approx(1), key
    for key in ("reid_instance_judge_r1", "reid_within_class_judge_mrr"):
        assert found[key].value == pytest.approx(1), key


def test_some_identical_images_are_left_out_of_psnr() -> None:
    some = NOISY.copy()
    some[:10] = ORIGINALS[:10]
    score = run(some).metrics["psnr"]
    assert score.n == 30
    assert "defined on 30 of 40 images" in str(score.note)


class Broken(nn.Module):
    def forward(self, *_: Tensor, normalize: bool = False) -> Tensor:
        raise RuntimeError("out of\norder")


def test_what_fails_is_null_with_its_text_and_the_rest_goes_on() -> None:
    found = run(nets=networks(lpips_alex=Broken())).metrics
    assert found["lpips"].value is None
    assert found["lpips"].note == "RuntimeError: out of order"
    assert found["ssim"].value is not None
    broken = run(nets=networks(classifier=Broken()))
    found = broken.metrics
    assert found["logit_error"].note == "RuntimeError: out of order"
    assert found["reid_instance_judge_r1"].value is not None
    assert broken.reconstruction_logits is None


def test_not_finite_logits_are_an_error_and_no_score() -> None:
    class Nan(Small):
        def head(self, features: Tensor) -> Tensor:
            return super().head(features) * float("nan")

    found = run(nets=networks(classifier=Nan(0).eval())).metrics
    assert "not finite" in str(found["logit_error"].note)
    assert found["reid_class_target"].value is None


def test_what_is_not_there_is_null_with_a_reason() -> None:
    found = run(nets=networks(classifier=None, judge=None), labels=None)
    null = {key for key, score in found.metrics.items() if score.value is None}
    assert null == set(metrics()) - {"lpips", "psnr", "ssim", "diversity"}
    assert all(found.metrics[key].note for key in null)
    assert set(found.per_image["prediction_judge_original"]) == {-1}
    assert found.reconstruction_logits is None
    unlabelled = run(labels=None).metrics
    assert "no labels" in str(unlabelled["reid_label_judge"].note)
    assert unlabelled["reid_class_judge"].value is not None


def test_earlier_columns_keep_the_classes_of_a_network_that_is_gone() -> None:
    before, now = run(), run(nets=networks(judge=None), logits=np.eye(N, 10, dtype=np.float32))
    found = now.over({"label": LABELS, **before.per_image})
    assert list(found) == ["label", *before.per_image]
    for key, expected in (("judge_original", before), ("judge_reconstruction", before), ("target_original", now)):
        np.testing.assert_array_equal(found[f"prediction_{key}"], expected.per_image[f"prediction_{key}"])
    assert set(now.over({"label": LABELS})["prediction_judge_original"]) == {-1}


def test_the_targets_logits_of_the_reconstructions_are_kept() -> None:
    target = Small(1).eval()
    kept = run(nets=networks(classifier=target)).reconstruction_logits
    with torch.inference_mode():
        z = target(torch.from_numpy(NOISY).permute(0, 3, 1, 2).float() / 255).numpy()
    assert kept is not None
    assert kept.dtype == np.float32
    np.testing.assert_allclose(kept, z, rtol=1e-4, atol=1e-5)


def test_gap_needs_common_classes() -> None:
    found = run(nets=networks(classifier=Small(1, 20).eval())).metrics["reid_gap"]
    assert found.value is None
    assert "20 classes" in str(found.note)


def test_gap_counts_where_both_agree() -> None:
    twin = Small(2).eval()
    found = run(nets=networks(classifier=twin))
    assert found.metrics["reid_gap"].value == 0
    assert found.metrics["reid_gap"].n == N
    mixed = run()
    agree = mixed.per_image["prediction_target_original"] == mixed.per_image["prediction_judge_original"]
    assert mixed.metrics["reid_gap"].n == agree.sum()


def test_stored_logits_are_used() -> None:
    z = np.zeros((N, 10), dtype=np.float32)
    z[:, 3] = 1
    found = run(logits=z)
    assert set(found.per_image["prediction_target_original"]) == {3}
    wrong = run(logits=z[:, :4]).metrics["logit_error"]
    assert "different classifiers" in str(wrong.note)


def test_target_that_is_the_extractor_is_marked(small_sets: None) -> None:
    lite0 = Small(3, 20).eval()
    apart = run(nets=networks(classifier=lite0, efficientnet_lite0=lite0))
    shared = run(nets=networks(classifier=lite0, sha256="efficientnet_lite0", efficientnet_lite0=lite0))
    assert_same(apart, shared, 1e-6)
    assert shared.reconstruction_logits is not None
    assert shared.reconstruction_logits.shape == (N, 20)
    assert "same network" in str(shared.metrics["fd_efficientnet_lite0"].note)
    assert "same network" in str(shared.metrics["kid_efficientnet_lite0"].note)
    assert shared.metrics["fd_judge"].note is None


def test_diversity_of_two_draws() -> None:
    second = NOISY[::-1].copy()
    value = run(stochastic=True, second_draw=second).metrics["diversity"].value
    difference = (NOISY / 255 - second / 255).astype(np.float64)
    assert value is not None
    assert value > 0.5 * float((difference**2).mean())
    missing = run(stochastic=True).metrics["diversity"]
    assert missing.value is None
    assert "second draw" in str(missing.note)


def test_memory_mapped_files_folders_and_batches_change_nothing(
    tmp_path: Path, small_sets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    whole = run()
    for name, pixels in (("a", ORIGINALS), ("b", NOISY)):
        np.save(tmp_path / f"{name}.npy", pixels)
        (tmp_path / name).mkdir()
        for row, image in enumerate(pixels):
            Image.fromarray(image).save(tmp_path / name / f"{row:03d}.png")
    mapped = [np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "ab"]
    options: dict[str, Any] = {"labels": LABELS, "logits": None, "networks": networks()}
    assert_same(whole, evaluate(*mapped, **options), 0)
    a, b, ids = score_folders(tmp_path / "a", tmp_path / "b")
    assert len(ids) == N
    assert_same(whole, evaluate(a, b, **options), 0)
    assert_same(whole, run(batch=7), 1e-5)
    monkeypatch.setattr("bench.metrics.evaluate.BLOCK", 16)
    assert_same(whole, run(), 1e-5)


def test_an_extractor_that_resizes_otherwise_is_asked_anew(tmp_path: Path, small_sets: None) -> None:
    """Its author changed the network around the same weights, and what it says of the resizing."""
    run(cache=tmp_path)
    nets = networks(efficientnet_lite0=Small(7, 20).eval())
    vars(nets.extractors["efficientnet_lite0"])["resizing"] = "to 8 px"
    fresh, cached = (run(nets=nets, cache=cache).metrics["fd_efficientnet_lite0"] for cache in (None, tmp_path))
    assert fresh.value is not None
    assert cached == fresh


def test_cache_keeps_originals_and_changes_nothing(tmp_path: Path, small_sets: None) -> None:
    plain, first = run(), run(cache=tmp_path)
    entries = sorted(tmp_path.iterdir())
    assert len(entries) == 3  # one block each for target, judge and extractor
    again = run(cache=tmp_path)
    assert sorted(tmp_path.iterdir()) == entries
    for other in (first, again):
        assert_same(plain, other, 0)


def test_what_does_not_match_is_refused() -> None:
    with pytest.raises(DataError, match="one to one"):
        run(NOISY[:10])
    with pytest.raises(DataError, match="uint8"):
        run((NOISY / 255).astype(np.float32))
    with pytest.raises(UsageError, match="40 images and 3 labels"):
        run(labels=LABELS[:3])


def test_fid_is_the_distance_over_inceptions_features(small_sets: None) -> None:
    network = Small(7).eval()
    score = run(nets=networks(inception=network.features)).metrics["fid"]
    extractor = open_extractor("inception", "i", network.features, CPU, ask={"features": network.features})
    expected = distances.frechet(extractor(ORIGINALS)["features"], extractor(NOISY)["features"])
    assert (score.n, score.note) == (N, None)
    assert score.value == pytest.approx(expected)


def test_weights_that_are_refused_are_a_null_with_the_reason(small_sets: None) -> None:
    found = run(nets=networks(inception=MetricError("not the published file"), lpips_alex=OSError("gone"))).metrics
    assert (found["fid"].value, found["fid"].note) == (None, "not the published file")
    assert (found["lpips"].value, found["lpips"].note) == (None, "OSError: gone")
    assert found["fd_judge"].value is not None


@pytest.mark.parametrize("wanted", [None, ("reid_class_judge", "reid_instance_judge_r1"), ("reid_instance_judge_r1",)])
def test_a_judge_without_penultimate_features_judges_classes_all_the_same(wanted: tuple[str, ...] | None) -> None:
    nets = networks(judge=nn.Sequential(nn.Flatten(), nn.Linear(16 * 16 * 3, 10)).eval())
    found = run(nets=nets, wanted=wanted).metrics
    assert "no penultimate features" in str(found["reid_instance_judge_r1"].note)
    assert "reid_class_judge" not in found or found["reid_class_judge"].value is not None


def test_features_that_are_no_rows_of_numbers_are_an_error(small_sets: None) -> None:
    found = run(nets=networks(efficientnet_lite0=nn.Identity())).metrics["fd_efficientnet_lite0"]
    assert "should give a row of numbers an image, (n, F), and gives (40, 3, 16, 16)" in str(found.note)


def test_only_what_is_wanted_is_looked_at() -> None:
    nothing = networks(None, judge=None, lpips_alex=Broken())
    found = run(nets=nothing, wanted=("ssim", "psnr"))
    assert list(found.metrics) == ["psnr", "ssim"]
    assert list(found.per_image) == ["psnr", "ssim"]
    with pytest.raises(UnknownNameError, match="Did you mean 'ssim'"):
        run(wanted=("simm",))


def test_chance_is_one_class_in_as_many_as_the_network_knows() -> None:
    found = run(nets=networks(judge=Small(2, 16).eval())).metrics
    assert found["reid_class_target"].chance == 1 / 10
    assert found["reid_class_judge"].chance == found["reid_label_judge"].chance == 1 / 16


@pytest.mark.networks
def test_from_the_line_to_lpips_it_is_five_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours are those of files below ``bench/``, from the function that runs the line down to the network's call."""
    frames: list[traceback.FrameSummary] = []

    class Watching(nn.Module):
        def forward(self, *_: Tensor, normalize: bool) -> Tensor:
            frames.extend(traceback.extract_stack())
            raise RuntimeError("seen")

    monkeypatch.setattr(LpipsAlex, "network", lambda self, device: Watching())
    module._opened.cache_clear()
    plugin = f"{Path(__file__).parents[1] / 'plugins.py'}:Grey"
    record = run_cell(RunConfig(plugin, "robust_resnet152", num_images=2, out=tmp_path, controls=False, device="cpu"))
    module._opened.cache_clear()
    assert record.metrics["lpips"].note == "RuntimeError: seen"
    house = str(Path(bench.__file__).parent)
    ours = [frame.name for frame in frames if frame.filename.startswith(house)]
    assert ours[ours.index("_line") :] == ["_line", "evaluate", "collect", "look", "pixel_lpips"]
