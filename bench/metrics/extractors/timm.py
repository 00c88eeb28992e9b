"""DINOv2 and CLIP: networks of timm with their published weights, which are fetched or given, never anything else's."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from bench.classifiers.files import HUB, FoundFile, PublishedFile
from bench.classifiers.states import read_state
from bench.datasets.download import download, scratch_folder
from bench.environment import installed
from bench.errors import DataError, MetricError, WeightsError
from bench.metrics.extractors.base import Extractor
from bench.paths import expanded
from bench.weights.files import sha256_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LARGEST = 1 << 30  # bytes of a file that is fetched


class TimmExtractor(Extractor):
    """A vision transformer of timm; a subclass names the network, its file and how images are shown to it.

    Attributes:
        architecture: as timm calls the network.
        file: of its weights, with their whole SHA-256.
        side: of the images that it is shown, in pixels.
        mean, std: by channel, of [0, 1] images.
    """

    architecture: ClassVar[str]
    file: PublishedFile
    side: ClassVar[int] = 224
    mean: ClassVar[tuple[float, ...]]
    std: ClassVar[tuple[float, ...]]
    resizing = "to 224 px; bicubic, antialiased, clipped, rounded to bytes"
    batches = (10, 50)

    def sha256(self) -> str | None:
        """Of the published file; None where it is not here, or is another one, or timm is not."""
        place = self.file.place
        if installed("timm") is None:
            self.missing = f"{self.name} needs timm. Type: pip install timm"
        elif not place.is_file():
            self.missing = (
                f"{self.name} needs the file {self.file.name} (SHA-256 {self.file.sha256}), which is not here: type "
                f"`bench data fetch {self.name}`, or fetch it from {self.file.url} where there is a network and put it "
                f"at {place}"
            )
        elif (found := sha256_of(place)) != self.file.sha256:
            self.missing = (
                f"{place} should have the SHA-256 {self.file.sha256} and has {found}: it is damaged or another file. "
                f"Type: bench data fetch {self.name} --force"
            )
        else:
            return found
        return None

    def network(self, device: torch.device) -> Any:
        """Images (n, 3, H, W) in [0, 1] to features (n, F).

        Raises:
            MetricError: the file is not here, or does not fit.
        """
        import timm
        import torch
        import torch.nn.functional as F
        from timm.models.vision_transformer import checkpoint_filter_fn

        if (sha256 := self.sha256()) is None:
            raise MetricError(self.missing)
        with torch.device("meta"):  # a random start would be overwritten
            body = timm.create_model(self.architecture, pretrained=False, **self.settings())
        try:
            state = self.prepared(read_state(FoundFile(self.file.place, sha256, verified=True)))
            body.load_state_dict(checkpoint_filter_fn(state, body), assign=True)
        except (WeightsError, RuntimeError) as error:
            raise MetricError(f"{self.file.place} does not fit {self.architecture}: {error}") from error
        body.eval().requires_grad_(False).to(device)
        mean, std = (torch.tensor(values, device=device).view(1, -1, 1, 1) for values in (self.mean, self.std))

        def features(images: Tensor) -> Tensor:
            size = (self.side, self.side)
            if tuple(images.shape[-2:]) != size:  # as the library's own pipeline resizes files
                images = F.interpolate(images, size, mode="bicubic", align_corners=False, antialias=True)
                images = images.clamp(0, 1).mul(255).round().div(255)
            found: Tensor = body((images - mean) / std)
            return found

        return features

    def settings(self) -> dict[str, Any]:
        """How timm is to build the network."""
        return {}

    def prepared(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the file holds, as far as it belongs to the network."""
        return state

    def fetch(self, source: Path | None = None, force: bool = False, say: Callable[[str], None] = print) -> None:
        """Bring the file here and check it: ``bench data fetch NAME``.

        Args:
            source: the user's own copy, or a folder that holds it.
            force: fetch although it is here.
            say: receives one line a stage.

        Raises:
            DataError: it cannot be had, or is not the published one; names source and place.
        """
        file, place = self.file, self.file.place
        if not force and [state for _, state in self.verify()] == ["right"]:
            say(f"{self.name} is already in {place}")
            return
        with scratch_folder(place.parent, self.name) as scratch:
            path = scratch / file.name
            if source is not None:
                _copy(expanded(source), path)
            else:
                say(f"{self.name}: asking {file.url} ...")
                self._download(path)
            found = _digest(path)
            if found != file.sha256:
                raise DataError(
                    f"{file.name} should have the SHA-256 {file.sha256}, and what came from {source or file.url} has "
                    f"{found}: it is damaged, or another file. Fetch or copy {file.url} again."
                )
            os.replace(path, place)
        say(f"{self.name}: weights, verified, in {place}")

    def _download(self, path: Path) -> None:
        try:
            download(self.file.url, path, f"fetching {self.name}", LARGEST)
        except DataError as error:
            raise DataError(
                f"The weights of {self.name} could not be fetched ({error}). With {self.file.url} downloaded "
                f"elsewhere, type: bench data fetch {self.name} --from FILE"
            ) from error

    def verify(self) -> list[tuple[str, str]]:
        """The file's name with ``right``, ``wrong`` or ``missing``: ``bench data verify NAME``."""
        place = self.file.place
        if not place.is_file():
            return [(self.file.name, "missing")]
        return [(self.file.name, "right" if _digest(place) == self.file.sha256 else "wrong")]


