"""`tune`: goes on with the training of a causal language model on the stories of a study.

The loss is that of the story alone, its end included; stories are not packed. Training ends after `epochs`, or when
the validation loss has not fallen for `patience` evaluations, and keeps the best model. A run that was killed goes on
from its last whole checkpoint, with the order of the data and the random numbers that it would have had.
"""

import math
import os
import re
import socket
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.distributed as dist
from datasets import Dataset
from transformers import EarlyStoppingCallback, PretrainedConfig, PrinterCallback, set_seed
from trl import SFTConfig

from .checkpoints import check_form, enough_room, last_whole_checkpoint, step_of
from .events import UserError, emit
from .heartbeat import Heartbeat
from .models import base_dtype, context_of, load_model, load_tokenizer, lora_config, read_model_config
from .settings import one_of, positive, settled
from .sharding import counts, save_gathered, sharding_arguments
from .speaker import Speaker, write_curve
from .stories import Story, check_template, enough_to_train, of_split, prompt_and_story, read_corpus
from .story_trainer import StoryTrainer, mean_of_tokens
from .zero3 import begin_zero3, check_deepspeed

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
    "precision": "bf16",  # bf16 (autocast, f32 masters, LoRA's frozen base in bf16) or fp32
    "checkpointing": False,
    "warmup": 0.05,  # share of the steps
    "weight_decay": 0.0,
    "clip": 1.0,
    "lora_rank": 16,
    "lora_alpha": 32,
    "lora_dropout": 0.05,
    "sharded": False,  # true (FSDP2) or zero3 (DeepSpeed): each of several processes holds its part of the model
    # Seconds without a sign of life from another process's host before the run ends. A switch that starts anew and a
    # link that changes over take up to 30; and all is to have ended within a minute, for the hours of all nodes count.
    "silence": 45,
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
    with Heartbeat(settings.silence):
        teach(stories, settings)


def teach(stories: list[Story], settings: SimpleNamespace) -> None:
    """From the last whole checkpoint, where there is one."""
    out = Path(settings.out)
    checkpoint = last_whole_checkpoint(out / "checkpoints")
    if checkpoint:
        check_form(checkpoint, settings.sharded, processes())
    trainer = build_trainer(stories, settings, fresh=checkpoint is None)
    parameters, trainable = counts(trainer.model)
    enough_room(trainable, out, settings.sharded)
    emit(
        "start",
        parameters=parameters,
        trainable=trainable,
        training_stories=len(of_split(stories, "train")),
        validation_stories=len(of_split(stories, "validation")),
        resumed_from=step_of(checkpoint) if checkpoint else None,
        device=str(trainer.args.device),
        processes=trainer.args.world_size,
        settings=vars(settings),
    )
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        keep(trainer, out)
    except RuntimeError as problem:
        if lost := lost_the_others(trainer, problem):
            raise lost from None
        raise


def check(settings: SimpleNamespace) -> None:
    """Everything that can be wrong in the config, before anything is loaded."""
    one_of("method", settings.method, ("full", "lora"))
    one_of("precision", settings.precision, ("bf16", "fp32"))
    settings.rate = settings.rate if settings.rate is not None else RATES[settings.method]
    for name in ("rate", "epochs", "patience", "evaluations", "batch", "micro_batch", "length", "silence"):
        positive(name, getattr(settings, name))
    check_template(settings.template)
    world = processes()
    one_of("sharded", settings.sharded, (False, True, "zero3"))
    if settings.sharded == "zero3":
        check_deepspeed()
    if settings.sharded and world == 1:
        raise UserError("sharded is on, but there is one process, which would hold the whole model.", "Set sharded to false, or start several with torchrun or accelerate launch.")
    if settings.batch % world:
        raise UserError(f"batch is {settings.batch}, which {world} processes cannot share.", f"Make it a multiple of {world}.")
    share = settings.batch // world
    settings.micro_batch = max(size for size in range(1, min(settings.micro_batch, share) + 1) if share % size == 0)


def processes() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def build_trainer(stories: list[Story], settings: SimpleNamespace, fresh: bool) -> StoryTrainer:
    """The arguments come first: they open the process group, and by them Transformers reads a model that is to be
    sharded on one process of a node alone. `fresh`: the base model is evaluated before the first step."""
    rows = {split: dataset(of_split(stories, split), settings.template) for split in ("train", "validation")}
    config = read_model_config(settings.model)
    arguments = training_arguments(config, len(rows["train"]), settings, fresh)
    if settings.sharded == "zero3":
        begin_zero3()
    tokenizer = load_tokenizer(settings.model)
    model = load_model(settings.model, base_dtype(settings.method, settings.precision))
    set_seed(settings.seed)  # an adapter begins the same, however many processes have read the base
    trainer = StoryTrainer(
        model=model,
        args=arguments,
        train_dataset=rows["train"],
        eval_dataset=rows["validation"],
        compute_metrics=mean_of_tokens,
        processing_class=tokenizer,
        peft_config=lora_config(config.model_type, settings.lora_rank, settings.lora_alpha, settings.lora_dropout) if settings.method == "lora" else None,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=settings.patience)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Speaker(settings, tokenizer, trainer))
    return trainer


def training_arguments(config: PretrainedConfig, training_stories: int, settings: SimpleNamespace, fresh: bool) -> SFTConfig:
    """`eval_on_start`, for calling `evaluate` before `train` would leave the processes of the latter alone, each with
    its own gradients: Trainer would not wrap the model again."""
    steps_per_epoch = max(1, training_stories // settings.batch)
    evaluate_every = max(1, steps_per_epoch // settings.evaluations)
    total = math.ceil(settings.epochs * steps_per_epoch)
    return SFTConfig(
        output_dir=str(Path(settings.out) / "checkpoints"),
        num_train_epochs=settings.epochs,
        learning_rate=settings.rate,
        warmup_steps=int(settings.warmup * total),
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
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,  # a loss that is no number would be told as 0
        seed=settings.seed,
        data_seed=settings.seed,
        use_cpu=not torch.cuda.is_available(),
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to=[],
        disable_tqdm=True,
        **sharding_arguments(settings.sharded, config.model_type),
    )


def dataset(stories: list[Story], template: str) -> Dataset:
    pairs = [prompt_and_story(template, story.title, story.text) for story in stories]
    return Dataset.from_dict({"prompt": [prompt for prompt, _ in pairs], "completion": [story for _, story in pairs]})


def lost_the_others(trainer: StoryTrainer, problem: RuntimeError) -> UserError | None:
    """Where one process ends, the others hear of it through NCCL, gloo or the store, each in words of its own."""
    said = str(problem)
    if processes() == 1 or not (isinstance(problem, dist.DistError) or re.search("gloo|nccl|Connection (closed|reset)", said, re.IGNORECASE)):
        return None
    return UserError(
        f"Rank {dist.get_rank()} on {os.environ.get('TINYLOVE_HOST', socket.gethostname())} lost the others at step {trainer.state.global_step}: {said.splitlines()[0][:160]}",
        "A node stopped, or the network between them. Started again, the run goes on from its last checkpoint.",
    )


def keep(trainer: StoryTrainer, out: Path) -> None:
    """The best model (or adapter), its tokenizer, the whole curve, and how it was made."""
    save = save_gathered if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled else StoryTrainer.save_model
    save(trainer, str(out / "model"))
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
