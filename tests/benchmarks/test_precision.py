"""Scores in two precisions: when they agree, and what the table says."""

import numpy as np

from tests.benchmarks import precision

RNG = np.random.default_rng(0)


def test_means_within_each_other_s_interval_agree_and_others_differ() -> None:
    values = RNG.normal(0, 1, 400)
    near = precision.row("lpips", {"lpips": values + 0.01}, {"lpips": values})
    far = precision.row("lpips", {"lpips": values + 1}, {"lpips": values})
    wide = precision.row("lpips", {"lpips": values + 0.5}, {"lpips": 20 * values})
    assert precision.agree(near)
    assert not precision.agree(far)
    assert not precision.agree(wide)  # the wide interval holds the narrow mean and not the other way round
    assert abs(near["difference"][0] - 0.01) < 1e-9


def test_the_table_says_what_differs() -> None:
    values = RNG.normal(0, 1, 400)
    name = {"classifier": "c", "method": "m"}
    rows = [name | precision.row("lpips", {"lpips": values + d}, {"lpips": values}) for d in (0.0, 1.0)]
    text = precision.markdown({"rows": rows, "num_images": 400, "machine": "a machine", "date": "2026-01-02"})
    agreeing, differing = [line for line in text.splitlines() if line.startswith("| `c`")]
    assert agreeing.endswith("| agree |")
    assert differing.endswith("| differ |")
    assert "400 images, a machine, 2026-01-02" in text
    assert precision.markdown({}) == "Nothing was measured yet.\n"
