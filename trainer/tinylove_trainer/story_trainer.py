"""TRL's trainer with a loss over the stories alone, a validation loss that does not depend on batches, and real sharding."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch.nn.functional import cross_entropy
from torch.utils.data import Sampler
from transformers import EvalPrediction
from trl import SFTTrainer

from .sharding import shard


class WholeSteps(Sampler[int]):
    """A new order of the stories in each epoch, cut to whole steps.

    Accelerate would fill up an incomplete step with stories that were already used, and which ones depends on the number
    of processes, so the result would too. The stories left over in one epoch are used in another. If all stories together
    do not fill a step, they are one step.
    """

    def __init__(self, stories: int, step: int, seed: int):
        self.stories, self.seed, self.epoch = stories, seed, 0
        self.whole = stories // step * step or stories

    def set_epoch(self, epoch: int) -> None:
        """Accelerate calls this before each epoch, also in a resumed run."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.whole

    def __iter__(self) -> Iterator[int]:
        order = torch.randperm(self.stories, generator=torch.Generator().manual_seed(self.seed + self.epoch))
        return iter(order[: self.whole].tolist())


class StoryTrainer(SFTTrainer):
    """TRL's trainer with five changes.

    1. The loss is plain cross-entropy: TRL's also computes entropy and accuracy of every token, a third of a step on a CPU.
    2. The validation loss is that of all tokens of all stories: Transformers' is a mean over batches, and changes with them.
    3. All steps are full (`WholeSteps`).
    4. It shards on the CPU as on GPUs.
    5. It corrects how Transformers 5 saves GPT-NeoX: the head is saved as `embed_out` and called `lm_head` in memory, so
       neither a resumed run nor the best model at the end would get its head back.
    """

    tokens_seen = 0

    def create_accelerator_and_postprocess(self) -> None:
        super().create_accelerator_and_postprocess()
        if self.args.fsdp:
            shard(self)

    def _get_train_sampler(self, train_dataset: Any = None) -> WholeSteps:
        arguments = self.args
        step = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size
        return WholeSteps(len(train_dataset or self.train_dataset), step, arguments.seed)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """The mean over the story tokens of one step, over all processes."""
        self.tokens_seen += int(inputs["attention_mask"].sum()) * self.accelerator.num_processes
        nats, tokens = self.nats_and_tokens(model, inputs)
        if num_items_in_batch is None:
            return nats.sum() / tokens.sum().clamp(min=1)
        # The count is over all processes, whose gradients are averaged, not added.
        return nats.sum() / num_items_in_batch * self.accelerator.num_processes

    def prediction_step(
        self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: Any = None
    ) -> tuple[None, torch.Tensor, torch.Tensor]:
        """Returns what each story adds to the loss, which Transformers gathers for `mean_of_tokens`, and no loss of the batch."""
        with torch.no_grad(), self.compute_loss_context_manager():
            nats, tokens = self.nats_and_tokens(model, self._prepare_inputs(inputs))
        return None, nats, tokens

    def nats_and_tokens(self, model: Any, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """For each story of a batch: its negative log-likelihood given the prompt, in nats, and its number of tokens."""
        labels = inputs["labels"][:, 1:]
        logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False).logits
        nats = cross_entropy(
            logits[:, :-1].float().flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="none"
        )
        return nats.view(labels.shape).sum(1), (labels != -100).sum(1)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Saves the model, and makes its folder in every process first.

        Transformers looks for the best checkpoint's folder before the shards are written into it, so some processes would
        know a best model and others would not. With ZeRO-3 it would also gather the whole model for every checkpoint.
        """
        os.makedirs(output_dir or self.args.output_dir, exist_ok=True)
        if _internal_call and self.is_deepspeed_enabled:
            return
        super().save_model(output_dir, _internal_call)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self.restore_head(Path(resume_from_checkpoint))

    def _load_best_model(self) -> None:
        super()._load_best_model()
        self.restore_head(Path(self.state.best_model_checkpoint))

    def restore_head(self, checkpoint: Path) -> None:
        """Loads the head from a checkpoint, unless it is sharded: sharded checkpoints use the names in memory."""
        if self.is_fsdp_enabled or self.is_deepspeed_enabled:
            return
        index = checkpoint / "model.safetensors.index.json"
        file = (
            json.loads(index.read_text())["weight_map"].get("embed_out.weight")
            if index.is_file()
            else "model.safetensors"
        )
        if not file or not (checkpoint / file).is_file():
            return
        with safe_open(checkpoint / file, "pt") as weights:
            if "embed_out.weight" in list(weights.keys()) and hasattr(self.model, "lm_head"):
                self.model.lm_head.weight.data.copy_(weights.get_tensor("embed_out.weight"))


def mean_of_tokens(predicted: EvalPrediction) -> dict[str, float]:
    """The validation loss: nats per token over all stories, so its exponential is the perplexity."""
    return {"loss": predicted.predictions.sum(dtype="float64") / predicted.label_ids.sum()}
