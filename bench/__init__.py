"""bench: what does a classifier's output still know about its input?

    import bench
    dataset = bench.load_dataset("tiny-imagenet")
    classifier = bench.load_classifier("robust_resnet152")
    inverter = bench.load_inverter("biggan-logit", classifier)
    record = bench.run(bench.RunConfig(method="biggan-logit", classifier="robust_resnet152", num_images=500))
    scores = bench.score(originals, reconstructions, classifier=classifier)

    runs = bench.load_runs("runs")

These six calls, the base classes of plugins with what they are made of, and the registration of plugins are the
public interface. Importing bench loads no torch; the calls do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.cards import ClassifierCard, MetricCard
    from bench.classifiers import load_classifier
    from bench.classifiers.provider import ClassifierProvider
    from bench.config import RunConfig
    from bench.datasets import load_dataset
    from bench.datasets.base import Dataset
    from bench.inverters.base import Inverter, Likelihood, Target
    from bench.inverters.control import Control
    from bench.inverters.learned import LearnedInverter
    from bench.line import run
    from bench.metrics.base import Block, Data, ExtractorMetric, Metric, Needs, PerImage
    from bench.metrics.extractors import Extractor
    from bench.probes.base import Findings, Probe, measured, side_by_side
    from bench.public import load_inverter, score
    from bench.store.record import Record, Score
    from bench.store.runs import load_runs
    from bench.training.inverters import InverterTask
    from bench.training.trainer import InverterRecipe, Trainer

_HOMES = {
    "Block": "bench.metrics.base",
    "ClassifierCard": "bench.cards",
    "ClassifierProvider": "bench.classifiers.provider",
    "Control": "bench.inverters.control",
    "Data": "bench.metrics.base",
    "Dataset": "bench.datasets.base",
    "Extractor": "bench.metrics.extractors",
    "ExtractorMetric": "bench.metrics.base",
    "Findings": "bench.probes.base",
    "Inverter": "bench.inverters.base",
    "InverterRecipe": "bench.training.trainer",
    "InverterTask": "bench.training.inverters",
    "LearnedInverter": "bench.inverters.learned",
    "Likelihood": "bench.inverters.base",
    "Metric": "bench.metrics.base",
    "MetricCard": "bench.cards",
    "Needs": "bench.metrics.base",
    "PerImage": "bench.metrics.base",
    "Probe": "bench.probes.base",
    "Record": "bench.store.record",
    "RunConfig": "bench.config",
    "Score": "bench.store.record",
    "Target": "bench.inverters.base",
    "Trainer": "bench.training.trainer",
    "load_classifier": "bench.classifiers",
    "load_dataset": "bench.datasets",
    "load_inverter": "bench.public",
    "load_runs": "bench.store.runs",
    "measured": "bench.probes.base",
    "run": "bench.line",
    "score": "bench.public",
    "side_by_side": "bench.probes.base",
}

__all__ = [
    "Block",
    "ClassifierCard",
    "ClassifierProvider",
    "Control",
    "Data",
    "Dataset",
    "Extractor",
    "ExtractorMetric",
    "Findings",
    "Inverter",
    "InverterRecipe",
    "InverterTask",
    "LearnedInverter",
    "Likelihood",
    "Metric",
    "MetricCard",
    "Needs",
    "PerImage",
    "Probe",
    "Record",
    "RunConfig",
    "Score",
    "Target",
    "Trainer",
    "load_classifier",
    "load_dataset",
    "load_inverter",
    "load_runs",
    "measured",
    "run",
    "score",
    "side_by_side",
]


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'bench' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