def _copy(source: Path, path: Path) -> None:
    source = source / path.name if source.is_dir() else source
    if not source.is_file():
        raise DataError(f"--from expects the file {path.name} and there is no {source}.")
    shutil.copyfile(source, path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class DinoV2(TimmExtractor):
    """DINOv2's ViT-S/14, the authors' own file; the class token, normalised.

    Published FD-DINOv2 has the ViT-L/14 (Stein et al. 2023), whose 1,024 features want far more images than the 2,500
    of a run: these numbers are not comparable with those.
    """

    name = "dinov2"
    title = "DINOv2 S/14"
    about = "DINOv2 ViT-S/14's 384 features of the class token"
    dimension = 384
    architecture = "vit_small_patch14_dinov2"
    file = PublishedFile(
        "timm:vit_small_patch14_dinov2.lvd142m",
        "dinov2_vits14_pretrain.pth",
        "https://dl.fbaipublicfiles.com/dinov2/dinov2_vits14/dinov2_vits14_pretrain.pth",
        "b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9",
    )
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    citation = ("oquab2024dinov2",)

    def settings(self) -> dict[str, Any]:
        """For 224 pixels, of which the published network is shown more."""
        return {"img_size": self.side}

    def prepared(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """With positions for 16 x 16 patches in place of 37 x 37."""
        return state | {"pos_embed": positions(state["pos_embed"], self.side // 14)}


def positions(embedding: Tensor, side: int) -> Tensor:
    """(1, 1 + M M, F) embeddings of the class and of M x M patches to (1, 1 + side side, F), as DINOv2's code has it.

    Bicubic, not antialiased, by the factor (side + 0.1) / M: the tenth is the authors', and moves every value.
    """
    import torch
    import torch.nn.functional as F

    width = round((embedding.shape[1] - 1) ** 0.5)
    patches = embedding[:, 1:].reshape(1, width, width, -1).permute(0, 3, 1, 2)  # (1, F, M, M)
    resized = F.interpolate(patches, scale_factor=(side + 0.1) / width, mode="bicubic", align_corners=False)
    return torch.cat([embedding[:, :1], resized.flatten(2).transpose(1, 2)], dim=1)


class Clip(TimmExtractor):
    """CLIP's image tower ViT-B/32 with OpenAI's weights, as timm publishes them; the projected embedding.

    The same network as torch-fidelity's ``clip-vit-b-32`` and clean-fid's; each of the three resizes in its own way.
    """

    name = "clip"
    title = "CLIP B/32"
    about = "CLIP ViT-B/32's 512 image embeddings"
    dimension = 512
    architecture = "vit_base_patch32_clip_quickgelu_224"
    file = PublishedFile(
        "timm:vit_base_patch32_clip_quickgelu_224.openai",
        "open_clip_model.safetensors",
        f"{HUB}/timm/vit_base_patch32_clip_224.openai/resolve/a6f597a30f7b82c51704746581f9a4e41421e878/"
        "open_clip_model.safetensors",
        "e6d1bd7789aa45192b3bf90570a789b478bae1b74ebcce7eddd908e83a2b7c31",
    )
    mean, std = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
    citation = ("radford2021learning",)

    def settings(self) -> dict[str, Any]:
        """With the projection."""
        return {"num_classes": self.dimension}

    def prepared(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Without the text's tower."""
        return {name: value for name, value in state.items() if name.startswith("visual.")}
