"""What becomes of a reconstruction without a prior: roughness by hand, paired differences."""

from __future__ import annotations

import numpy as np
import pytest

from studies.optimization import no_prior


def test_roughness_by_hand() -> None:
    """One bright pixel in the middle of a black image: sqrt 2 at itself, 1 at its two predecessors."""
    image = np.zeros((1, 8, 8, 3), np.uint8)
    image[0, 4, 4] = 255
    assert no_prior.roughness(image)[0] == pytest.approx((np.sqrt(2) + 2) / 64, abs=1e-4)


def test_differences_are_paired_and_without_prior_minus_with() -> None:
    keys = (*no_prior.METRICS, "total_variation")
    found = {
        "original": {"total_variation": np.array([1.0, 2.0])},
        "default": {key: np.array([1.0, 2.0]) for key in keys},
        "no prior": {key: np.array([1.5, 2.5]) for key in keys},
    }
    rows = no_prior.rows_of("c", found)
    assert [row["setting"] for row in rows] == ["original", "default", "no prior", "no prior - default"]
    assert rows[3]["lpips"] == (0.5, 0.5, 0.5)
    assert rows[0]["lpips"] is None
    assert rows[0]["total_variation"][0] == 1.5
