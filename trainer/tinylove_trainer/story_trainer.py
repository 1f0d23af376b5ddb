"""TRL's trainer with a loss of the stories alone, a validation loss that does not depend on batches, real sharding."""

import json
import os
from pathlib import Path

import torch
from safetensors import safe_open
from torch.nn.functional import cross_entropy
from torch.utils.data import Sampler
from transformers import EvalPrediction
from trl import SFTTrainer

from .sharding import shard


class WholeSteps(Sampler[int]):
    """A new order of the stories each epoch, as far as it fills whole steps.

    A step that is not full Accelerate would fill up with stories that had their turn, others for other numbers of
    processes, and what is learnt would depend on how many there are. What is left over in one epoch comes in another.
    Where all the stories do not fill a step, they are one.
    """

    def __init__(self, stories: int, step: int, seed: int):
        self.stories, self.seed, self.epoch = stories, seed, 0
        self.whole = stories // step * step or stories

    def set_epoch(self, epoch: int) -> None:
        """Accelerate calls it before each epoch, also of a run that goes on."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.whole

    def __iter__(self):
        order = torch.randperm(self.stories, generator=torch.Generator().manual_seed(self.seed + self.epoch))
        return iter(order[: self.whole].tolist())


class StoryTrainer(SFTTrainer):
    """Five changes to TRL's trainer.

    Its loss is plain cross-entropy: TRL's own also works out entropy and accuracy of every token, which on a CPU takes
    a third of the step. Its validation loss is that of all tokens of all stories: Transformers' own is a mean over
    batches, and another one when the stories part into other batches. Its steps are whole. It shards on the CPU as on GPUs. And it mends
    what Transformers 5 does to GPT-NeoX: the head is saved as `embed_out` and called `lm_head` in memory, so that
    neither a resumed run nor the best model at the end would get its head back.
    """

    tokens_seen = 0

    def create_accelerator_and_postprocess(self):
        super().create_accelerator_and_postprocess()
        if self.args.fsdp:
            shard(self)

    def _get_train_sampler(self, train_dataset=None):
        arguments = self.args
        step = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size
        return WholeSteps(len(train_dataset or self.train_dataset), step, arguments.seed)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """Mean over the tokens of the stories of one step, on all processes together."""
        self.tokens_seen += int(inputs["attention_mask"].sum()) * self.accelerator.num_processes
        nats, tokens = self.nats_and_tokens(model, inputs)
        if num_items_in_batch is None:
            return nats.sum() / tokens.sum().clamp(min=1)
        # Counted over all processes, whose gradients are averaged, not added.
        return nats.sum() / num_items_in_batch * self.accelerator.num_processes

    def prediction_step(self, model, inputs, prediction_loss_only, ignore_keys=None):
        """No loss of the batch: what each story adds to the whole, which Transformers gathers for `mean_of_tokens`."""
        with torch.no_grad(), self.compute_loss_context_manager():
            nats, tokens = self.nats_and_tokens(model, self._prepare_inputs(inputs))
        return None, nats, tokens

    def nats_and_tokens(self, model, inputs) -> tuple[torch.Tensor, torch.Tensor]:
        """Of each story of a batch: how surprising it is, prompt aside, in nats, and how many tokens it has."""
        labels = inputs["labels"][:, 1:]
        logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False).logits
        nats = cross_entropy(logits[:, :-1].float().flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="none")
        return nats.view(labels.shape).sum(1), (labels != -100).sum(1)

    def save_model(self, output_dir=None, _internal_call=False):
        """Transformers asks for the best checkpoint's folder before the parts of a sharded model are written into it:
        some processes would know of a best model, and others not. With ZeRO-3 it would gather the whole model for
        every checkpoint, beside its parts."""
        os.makedirs(output_dir or self.args.output_dir, exist_ok=True)
        if _internal_call and self.is_deepspeed_enabled:
            return
        super().save_model(output_dir, _internal_call)

    def _load_from_checkpoint(self, resume_from_checkpoint, model=None):
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self.restore_head(Path(resume_from_checkpoint))

    def _load_best_model(self):
        super()._load_best_model()
        self.restore_head(Path(self.state.best_model_checkpoint))

    def restore_head(self, checkpoint: Path) -> None:
        """Sharded checkpoints hold the names of memory."""
        if self.is_fsdp_enabled or self.is_deepspeed_enabled:
            return
        index = checkpoint / "model.safetensors.index.json"
        file = json.loads(index.read_text())["weight_map"].get("embed_out.weight") if index.is_file() else "model.safetensors"
        if not file or not (checkpoint / file).is_file():
            return
        with safe_open(checkpoint / file, "pt") as weights:
            if "embed_out.weight" in weights.keys() and hasattr(self.model, "lm_head"):
                self.model.lm_head.weight.data.copy_(weights.get_tensor("embed_out.weight"))


def mean_of_tokens(told: EvalPrediction) -> dict[str, float]:
    """The validation loss: nats a token over all stories, so that its exponential is the perplexity."""
    return {"loss": told.predictions.sum(dtype="float64") / told.label_ids.sum()}
