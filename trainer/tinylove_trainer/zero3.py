"""DeepSpeed ZeRO-3: shards the model as FSDP2 does, with a library that is installed separately."""

import importlib.util
import os
from typing import Any

import torch
from accelerate import DistributedType, PartialState

from .events import UserError


def check_deepspeed() -> None:
    if importlib.util.find_spec("deepspeed") is None:
        raise UserError(
            "sharded is zero3, but there is no DeepSpeed here.",
            "`tinylove tune setup --deepspeed` installs it; or set sharded to true, for FSDP2.",
        )


def zero3_arguments() -> dict[str, Any]:
    """Arguments for TrainingArguments. Gradients are summed and kept in f32, as without sharding."""
    return {
        "deepspeed": {
            "zero_optimization": {
                "stage": 3,
                "reduce_bucket_size": "auto",
                "stage3_prefetch_bucket_size": "auto",
                "stage3_param_persistence_threshold": "auto",  # biases and norms stay whole in each process
            },
            "bf16": {"enabled": "auto"},
            "data_types": {"grad_accum_dtype": "fp32"},
            "communication_data_type": "fp32",
            "gradient_clipping": "auto",
            "gradient_accumulation_steps": "auto",
            "train_micro_batch_size_per_gpu": "auto",
            "train_batch_size": "auto",
        }
    }


def begin_zero3() -> None:
    """Prepares DeepSpeed; called after the process group is open and before a model is loaded, which is sharded as it is read.

    On GPUs Accelerate has done all this. On the CPU it would silently skip DeepSpeed, though that works over gloo, so
    its state is changed here.
    """
    from deepspeed import comm

    if not torch.cuda.is_available():
        os.environ.pop("ACCELERATE_USE_CPU", None)
        PartialState._shared_state["distributed_type"] = DistributedType.DEEPSPEED
    if not comm.is_initialized():
        comm.init_distributed(dist_backend=torch.distributed.get_backend(), auto_mpi_discovery=False)


def is_sharded(parameter: Any) -> bool:
    return hasattr(parameter, "ds_tensor")


def own_part(parameter: Any) -> int:
    """How many numbers of this parameter are in this process's part, without the padding of the last part."""
    size = parameter.ds_tensor.ds_numel
    return max(0, min(size, parameter.ds_numel - torch.distributed.get_rank() * size))


def held(parameter: Any) -> int:
    """How many numbers of this parameter this process has: all of a small one, its own part of any other."""
    return parameter.numel() or own_part(parameter)


def trained(optimizer: Any) -> int:
    """How many numbers the optimizer of this process changes. DeepSpeed keeps its parts in flat tensors, with padding."""
    zero = optimizer.optimizer
    padding = sum(
        parameter.ds_tensor.ds_numel - own_part(parameter) for group in zero.fp16_groups for parameter in group
    )
    return sum(flat.numel() for flat in zero.fp32_partitioned_groups_flat) - padding


def gathered_masters(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """All trained parameters in f32, by name. All processes call it together; rank 0 gets the result."""
    from deepspeed.utils import safe_get_full_fp32_param

    state = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            whole = safe_get_full_fp32_param(parameter)
            if torch.distributed.get_rank() == 0:
                state[name] = whole.cpu()
    return state
