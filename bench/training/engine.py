"""Where and how a training computes: device, precision, and the processes that share each batch.

One process is the usual case. Several are started by PyTorch's own launcher, on one machine or on more::

    torchrun --nproc-per-node 4 -m bench train inverter biggan-logit --classifier robust_resnet152

Every process draws the random numbers of the whole batch and computes its own rows of it, so that neither the numbers
nor the statistics of a step depend on how many processes there are. Folders must be visible to all of them.
"""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from bench.errors import UsageError
from bench.memory import keep_freed_memory
from bench.training.data import put
from bench.training.graph import CudaGraphs, Replayed
from bench.training.synchronised import synchronise_statistics

Precision = Literal["bf16", "float32", "float64"]
Module = TypeVar("Module", bound=nn.Module)
PATIENCE = timedelta(hours=2)  # others wait while the first process computes logits or validates


@dataclass(frozen=True)
class Engine:
    """Everything about a training that is not the recipe.

    Attributes:
        device: where this process computes.
        precision: ``bf16`` multiplies in bfloat16 and keeps weights in float32; the others compute in one type.
        rank, processes: this process among those that share a batch.
        accumulate: parts into which a process cuts its rows, one after the other, where memory is short.
        graphs: whether a single process may record its step on a GPU, see ``Replayed``.
    """

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    precision: Precision = "bf16"
    rank: int = 0
    processes: int = 1
    accumulate: int = 1
    graphs: bool = True

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.rank == 0

    @property
    def dtype(self) -> torch.dtype:
        """Type of weights and images."""
        return torch.float64 if self.precision == "float64" else torch.float32

    def autocast(self) -> AbstractContextManager[object]:
        """Multiply in bfloat16 where the precision says so."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")

    def place(self, network: Module) -> Module:
        """The network on the device, channels last, with statistics over the whole batch if processes share it."""
        if self.processes > 1:
            network = synchronise_statistics(network)
        return network.to(self.device, self.dtype).to(memory_format=torch.channels_last)

    def parallel(self, network: nn.Module) -> nn.Module:
        """The network as it is called where its gradients are wanted: they come averaged over all processes."""
        if self.processes == 1:
            return network
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*broadcast_buffers.* is deprecated")  # its successor is too new
            # buffers are equal in all processes: statistics are synchronised, power iterations see equal weights
            return DistributedDataParallel(network, broadcast_buffers=False, gradient_as_bucket_view=True)

    @property
    def records(self) -> bool:
        """Whether steps are recorded here."""
        return self.graphs and self.device.type == "cuda" and self.processes == 1

    def adam(self, parameters: Iterable[nn.Parameter], lr: float, betas: tuple[float, float]) -> torch.optim.Adam:
        """Adam; where steps are recorded it is one kernel, and counts on the GPU."""
        return torch.optim.Adam(parameters, lr, betas, fused=self.records or None, capturable=self.records)

    def launcher(self) -> Replayed | None:
        """What launches one step after the other where they can be recorded."""
        return Replayed(CudaGraphs()) if self.records else None

    def put(self, drawn: Tensor) -> Tensor:
        """Numbers drawn on the CPU, on the device, without waiting for it."""
        return put(drawn, self.device)

    def share(self, batch: Tensor, part: int = 0) -> Tensor:
        """The rows of a whole batch that make this process's ``part``.

        Raises:
            UsageError: the batch cannot be shared equally.
        """
        pieces = self.processes * self.accumulate
        if len(batch) % pieces:
            raise UsageError(
                f"A batch of {len(batch)} cannot be shared equally by {self.processes} processes in "
                f"{self.accumulate} parts each. Start a number of processes that divides it."
            )
        size = len(batch) // pieces
        start = (self.rank * self.accumulate + part) * size
        return batch[start : start + size]

    def gathering(self, network: nn.Module, part: int) -> AbstractContextManager[object]:
        """Around forward and backward pass of a part: with the last one, gradients are averaged over processes."""
        if isinstance(network, DistributedDataParallel) and part < self.accumulate - 1:
            return network.no_sync()
        return nullcontext()

    def mean(self, scalars: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Scalars averaged over all processes."""
        if self.processes == 1 or not scalars:
            return dict(scalars)
        stacked = torch.stack([value.to(self.device, torch.float64) for value in scalars.values()])
        dist.all_reduce(stacked)
        return dict(zip(scalars, (stacked / self.processes).unbind(), strict=True))

    @contextmanager
    def one_after_the_other(self) -> Iterator[None]:
        """The first process goes ahead, the others follow: what it stored in a cache, they read."""
        if not self.first:
            dist.barrier()
        yield
        if self.processes > 1 and self.first:
            dist.barrier()


@contextmanager
def engine(device: torch.device, precision: Precision = "bf16", accumulate: int = 1) -> Iterator[Engine]:
    """The engine of this process: one of several where torchrun started it, alone otherwise."""
    keep_freed_memory()
    with repeatable(precision):
        if "RANK" in os.environ and "WORLD_SIZE" in os.environ:
            with _group(device) as place:
                yield Engine(place, precision, dist.get_rank(), dist.get_world_size(), accumulate)
        else:
            yield Engine(device, precision, accumulate=accumulate)


def restore(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Continue from a stored state; how the optimiser computes is decided here, not where it was stored."""
    kinds = ("foreach", "fused", "capturable")
    groups = [
        stored | {kind: own[kind] for kind in kinds if kind in own}
        for stored, own in zip(state["param_groups"], optimizer.param_groups, strict=True)
    ]
    optimizer.load_state_dict(state | {"param_groups": groups})


def repeatable(precision: Precision) -> AbstractContextManager[object]:
    """On a GPU convolutions take algorithms that give the same bits each time, and float32 means float32, not TF32."""
    tf32 = precision == "bf16"
    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=tf32)


@contextmanager
def _group(device: torch.device) -> Iterator[torch.device]:
    """This process as one of torchrun's, and the device that is its own.

    Raises:
        UsageError: there are fewer GPUs here than processes.
    """
    if device.type == "cuda":
        device, there = torch.device("cuda", int(os.environ["LOCAL_RANK"])), torch.cuda.device_count()
        if device.index >= there:
            raise UsageError(
                f"Each process needs a GPU of its own, and process {device.index + 1} of this machine finds {there}. "
                "Start fewer with --nproc-per-node, or ask the cluster for more, with gpus-per-node for instance."
            )
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    together = device.type == "cpu"
    try:
        yield device
        dist.barrier()  # the first process writes files after the last sum: nobody leaves before it is done
        together = True
    finally:
        gc.collect()  # networks in cycles still hold the group, whose threads must end before the interpreter does
        if together:  # NCCL's end waits for all processes: one that failed alone would never say why
            dist.destroy_process_group()
