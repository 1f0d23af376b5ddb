"""`tune`: goes on with the training of a causal language model on the stories of a study.

The loss is that of the story alone, its end included; stories are not packed. Training ends after `epochs`, or when
the validation loss has not fallen for `patience` evaluations, and keeps the best model. A run that was killed goes on
from its last whole checkpoint, with the order of the data and the random numbers that it would have had.
"""

import json
import math
import os
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import torch
from datasets import Dataset
from peft import LoraConfig
from safetensors import safe_open
from torch.nn.functional import cross_entropy
from transformers import EarlyStoppingCallback, PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from .events import UserError, emit, is_first_process
from .models import LAYER_CLASSES, context_of, load_model, load_tokenizer, lora_targets
from .sample import Request, write_texts
from .settings import one_of, positive, settled
from .stories import Story, check_template, enough_to_train, of_split, prompt_and_story, read_corpus

TEMPLATE = "Title: [[title]]\nStory: [[story]]"
RATES = {"full": 1e-5, "lora": 1e-4}
DEFAULTS = {
    "template": TEMPLATE,
    "method": "full",  # full or lora
    "rate": None,  # 1e-5 for full, 1e-4 for lora
    "epochs": 3,
    "patience": 2,  # evaluations without a better validation loss
    "evaluations": 2,  # per epoch; each leaves a checkpoint
    "batch": 8,  # stories a step, over all processes
    "micro_batch": 8,  # stories at a time in one process
    "length": 512,  # tokens; longer stories are cut
    "precision": "bf16",  # bf16 (autocast, f32 masters) or fp32
    "checkpointing": False,
    "warmup": 0.05,  # share of the steps
    "weight_decay": 0.0,
    "clip": 1.0,
    "lora_rank": 16,
    "lora_alpha": 32,
    "lora_dropout": 0.05,
    "sharded": False,  # FSDP2, where an accelerator is there and several processes
    "seed": 1,
    "threads": None,  # PyTorch's own choice
    "sample_titles": [],  # at each evaluation a greedy and a sampled story to each
    "sample_tokens": 120,
}


def tune(config: dict) -> None:
    """Trains the model in `model` on the corpus in `stories` and leaves the best in `out/model`."""
    settings = settled(config, DEFAULTS, ("model", "stories", "out"))
    check(settings)
    stories = read_corpus(settings.stories)
    enough_to_train(stories)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    model, tokenizer = load_model(settings.model), load_tokenizer(settings.model)
    out = Path(settings.out)
    enough_room(model, out)

    checkpoint = last_whole_checkpoint(out / "checkpoints")
    trainer = build_trainer(model, tokenizer, stories, settings, fresh=checkpoint is None)
    trainable = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    emit(
        "start",
        parameters=sum(p.numel() for p in trainer.model.parameters()),
        trainable=trainable,
        training_stories=len(of_split(stories, "train")),
        validation_stories=len(of_split(stories, "validation")),
        resumed_from=step_of(checkpoint) if checkpoint else None,
        device=str(trainer.args.device),
        processes=trainer.args.world_size,
        settings=vars(settings),
    )
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    keep(trainer, tokenizer, out)


def check(settings: SimpleNamespace) -> None:
    """Everything that can be wrong in the config, before anything is loaded."""
    one_of("method", settings.method, ("full", "lora"))
    one_of("precision", settings.precision, ("bf16", "fp32"))
    settings.rate = settings.rate if settings.rate is not None else RATES[settings.method]
    for name in ("rate", "epochs", "patience", "evaluations", "batch", "micro_batch", "length"):
        positive(name, getattr(settings, name))
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if settings.batch % world:
        raise UserError(f"batch is {settings.batch}, which {world} processes cannot share.", f"Make it a multiple of {world}.")
    share = settings.batch // world
    settings.micro_batch = max(size for size in range(1, min(settings.micro_batch, share) + 1) if share % size == 0)
    check_template(settings.template)


def enough_room(model, out: Path) -> None:
    """Two checkpoints of weights and AdamW's two moments in f32, and the model itself."""
    out.mkdir(parents=True, exist_ok=True)
    needed = 28 * sum(p.numel() for p in model.parameters())
    free = shutil.disk_usage(out).free
    if free < needed:
        raise UserError(f"{out} has {free / 1e9:.1f} GB free; training keeps up to {needed / 1e9:.1f} GB.", "Make room, or give another out.")


