"""What is watched in each of the four: which function's time counts as which stage."""

from __future__ import annotations

from tests.benchmarks.stopwatch import Watch, in_turn

LOAD = (
    Watch("bench.cell:Cell.open_classifier", "load networks", sealed=True),
    Watch("bench.metrics.evaluate:Networks.open", "load networks", sealed=True),
)

LINE = (
    Watch("bench.store.shared:originals", "originals"),
    Watch("bench.store.shared:logits", "logits of the originals"),
    Watch("bench.store.folder:CellFolder._save", "write"),
    Watch("bench.store.folder:CellFolder.assemble", "write"),
    Watch("bench.store.folder:CellFolder.save_logits", "write"),
    Watch("bench.store.folder:CellFolder.save_per_image", "write"),
    Watch("bench.store.folder:CellFolder.finish", "write"),
)

METRICS = (
    Watch("bench.metrics.features:OpenExtractor.__call__", lambda extractor, _: f"metrics: {extractor.name}"),
    Watch("bench.metrics.features:FeatureCache.features", "metrics: feature cache"),
    Watch("bench.metrics.lpips:pixel_lpips", "metrics: lpips and diversity"),
    Watch("bench.metrics.pixel:psnr", "metrics: psnr"),
    Watch("bench.metrics.pixel:ssim", "metrics: ssim"),
    Watch("bench.metrics.distances:frechet", "metrics: Frechet distances"),
    Watch("bench.metrics.distances:kid", "metrics: kid"),
    Watch("bench.metrics.reid:instance_ranks", "metrics: re-identification"),
    Watch("bench.metrics.reid:within_class_ranks", "metrics: re-identification"),
    Watch("bench.metrics.per_image:mean_ci", "metrics: intervals"),
)

RUN = (
    *LOAD,
    Watch("bench.cell:Cell.open_method", "load networks", sealed=True),
    *LINE,
    Watch("bench.inverters.opened:OpenMethod.invert", "inversion, both draws and rows again"),
    *METRICS,
)

OPTIMIZATION = (
    *LOAD,
    *LINE,
    *METRICS,
    Watch("baselines.optimization.frozen:FrozenNetwork.__init__", "set-up: the faster copy", sealed=True),
    Watch("baselines.optimization.inverter:interchangeable", "set-up: batch shapes", sealed=True),
    Watch("baselines.optimization.inverter:sample_noise", "noise"),
    Watch("baselines.optimization.optimizer:_Descent.look", "choice of chunks"),
    Watch("baselines.optimization.optimizer:_Descent._move", "priors and moves"),
    Watch("baselines.optimization.frozen:FrozenNetwork.__call__", "network, forward"),
    Watch("torch.autograd:grad", "gradient"),
)


def training() -> tuple[Watch, ...]:
    """Of a training step; made anew each time, because D and the backward passes come in turn."""
    return (
        Watch("bench.training.pairs:TrainingPairs.batch", "data"),
        Watch("methods.biggan_logit.train:normalise", "spectral norm"),
        Watch("methods.biggan_logit.generator:Generator.forward", "G forward"),
        Watch(
            "methods.biggan_logit.discriminator:Discriminator.forward",
            in_turn("D forward, real and fake", "D forward, for G"),
        ),
        Watch("torch:Tensor.backward", in_turn("D backward", "G-through-D backward")),
        Watch("torch.optim:Adam.step", "optimisers"),
        Watch("methods.biggan_logit.train:effective_state", "average of the weights"),
        Watch("bench.training.loop:WeightAverage.update", "average of the weights"),
    )


REPORT = (
    Watch("reports.page.render:read_records", "read records"),
    Watch("reports.page.summary:board", "claims"),
    Watch("reports.page.gallery.gallery:gallery", "gallery"),
    Watch("reports.figures.tradeoffs:tradeoffs", "figures"),
    Watch("reports.page.summary:probe_pages", "probes"),
    Watch("reports.page.summary:standings", "tables"),
    Watch("reports.page.scores:main_table", "tables"),
    Watch("reports.page.scores:full_table", "tables"),
    Watch("reports.page.provenance:costs", "provenance"),
    Watch("reports.page.provenance:provenance", "provenance"),
    Watch("reports.export.downloads:tables", "downloads"),
    Watch("reports.export.downloads:everything", "downloads"),
    Watch("reports.page.render:rendered", "templates"),
    Watch("reports.page.render:write_atomically", "write"),
)
