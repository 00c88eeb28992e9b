"""What others still ask of the shipped classifiers by this name; cards take its place (``bench.classifiers``)."""

from __future__ import annotations

from types import SimpleNamespace

from bench.classifiers.provider import JUDGE
from bench.classifiers.providers.zoo import TARGETS, ZOO

__all__ = ["CATALOGUE", "JUDGE", "TARGETS"]

CATALOGUE = {
    name: SimpleNamespace(
        num_logits=one.num_logits,
        input_size=one.input_size,
        summary=one.summary,
        datasets=() if one.classes == "imagenet" else (one.classes,),
    )
    for name, one in ZOO.items()
}
