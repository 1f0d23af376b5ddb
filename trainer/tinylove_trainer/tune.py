"""`tune`: continues the training of a causal language model on the stories of a study.

The loss is that of the story alone, its end included; stories are not packed. Training ends after `epochs`, or when
the validation loss has not fallen for `patience` evaluations, and keeps the best model. A run that was killed continues
from its last complete checkpoint, with the same order of the data and the same random numbers as without the kill.
"""

import dataclasses
import math
import os
import re
import socket
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from datasets import Dataset
from transformers import EarlyStoppingCallback, PretrainedConfig, PreTrainedTokenizerFast, PrinterCallback, set_seed
from trl import SFTConfig

from .checkpoints import check_disk_space, check_form, last_whole_checkpoint, step_of
from .device import device, resolved
from .events import UserError, emit
from .heartbeat import Heartbeat
from .models import base_dtype, context_of, load_model, load_tokenizer, lora_config, read_model_config, record_base
from .run_reporter import RunReporter, write_curve
from .settings import Method, TuneSettings
from .sharding import counts, save_gathered, sharding_arguments
from .stories import Story, StoryForm, check_enough_stories, of_split, read_corpus
from .story_trainer import StoryTrainer, mean_of_tokens
from .tokens import encoded
from .zero3 import begin_zero3, check_deepspeed

RATES: dict[Method, float] = {"full": 1e-5, "lora": 1e-4}


def tune(config: dict[str, Any]) -> None:
    """Trains the model in `model` on the corpus in `stories` and leaves the best in `out/model`."""
    settings = fitted(TuneSettings.read(config))
    stories = read_corpus(settings.stories)
    check_enough_stories(stories)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    with Heartbeat(settings.silence):
        train_from_checkpoint(stories, settings)


def train_from_checkpoint(stories: list[Story], settings: TuneSettings) -> None:
    """Trains from the last complete checkpoint, or from the start if there is none."""
    out = Path(settings.out)
    checkpoint = last_whole_checkpoint(out / "checkpoints")
    if checkpoint:
        check_form(checkpoint, settings.sharded, processes())
    trainer = build_trainer(stories, settings, fresh=checkpoint is None)
    parameters, trainable = counts(trainer.model)
    check_disk_space(trainable, out, settings.sharded, settings.keep)
    emit(
        "start",
        parameters=parameters,
        trainable=trainable,
        training_stories=len(of_split(stories, "train")),
        validation_stories=len(of_split(stories, "validation")),
        resumed_from=step_of(checkpoint) if checkpoint else None,
        device=str(trainer.args.device),
        processes=trainer.args.world_size,
        settings=dataclasses.asdict(settings),
    )
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        save_best(trainer, settings)
    except RuntimeError as problem:
        if lost := lost_peers_error(trainer, problem):
            raise lost from None
        raise


def fitted(settings: TuneSettings) -> TuneSettings:
    """The settings with the rate filled in and a micro-batch that fits the processes. Raises UserError if they cannot run here."""
    world = processes()
    if settings.sharded == "zero3":
        check_deepspeed()
    if settings.sharded and world == 1:
        raise UserError(
            "sharded is on, but there is one process, which would hold the whole model.",
            "Set sharded to false, or start several with torchrun or accelerate launch.",
        )
    if settings.batch % world:
        raise UserError(
            f"batch is {settings.batch}, which cannot be split between {world} processes.",
            f"Make it a multiple of {world}.",
        )
    share = settings.batch // world
    return dataclasses.replace(
        settings,
        rate=settings.rate or RATES[settings.method],
        precision=resolved(settings.precision),
        micro_batch=max(size for size in range(1, min(settings.micro_batch, share) + 1) if share % size == 0),
    )