def build_trainer(model, tokenizer, stories: list[Story], settings: SimpleNamespace, fresh: bool) -> SFTTrainer:
    """`fresh`: the base model is evaluated before the first step. (Calling `evaluate` for that would leave the
    processes of a later `train` alone, each with its own gradients: Trainer would not wrap the model again.)"""
    length = min(settings.length, context_of(model))
    rows = {split: dataset(of_split(stories, split), settings.template) for split in ("train", "validation")}
    world = int(os.environ.get("WORLD_SIZE", "1"))
    steps_per_epoch = max(1, math.ceil(len(rows["train"]) / settings.batch))
    evaluate_every = max(1, steps_per_epoch // settings.evaluations)
    total = math.ceil(settings.epochs * steps_per_epoch)
    lora = None
    if settings.method == "lora":
        targets = lora_targets(model.config.model_type)
        lora = LoraConfig(r=settings.lora_rank, lora_alpha=settings.lora_alpha, lora_dropout=settings.lora_dropout, target_modules=targets, task_type="CAUSAL_LM")
    arguments = SFTConfig(
        output_dir=str(Path(settings.out) / "checkpoints"),
        num_train_epochs=settings.epochs,
        learning_rate=settings.rate,
        warmup_steps=int(settings.warmup * total),
        lr_scheduler_type="cosine",
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.clip,
        per_device_train_batch_size=settings.micro_batch,
        per_device_eval_batch_size=settings.micro_batch,
        gradient_accumulation_steps=settings.batch // world // settings.micro_batch,
        gradient_checkpointing=settings.checkpointing and not settings.sharded,
        bf16=settings.precision == "bf16",
        fp16=False,
        max_length=length,
        packing=False,
        completion_only_loss=True,
        eval_strategy="steps",
        eval_on_start=fresh,
        eval_steps=evaluate_every,
        save_strategy="steps",
        save_steps=evaluate_every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        logging_strategy="steps",
        logging_steps=1,
        seed=settings.seed,
        data_seed=settings.seed,
        use_cpu=not torch.cuda.is_available(),
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to=[],
        disable_tqdm=True,
        **sharding(model, settings),
    )
    trainer = StoryTrainer(
        model=model,
        args=arguments,
        train_dataset=rows["train"],
        eval_dataset=rows["validation"],
        processing_class=tokenizer,
        peft_config=lora,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=settings.patience)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Speaker(settings, tokenizer, trainer))
    return trainer


def dataset(stories: list[Story], template: str) -> Dataset:
    pairs = [prompt_and_story(template, story.title, story.text) for story in stories]
    return Dataset.from_dict({"prompt": [prompt for prompt, _ in pairs], "completion": [story for _, story in pairs]})


def sharding(model, settings: SimpleNamespace) -> dict:
    """FSDP2 with full sharding. On the CPU Accelerate would silently not shard, so it is refused there."""
    if not settings.sharded:
        return {}
    if not torch.cuda.is_available():
        raise UserError("sharded is on, but there is no accelerator: the model would silently not be sharded.", "Set sharded to false.")
    kind = model.config.model_type
    wrap = {"transformer_layer_cls_to_wrap": [LAYER_CLASSES[kind]]} if kind in LAYER_CLASSES else {}
    config = {"version": 2, "reshard_after_forward": True, "state_dict_type": "SHARDED_STATE_DICT", "activation_checkpointing": settings.checkpointing, **wrap}
    return {"fsdp": "full_shard auto_wrap", "fsdp_config": config}


class StoryTrainer(SFTTrainer):
    """TRL's trainer with two changes.

    Its loss is plain cross-entropy: TRL's own also works out entropy and accuracy of every token, which on a CPU takes
    a third of the step. And it mends what Transformers 5 does to GPT-NeoX: the head is saved as `embed_out` and called
    `lm_head` in memory, so that neither a resumed run nor the best model at the end would get its head back.
    """

    tokens_seen = 0

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """Mean over the tokens of the stories of one step, on all processes together where training."""
        if self.model.training:
            self.tokens_seen += int(inputs["attention_mask"].sum()) * self.accelerator.num_processes
        labels = inputs["labels"][:, 1:]
        outputs = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False)
        total = cross_entropy(outputs.logits[:, :-1].float().flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="sum")
        if num_items_in_batch is None:
            loss = total / (labels != -100).sum().clamp(min=1)
        else:  # counted over all processes, whose gradients are averaged, not added
            loss = total / num_items_in_batch * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss

    def _load_from_checkpoint(self, resume_from_checkpoint, model=None):
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        restore_head(model or self.model, Path(resume_from_checkpoint))

    def _load_best_model(self):
        super()._load_best_model()
        restore_head(self.model, Path(self.state.best_model_checkpoint))


def restore_head(model, checkpoint: Path) -> None:
    index = checkpoint / "model.safetensors.index.json"
    shard = json.loads(index.read_text())["weight_map"].get("embed_out.weight") if index.is_file() else "model.safetensors"
    if not shard or not (checkpoint / shard).is_file():
        return
    with safe_open(checkpoint / shard, "pt") as file:
        if "embed_out.weight" in file.keys() and hasattr(model, "lm_head"):
            model.lm_head.weight.data.copy_(file.get_tensor("embed_out.weight"))


