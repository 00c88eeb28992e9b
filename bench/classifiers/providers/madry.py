"""``madry:NAME``: MadryLab's adversarially trained ResNets, by the names of their files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.classifiers.files import FoundFile, PublishedFile, on_hub
from bench.classifiers.library import Described, LibraryProvider
from bench.classifiers.states import read_state
from bench.errors import UnknownNameError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from bench.classifiers.wrapped import LibraryNetwork

CIFAR10 = ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))  # mean and std, as those networks were trained with
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
TRANSFER = "madrylab/robust-imagenet-models"  # on the Hugging Face hub: the networks of Salman et al. 2020
# ResNet-50s of the library `robustness`: where the file is, against what, top-1 accuracy on clean test images.
LIBRARY = {
    "cifar_nat": ("yhpp4yws7sgi6lj/cifar_nat.pt", None, 0.9525),
    "cifar_l2_0_25": ("2qsp7pt6t7uo71w/cifar_l2_0_25.pt", "L2 0.25", 0.9277),
    "cifar_l2_0_5": ("1zazwjfzee7c8i4/cifar_l2_0_5.pt", "L2 0.5", 0.9083),
    "cifar_l2_1_0": ("s2x7thisiqxz095/cifar_l2_1_0.pt", "L2 1.0", 0.8162),
    "cifar_linf_8": ("c9qlt1lbdnu9tlo/cifar_linf_8.pt", "Linf 8/255", 0.8703),
    "imagenet_l2_3_0": ("knf4uimlqsi1yz8/imagenet_l2_3_0.pt", "L2 3.0", 0.5790),
    "imagenet_linf_4": ("axfuary2w1cnyrg/imagenet_linf_4.pt", "Linf 4/255", 0.6242),
    "imagenet_linf_8": ("yxn15a9zklz3s8q/imagenet_linf_8.pt", "Linf 8/255", 0.4791),
}
# Of Salman et al. 2020, by architecture, norm and radius (of Linf in 255ths): top-1 accuracy on clean test images in %.
L2, LINF = ("0", "0.01", "0.03", "0.05", "0.1", "0.25", "0.5", "1", "3", "5"), ("0.5", "1.0", "2.0", "4.0", "8.0")
ACCURACIES = {
    ("resnet18", "l2"): (L2, (69.79, 69.90, 69.24, 69.15, 68.77, 67.43, 65.49, 62.32, 53.12, 45.59)),
    ("resnet50", "l2"): (L2, (75.80, 75.68, 75.76, 75.59, 74.78, 74.14, 73.16, 70.43, 62.83, 56.13)),
    ("wide_resnet50_2", "l2"): (L2, (76.97, 77.25, 77.26, 77.17, 76.74, 76.21, 75.11, 73.41, 66.90, 60.94)),
    ("wide_resnet50_4", "l2"): (L2, (77.91, 78.02, 77.87, 77.77, 77.64, 77.10, 76.52, 75.51, 69.67, 65.20)),
    ("resnext50_32x4d", "l2"): (("0", "3"), (77.38, 66.25)),
    ("resnet18", "linf"): (LINF, (66.13, 63.46, 59.63, 52.49, 42.11)),
    ("resnet50", "linf"): (LINF, (73.73, 72.05, 69.10, 63.86, 54.53)),
    ("wide_resnet50_2", "linf"): (LINF, (75.82, 74.65, 72.35, 68.41, 60.82)),
}


@dataclass(frozen=True)
class Network:
    """Its file, what torchvision calls its architecture, against what it was trained, and how accurate it is."""

    file: PublishedFile
    architecture: str
    robust: str | None
    accuracy: float
    citation: tuple[str, ...]


def _networks() -> dict[str, Network]:
    found = {
        name: Network(
            PublishedFile(f"madry:{name}", f"{name}.pt", f"https://www.dropbox.com/s/{path}?dl=1", ""),
            "resnet50", robust, accuracy, ("engstrom2019robustness",),
        )
        for name, (path, robust, accuracy) in LIBRARY.items()
    }  # fmt: skip
    for (architecture, norm), (radii, accuracies) in ACCURACIES.items():
        for radius, accuracy in zip(radii, accuracies, strict=True):
            name = f"{architecture}_{norm}_eps{radius}"
            against = f"L2 {radius}" if norm == "l2" else f"Linf {radius.removesuffix('.0')}/255"
            file = on_hub(f"madry:{name}", f"{name}.ckpt", TRANSFER, f"{name}.ckpt")
            robust = None if radius == "0" else against
            found[name] = Network(file, architecture, robust, accuracy / 100, ("salman2020adversarially",))
    return found


NETWORKS = _networks()


class MadryProvider(LibraryProvider):
    """Their files are training checkpoints, in which the library's wrapper keeps the network twice."""

    form = "NAME"
    summary = (
        "MadryLab's robust ResNets, for instance madry:imagenet_linf_4, madry:resnet50_l2_eps3, madry:cifar_linf_8"
    )

    def describe(self, name: str) -> Described:
        """See ``LibraryProvider.describe``."""
        if name not in NETWORKS:
            raise UnknownNameError("network of MadryLab's", name, NETWORKS)
        one, small = NETWORKS[name], name.startswith("cifar")
        mean, std = CIFAR10 if small else IMAGENET
        data = "cifar10_test" if small else "imagenet_val"
        return Described(
            one.file,
            num_logits=10 if small else 1000,
            input_size=32 if small else 224,
            mean=mean,
            std=std,
            interpolation="bilinear",
            classes="cifar10" if small else "imagenet",
            robust=one.robust,
            accuracy={f"{data}_acc1": one.accuracy},
            summary=f"MadryLab's {one.architecture}, {f'robust against {one.robust}' if one.robust else 'not robust'}",
            licence="MIT",
            citation=one.citation,
        )

    def state(self, found: FoundFile) -> dict[str, Tensor]:
        """See ``LibraryProvider.state``."""
        return read_state(found, checkpoint=True)

    def network(self, name: str, state: dict[str, Tensor]) -> LibraryNetwork:
        """See ``LibraryProvider.network``."""
        from bench.classifiers.unwrapped import network_state
        from bench.classifiers.wrapped import HeadedNetwork

        own, described = network_state(state, self.describe(name))
        body, own = _body(name, own)
        body.load_state_dict(own)
        return HeadedNetwork(body, described)


def _body(name: str, state: dict[str, Tensor]) -> tuple[nn.Module, dict[str, Tensor]]:
    from torchvision.models import get_model, resnet50

    from bench.classifiers.cifar_resnet import cifar_resnet, renamed

    if name.startswith("cifar"):
        return cifar_resnet(50, 10), renamed(state)
    architecture = NETWORKS[name].architecture
    if architecture == "wide_resnet50_4":  # torchvision has none of that width
        return resnet50(width_per_group=4 * 64), state
    return get_model(architecture, weights=None), state
