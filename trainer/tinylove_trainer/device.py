"""Where a model runs here, and in which precision: decided once for all commands."""

from typing import Literal

import torch

from .settings import Precision


def device() -> Literal["cuda", "mps", "cpu"]:
    """The first of a CUDA GPU, Apple's GPU and the CPU that this machine has."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def resolved(precision: Precision) -> Literal["bf16", "fp32"]:
    """The precision of training. `auto` is bf16 if the processor has instructions for it, and fp32 otherwise.

    A CPU without them computes in bf16 4 to 40 times slower than in fp32. Apple's GPU trains in fp32.
    """
    if precision != "auto":
        return precision
    return "bf16" if computes_bf16(device()) else "fp32"


def weights_dtype(precision: Precision) -> torch.dtype:
    """The type of the weights of a model that is only used. `auto` is bf16 on a GPU that has it and f32 otherwise."""
    in_bf16 = precision == "bf16" or (precision == "auto" and device() == "cuda" and computes_bf16("cuda"))
    return torch.bfloat16 if in_bf16 else torch.float32


def computes_bf16(name: str) -> bool:
    """Whether a device has instructions for bf16 (on x86 AVX-512 BF16 or AMX, on ARM BF16)."""
    if name == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if name == "mps":
        return False
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return any(capabilities.get(flag, False) for flag in ("avx512_bf16", "amx_bf16", "bf16"))
