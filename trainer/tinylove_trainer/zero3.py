"""DeepSpeed ZeRO-3: the model in parts as FSDP2 has it, by another library, which is installed beside the trainer."""

import importlib.util
import os

import torch
from accelerate import DistributedType, PartialState

from .events import UserError


def check_deepspeed() -> None:
    if importlib.util.find_spec("deepspeed") is None:
        raise UserError("sharded is zero3, and there is no DeepSpeed here.", "`tinylove tune setup --deepspeed` installs it; or set sharded to true, for FSDP2.")


def zero3_arguments() -> dict:
    """What TrainingArguments are told. Gradients are summed and kept in f32, as they are without sharding."""
    return {
        "deepspeed": {
            "zero_optimization": {
                "stage": 3,
                "reduce_bucket_size": "auto",
                "stage3_prefetch_bucket_size": "auto",
                "stage3_param_persistence_threshold": "auto",  # biases and norms stay whole on each
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
    """Called when the process group is open and no model is loaded yet, which is parted as it is read.

    On GPUs Accelerate has done all this. On the CPU it would silently leave DeepSpeed aside, which runs over gloo as
    well: so it is not told of the CPU any more, and its state is set.
    """
    from deepspeed import comm

    if not torch.cuda.is_available():
        os.environ.pop("ACCELERATE_USE_CPU", None)
        PartialState._shared_state["distributed_type"] = DistributedType.DEEPSPEED
    if not comm.is_initialized():
        comm.init_distributed(dist_backend=torch.distributed.get_backend(), auto_mpi_discovery=False)


def is_parted(parameter) -> bool:
    return hasattr(parameter, "ds_tensor")


def own_part(parameter) -> int:
    """Of the numbers of this parameter, those in this process's part; the last part is filled up with others."""
    size = parameter.ds_tensor.ds_numel
    return max(0, min(size, parameter.ds_numel - torch.distributed.get_rank() * size))


def held(parameter) -> int:
    """A small parameter stays gathered; any other is away but for this process's part."""
    return parameter.numel() or own_part(parameter)


def trained(optimizer) -> int:
    """The numbers that the optimizer of this process changes: DeepSpeed lays its parts one after the other."""
    zero = optimizer.optimizer
    filling = sum(parameter.ds_tensor.ds_numel - own_part(parameter) for group in zero.fp16_groups for parameter in group)
    return sum(flat.numel() for flat in zero.fp32_partitioned_groups_flat) - filling


def gathered_masters(model) -> dict[str, torch.Tensor]:
    """All that was trained, in f32, by name; all processes ask together, the first one gets it."""
    from deepspeed.utils import safe_get_full_fp32_param

    state = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            whole = safe_get_full_fp32_param(parameter)
            if torch.distributed.get_rank() == 0:
                state[name] = whole.cpu()
    return state
