"""The model in parts, one a process, by FSDP2 or by DeepSpeed ZeRO-3. Asked for, done on GPUs and on the CPU alike, and
measured, not believed."""

import os
from dataclasses import dataclass

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


def sharding_arguments(sharded: bool | str, architecture: str) -> dict:
    """What TrainingArguments are told: `sharded` is false, true (FSDP2) or `zero3`."""
    if sharded == "zero3":
        return zero3.zero3_arguments()
    return fsdp2_arguments(architecture) if sharded else {}


def fsdp2_arguments(architecture: str) -> dict:
    """Only one process a node reads the weights; the others get their parts from it.

    Checkpointing is left to Transformers: Accelerate's own recomputes a layer with other random numbers than it had, so
    that with dropout, as LoRA has it, the gradient is that of another model.
    """
    os.environ["ACCELERATE_USE_FSDP"] = "true"  # without it Transformers reads them in each
    wrap = {"transformer_layer_cls_to_wrap": [LAYER_CLASSES[architecture]]} if architecture in LAYER_CLASSES else {}
    config = {
        "version": 2,
        "reshard_after_forward": True,
        "state_dict_type": "SHARDED_STATE_DICT",
        "cpu_ram_efficient_loading": True,
        **wrap,
    }
    return {"fsdp": True, "fsdp_config": config}


def shard(trainer) -> None:
    """Has Accelerate shard by FSDP2 what the arguments ask for.

    On the CPU it would silently keep a whole copy in each process, though `fully_shard` runs over gloo: so its state is
    told. Gradients are summed in f32, as they are without sharding.
    """
    state = trainer.accelerator.state
    if state.distributed_type == DistributedType.MULTI_CPU:
        state.fsdp_plugin = FullyShardedDataParallelPlugin(**trainer.args.fsdp_plugin_args)
        # The second is what a later AcceleratorState begins with.
        state.distributed_type = PartialState._shared_state["distributed_type"] = DistributedType.FSDP
        trainer.is_fsdp_enabled = True
    if trainer.is_fsdp_enabled and trainer.args.bf16:
        state.fsdp_plugin.mixed_precision_policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)


@dataclass(frozen=True)
class Share:
    """What one process has of the model."""

    held: int  # parameters
    trained: int  # those of them that its optimizer changes
    bytes: int  # of the parameters that it holds: a frozen base may be of two each, what is trained is of four


def shares(model, optimizer) -> list[Share]:
    """By rank; all processes ask together.

    What is trained is counted from the optimizer, which is made before the model is parted and has to be given the
    parts afterwards: where it is not, they stay as they are, and nothing is told.
    """
    parameters = list(model.parameters())
    held = [held_of(parameter) for parameter in parameters]
    own = Share(
        held=sum(held),
        trained=zero3.trained(optimizer) if zero3.is_parted(parameters[0]) else trained_by(optimizer),
        bytes=sum(count * parameter.element_size() for count, parameter in zip(held, parameters)),
    )
    of_all = [own] * dist.get_world_size()
    dist.all_gather_object(of_all, own)
    return of_all


def held_of(parameter) -> int:
    if zero3.is_parted(parameter):
        return zero3.held(parameter)
    return (parameter.to_local() if isinstance(parameter, DTensor) else parameter).numel()


def trained_by(optimizer) -> int:
    return sum(held_of(parameter) for group in optimizer.param_groups for parameter in group["params"])


def counts(model) -> tuple[int, int]:
    """All parameters, and those that are trained; of a model in parts those of the whole."""
    whole = [(getattr(parameter, "ds_numel", parameter.numel()), parameter.requires_grad) for parameter in model.parameters()]
    return sum(count for count, _ in whole), sum(count for count, trained in whole if trained)


def check_shares(held: list[int], parameters: int) -> None:
    """Each holds about its part: a tenth more is for rows that do not part evenly. Throws where the model is whole."""
    if max(held) > 1.1 * parameters / len(held):
        raise UserError(
            f"Rank {held.index(max(held))} holds {max(held):,} of {parameters:,} parameters: the model is not sharded over {len(held)} processes.",
            "Sharding was asked for and is not on: was Accelerate changed? Set sharded to false, or go back to a version that pyproject.toml allows.",
        )


def check_trained(trained: list[int], trainable: int) -> None:
    """Every parameter that is to be trained is trained by one process, an adapter's among them."""
    if sum(trained) != trainable:
        raise UserError(
            f"The optimizers of {len(trained)} processes change {sum(trained):,} parameters; {trainable:,} are to be trained.",
            "They were not given the model's parts: was Accelerate changed? Go back to a version that pyproject.toml allows.",
        )


def save_gathered(trainer, folder: str) -> None:
    """The whole model in `folder`, or the whole adapter without its frozen base: gathered on the first process, where
    it has to fit into memory."""
    if trainer.is_deepspeed_enabled:
        state = zero3.gathered_masters(trainer.model)
    else:
        options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=is_peft_model(trainer.model))
        state = get_model_state_dict(trainer.model, options=options)
    if trainer.args.should_save:
        for name in trainer.model.all_tied_weights_keys:  # gathered by itself, a tied head would be written twice
            state.pop(name, None)
        trainer.model.save_pretrained(folder, state_dict=state)
        trainer.processing_class.save_pretrained(folder)
