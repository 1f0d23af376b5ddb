"""Shards the model over the processes with FSDP2 or DeepSpeed ZeRO-3, on GPUs and on the CPU, and checks that it happened."""

import os
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from accelerate import DistributedType, PartialState
from accelerate.utils import FullyShardedDataParallelPlugin, is_peft_model
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.fsdp import MixedPrecisionPolicy
from torch.distributed.tensor import DTensor

from . import zero3
from .events import UserError

# The module that FSDP gathers at a time.
LAYER_CLASSES = {"gpt_neo": "GPTNeoBlock", "gpt_neox": "GPTNeoXLayer"}


def sharding_arguments(sharded: bool | str, architecture: str) -> dict[str, Any]:
    """Arguments for TrainingArguments; `sharded` is false, true (FSDP2) or `zero3`."""
    if sharded == "zero3":
        return zero3.zero3_arguments()
    return fsdp2_arguments(architecture) if sharded else {}


def fsdp2_arguments(architecture: str) -> dict[str, Any]:
    """One process per node reads the weights; the others get their parts from it.

    Transformers does the checkpointing: Accelerate's recomputes a layer with other random numbers than the first time, so
    with dropout, as in LoRA, the gradient would be that of another model.
    """
    os.environ["ACCELERATE_USE_FSDP"] = "true"  # without it every process reads them
    wrap = {"transformer_layer_cls_to_wrap": [LAYER_CLASSES[architecture]]} if architecture in LAYER_CLASSES else {}
    config = {
        "version": 2,
        "reshard_after_forward": True,
        "state_dict_type": "SHARDED_STATE_DICT",
        "cpu_ram_efficient_loading": True,
        **wrap,
    }
    return {"fsdp": True, "fsdp_config": config}


def shard(trainer: Any) -> None:
    """Makes Accelerate shard with FSDP2 as the arguments say.

    On the CPU it would silently keep a whole copy in each process, though `fully_shard` works over gloo, so its state is
    changed here. Gradients are summed in f32, as without sharding.
    """
    state = trainer.accelerator.state
    if state.distributed_type == DistributedType.MULTI_CPU:
        state.fsdp_plugin = FullyShardedDataParallelPlugin(**trainer.args.fsdp_plugin_args)
        # The shared state is what a later AcceleratorState starts from.
        state.distributed_type = PartialState._shared_state["distributed_type"] = DistributedType.FSDP
        trainer.is_fsdp_enabled = True
    if trainer.is_fsdp_enabled and trainer.args.bf16:
        state.fsdp_plugin.mixed_precision_policy = MixedPrecisionPolicy(
            param_dtype=torch.bfloat16, reduce_dtype=torch.float32
        )


@dataclass(frozen=True)
class Share:
    """The part of the model that one process has."""

    held: int  # parameters
    trained: int  # of these, the ones that its optimizer changes
    bytes: int  # of its parameters: two each in a frozen base, four each in trained ones


def shares(model: torch.nn.Module, optimizer: Any) -> list[Share]:
    """Each process's share, by rank; all processes call it together.

    The trained parameters are counted in the optimizer, which is made before the model is sharded and must be given the
    shards afterwards. If it is not, they are never trained, and nothing else reports it.
    """
    parameters = list(model.parameters())
    held = [held_of(parameter) for parameter in parameters]
    own = Share(
        held=sum(held),
        trained=zero3.trained(optimizer) if zero3.is_sharded(parameters[0]) else trained_by(optimizer),
        bytes=sum(count * parameter.element_size() for count, parameter in zip(held, parameters, strict=True)),
    )
    of_all = [own] * dist.get_world_size()
    dist.all_gather_object(of_all, own)
    return of_all


def held_of(parameter: Any) -> int:
    if zero3.is_sharded(parameter):
        return zero3.held(parameter)
    return (parameter.to_local() if isinstance(parameter, DTensor) else parameter).numel()


def trained_by(optimizer: Any) -> int:
    return sum(held_of(parameter) for group in optimizer.param_groups for parameter in group["params"])


def counts(model: torch.nn.Module) -> tuple[int, int]:
    """The number of parameters and of trained ones; of a sharded model, those of the whole."""
    whole = [
        (getattr(parameter, "ds_numel", parameter.numel()), parameter.requires_grad) for parameter in model.parameters()
    ]
    return sum(count for count, _ in whole), sum(count for count, trained in whole if trained)


def check_shares(held: list[int], parameters: int) -> None:
    """Raises UserError unless each process has about its part; a tenth more is allowed for rows that do not divide evenly."""
    if max(held) > 1.1 * parameters / len(held):
        raise UserError(
            f"Rank {held.index(max(held))} holds {max(held):,} of {parameters:,} parameters: the model is not sharded over {len(held)} processes.",
            "Sharding is off although it is set: was Accelerate updated? Set sharded to false, or install a version that pyproject.toml allows.",
        )


def check_trained(trained: list[int], trainable: int) -> None:
    """Raises UserError unless every trainable parameter is trained by exactly one process."""
    if sum(trained) != trainable:
        raise UserError(
            f"The optimizers of {len(trained)} processes change {sum(trained):,} parameters; {trainable:,} should be trained.",
            "They did not get the model's shards: was Accelerate updated? Install a version that pyproject.toml allows.",
        )


def save_gathered(trainer: Any, folder: str) -> None:
    """Saves the whole model (or adapter, without its frozen base) in `folder`. It is gathered in the memory of rank 0."""
    if trainer.is_deepspeed_enabled:
        state: dict[str, Any] = zero3.gathered_masters(trainer.model)
    else:
        options = StateDictOptions(
            full_state_dict=True, cpu_offload=True, ignore_frozen_params=is_peft_model(trainer.model)
        )
        state = get_model_state_dict(trainer.model, options=options)
    if trainer.args.should_save:
        for name in trainer.model.all_tied_weights_keys:  # else a tied head would be written twice
            state.pop(name, None)
        trainer.model.save_pretrained(folder, state_dict=state)
        trainer.processing_class.save_pretrained(folder)