def processes() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def build_trainer(stories: list[Story], settings: TuneSettings, fresh: bool) -> StoryTrainer:
    """Builds the trainer. `fresh`: the base model is evaluated before the first step.

    The arguments come first: they open the process group, and they make Transformers read a model that will be sharded
    in only one process of each node.
    """
    config = read_model_config(settings.model)
    arguments = training_arguments(config, len(of_split(stories, "train")), settings, fresh)
    if settings.sharded == "zero3":
        begin_zero3()
    tokenizer = load_tokenizer(settings.model)
    length = min(settings.length, context_of(config))
    rows = {
        split: dataset(of_split(stories, split), tokenizer, settings.form, length) for split in ("train", "validation")
    }
    model = load_model(settings.model, base_dtype(settings.method, settings.precision))
    set_seed(settings.seed)  # an adapter starts the same whatever the number of processes
    trainer = StoryTrainer(
        model=model,
        args=arguments,
        train_dataset=rows["train"],
        eval_dataset=rows["validation"],
        compute_metrics=mean_of_tokens,
        processing_class=tokenizer,
        peft_config=lora_config(config.model_type, settings.lora_rank, settings.lora_alpha, settings.lora_dropout)
        if settings.method == "lora"
        else None,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=settings.patience)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(RunReporter(settings, tokenizer, trainer))
    return trainer


def training_arguments(
    config: PretrainedConfig, training_stories: int, settings: TuneSettings, fresh: bool
) -> SFTConfig:
    """The arguments of TRL's trainer.

    The base is evaluated by `eval_on_start`: after a call of `evaluate` before `train`, Trainer would not wrap the model
    again, and each process would train with gradients of its own.
    """
    steps_per_epoch = max(1, training_stories // settings.batch)
    evaluate_every = max(1, steps_per_epoch // settings.evaluations)
    total = math.ceil(settings.epochs * steps_per_epoch)
    return SFTConfig(
        output_dir=str(Path(settings.out) / "checkpoints"),
        num_train_epochs=settings.epochs,
        learning_rate=settings.rate,
        warmup_steps=math.ceil(settings.warmup * total),
        lr_scheduler_type="cosine",
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.clip,
        per_device_train_batch_size=settings.micro_batch,
        per_device_eval_batch_size=settings.micro_batch,
        gradient_accumulation_steps=settings.batch // processes() // settings.micro_batch,
        gradient_checkpointing=settings.checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        bf16=settings.precision == "bf16",
        fp16=False,
        max_length=min(settings.length, context_of(config)),
        packing=False,
        completion_only_loss=True,
        eval_strategy="steps",
        eval_on_start=fresh,
        eval_steps=evaluate_every,
        save_strategy="steps",
        save_steps=evaluate_every,
        save_total_limit=max(2, settings.keep),
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,  # else a loss that is not a number would be logged as 0
        seed=settings.seed,
        data_seed=settings.seed,
        use_cpu=device() == "cpu",
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to=[],
        disable_tqdm=True,
        **sharding_arguments(settings.sharded, config.model_type),
    )


def dataset(stories: list[Story], tokenizer: PreTrainedTokenizerFast, form: StoryForm, length: int) -> Dataset:
    """The stories as tokens and labels; TRL takes both as they are."""
    rows = [encoded(tokenizer, form, story, length) for story in stories]
    return Dataset.from_dict({"input_ids": [ids for ids, _ in rows], "labels": [labels for _, labels in rows]})


def lost_peers_error(trainer: StoryTrainer, problem: RuntimeError) -> UserError | None:
    """The error of a process whose peers have ended, which NCCL, gloo and the store each word differently; else None."""
    said = str(problem)
    if processes() == 1 or not (
        isinstance(problem, dist.DistError) or re.search("gloo|nccl|Connection (closed|reset)", said, re.IGNORECASE)
    ):
        return None
    return UserError(
        f"Rank {dist.get_rank()} on {os.environ.get('TINYLOVE_HOST', socket.gethostname())} lost the other ranks at step {trainer.state.global_step}: {said.splitlines()[0][:160]}",
        "A node or the network between the nodes stopped. Start the run again: it continues from its last checkpoint.",
    )


def save_best(trainer: StoryTrainer, settings: TuneSettings) -> None:
    """Writes the best model (or adapter, with the record of its base), its tokenizer and the whole curve."""
    out = Path(settings.out)
    save = save_gathered if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled else StoryTrainer.save_model
    save(trainer, str(out / "model"))
    if (out / "model" / "adapter_config.json").is_file() and trainer.args.should_save:
        record_base(out / "model", settings.model)
    state = trainer.state
    write_curve(out, state.log_history)
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
