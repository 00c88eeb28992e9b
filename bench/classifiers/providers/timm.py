"""``timm:NAME``: the networks of PyTorch Image Models, by timm's own names, ``resnet152.a1_in1k`` for instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.classifiers.files import PublishedFile, on_hub
from bench.classifiers.library import Described, LibraryProvider
from bench.classifiers.providers.torchvision import HASH
from bench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from bench.classifiers.wrapped import LibraryNetwork


class TimmProvider(LibraryProvider):
    """A file with its hash in its name comes first; where there is none, the hub's, whose hash the hub says."""

    form = "NAME"
    summary = "the networks of timm (pip install timm), for instance timm:resnet152.a1_in1k"
    needs = ("timm",)

    def describe(self, name: str) -> Described:
        """See ``LibraryProvider.describe``."""
        from timm.data import resolve_data_config

        config = _config(name)
        shown = resolve_data_config(pretrained_cfg=config.to_dict())
        full = f"timm:{config.architecture}" + (f".{config.tag}" if config.tag else "")
        mode = shown["interpolation"]
        return Described(
            _file(full, config),
            num_logits=config.num_classes,
            input_size=int(shown["input_size"][-1]),
            mean=tuple(shown["mean"]),
            std=tuple(shown["std"]),
            interpolation=mode if mode in ("bilinear", "bicubic") else "bicubic",
            classes="imagenet" if config.num_classes == 1000 else "",
            summary=f"timm's {full.partition(':')[2]}",
            licence=str(config.license or ""),
            citation=("wightman2019timm",),
        )

    def network(self, name: str, state: dict[str, Tensor]) -> LibraryNetwork:
        """See ``LibraryProvider.network``: built by timm, which is handed the state instead of a download."""
        import timm

        from bench.classifiers.wrapped import TimmNetwork

        network = timm.create_model(name, pretrained=True, pretrained_cfg_overlay={"state_dict": state})
        return TimmNetwork(network, self.describe(name))


def _config(name: str) -> Any:
    """Timm's own entry of a name."""
    import timm

    architecture, _, tag = name.partition(".")
    if not timm.is_model(architecture):
        raise UnknownNameError("network of timm", architecture or name, timm.list_models())
    known = [one.partition(".")[2] for one in timm.list_pretrained(f"{architecture}.*")]
    if tag and tag not in known:
        raise UnknownNameError(f"file of weights for timm's {architecture}", tag, known)
    config = timm.get_pretrained_cfg(name)
    if config is None or not config.num_classes:
        raise UsageError(f"timm:{name} gives features and no logits. Name another network: timm.list_pretrained().")
    return config


def _file(full: str, config: Any) -> PublishedFile:
    """Of these weights."""
    name = str(config.url or "").rpartition("/")[2]
    if digits := HASH.search(name):
        return PublishedFile(full, name, config.url, digits.group(1))
    name = f"{full.partition(':')[2]}.safetensors"
    if config.hf_hub_id:
        return on_hub(full, name, config.hf_hub_id, "model.safetensors")
    return PublishedFile(full, name, str(config.url or ""), "")
