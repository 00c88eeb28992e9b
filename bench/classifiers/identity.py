"""What a network is known by where no file of weights tells: all that it holds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


def network_digest(network: nn.Module, text: bytes) -> str:
    """SHA-256 of a text and of all that a network holds: parameters, every buffer, and attributes that are values."""
    from torch import nn

    common = vars(nn.Module()).keys()  # what PyTorch itself keeps in every module
    digest = hashlib.sha256(text)
    for key, value in sorted(network.state_dict().items()):
        digest.update(f"{key} {_value(value)}\n".encode())
    for name, module in network.named_modules():
        held = {**dict(module.named_buffers(recurse=False)), **vars(module)}
        known = sorted((key, _value(held[key])) for key in held.keys() - common)
        digest.update(f"{name} {type(module).__qualname__} {[pair for pair in known if pair[1]]}\n".encode())
    return digest.hexdigest()


def _value(value: Any) -> str:
    """A value as text, in which two that differ differ; empty for what is more than a value."""
    import numpy as np
    import torch

    if isinstance(value, torch.Tensor):
        flat = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()  # NumPy knows no bfloat16
        return f"{value.dtype} {tuple(value.shape)} {hashlib.sha256(flat.tobytes()).hexdigest()}"
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return f"{value.dtype} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    if isinstance(value, np.generic):
        return f"{value.dtype} {value!r}"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(_value, value)))}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(sorted(f'{_value(k)}: {_value(v)}' for k, v in value.items()))}}}"
    plain = bool | int | float | complex | str | bytes | torch.dtype | torch.device | None
    return repr(value) if isinstance(value, plain) else ""