class Speaker(TrainerCallback):
    """Tells the run as events, and writes its curve."""

    def __init__(self, settings: SimpleNamespace, tokenizer, trainer: StoryTrainer):
        self.settings = settings
        self.tokenizer = tokenizer
        self.trainer = trainer

    def on_train_begin(self, args, state, control, **kwargs):
        self.began, self.first_step = time.monotonic(), state.global_step

    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == self.first_step:  # what comes before is evaluation
            self.began = time.monotonic()

    def on_log(self, args, state, control, logs=None, **kwargs):
        if not logs or "loss" not in logs or "learning_rate" not in logs:
            return
        seconds = time.monotonic() - self.began
        steps_done = state.global_step - self.first_step
        emit(
            "progress",
            step=state.global_step,
            steps=state.max_steps,
            epoch=round(logs["epoch"], 4),
            loss=logs["loss"],
            gradient_norm=number(logs.get("grad_norm")),
            rate=logs["learning_rate"],
            tokens_per_second=round(self.trainer.tokens_seen / seconds),
            seconds_left=round(seconds / steps_done * (state.max_steps - state.global_step)) if steps_done else None,
        )
        if not math.isfinite(logs["loss"]):
            raise UserError(f"The loss is not a number at step {state.global_step}.", "The rate is too high: run find-lr, or divide rate by 3.")

    def on_evaluate(self, args, state, control, metrics=None, model=None, **kwargs):
        loss = metrics["eval_loss"]
        emit("evaluation", step=state.global_step, epoch=round(state.epoch or 0, 4), validation_loss=loss, perplexity=math.exp(min(loss, 50)))
        write_curve(Path(self.settings.out), state.log_history)
        if is_first_process() and not self.settings.sharded:
            self.write_samples(model, state.global_step)

    def write_samples(self, model, step: int) -> None:
        """A greedy and a sampled story to each of the fixed titles: repetition shows in the first, collapse in both."""
        prompts = [prompt_and_story(self.settings.template, title, "")[0] for title in self.settings.sample_titles]
        for way, temperature in (("greedy", 0.0), ("sampled", 1.0)):
            requests = [Request(id=title, prompt=prompt, seed=self.settings.seed, temperature=temperature, most_tokens=self.settings.sample_tokens) for title, prompt in zip(self.settings.sample_titles, prompts)]
            for text in write_texts(model, self.tokenizer, requests):
                emit("sample", step=step, title=text.id, way=way, text=text.text.strip())


def number(value) -> float | None:
    return None if value is None else float(value)


def write_curve(out: Path, history: list[dict]) -> None:
    """`curve.jsonl`: one line a step, one an evaluation. Written anew, so a resumed run has no step twice."""
    if not is_first_process():
        return
    rows = []
    for entry in history:
        if "eval_loss" in entry:
            rows.append({"step": entry["step"], "validation_loss": entry["eval_loss"]})
        elif "loss" in entry and "learning_rate" in entry:
            rows.append({"step": entry["step"], "loss": entry["loss"], "gradient_norm": number(entry.get("grad_norm")), "rate": entry["learning_rate"]})
    partial = out / "curve.partial"
    partial.write_text("".join(json.dumps(row) + "\n" for row in rows))
    os.replace(partial, out / "curve.jsonl")


def last_whole_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint whose last file was written; a kill may have left a half one, which is removed."""
    found = sorted(folder.glob("checkpoint-*"), key=step_of, reverse=True)
    for checkpoint in found:
        try:
            json.loads((checkpoint / "trainer_state.json").read_text())
            return checkpoint
        except (OSError, ValueError):
            if is_first_process():
                shutil.rmtree(checkpoint, ignore_errors=True)
    return None


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def keep(trainer: SFTTrainer, tokenizer, out: Path) -> None:
    """The best model (or adapter), its tokenizer, the whole curve, and how it was made."""
    if trainer.is_fsdp_enabled:  # checkpoints are in parts, one a process; the model is to be whole
        trainer.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
    trainer.save_model(str(out / "model"))
    state = trainer.state
    write_curve(out, state.log_history)
    if is_first_process():
        tokenizer.save_pretrained(out / "model")
    evaluations = [entry["eval_loss"] for entry in state.log_history if "eval_loss" in entry]
    emit(
        "done",
        model=str(out / "model"),
        steps=state.global_step,
        best_step=state.best_global_step,
        validation_loss_before=evaluations[0],
        validation_loss=state.best_metric,
        stopped_early=state.global_step < state.max_steps,
        curve=str(out / "curve.jsonl"),
    )
