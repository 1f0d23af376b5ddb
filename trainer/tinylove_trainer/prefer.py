"""`prefer`: trains a model towards the texts that readers preferred (DPO, Rafailov et al. 2023), as a LoRA adapter.

Two texts for the same title are a pair. The model before training is the reference. Some titles are held out: their pairs
are only measured, before and after. The curve has the loss of the pairs and, as validation loss, that of people's own
validation stories, which shows what the preference costs.
"""

import contextlib
import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import PreTrainedModel, PreTrainedTokenizerFast, PrinterCallback, TrainerCallback, set_seed
from trl import DPOConfig, DPOTrainer

from .batches import Row, in_batches, learned, nats, nats_of_each
from .checkpoints import check_disk_space, last_whole_checkpoint, step_of
from .device import device, resolved
from .events import UserError, emit
from .json_lines import read_lines
from .models import base_dtype, context_of, load_model, load_tokenizer, lora_config, read_model_config, record_base
from .run_reporter import StepClock, check_finite, number, report_evaluation, write_curve
from .settings import PreferSettings
from .sharding import counts
from .stories import of_split, read_corpus
from .tokens import encoded, prompt_and_answer

LEAST_PAIRS = 8  # to learn from, and as many titles held out: the workbench asks for more


@dataclass(frozen=True)
class Pair:
    """Two texts for a title. A text that was clipped for the readers has no end that could be learnt."""

    title: str
    chosen: str
    rejected: str
    held_out: bool
    chosen_clipped: bool = False
    rejected_clipped: bool = False


@dataclass(frozen=True)
class Sides:
    """What a model makes of the two texts of a pair: log-likelihoods in nats."""

    chosen: float
    rejected: float


def prefer(config: dict[str, Any]) -> None:
    """Trains the model in `model` on the `pairs` and leaves the adapter in `out/model`. `preference` events, then `done`."""
    settings = PreferSettings.read(config)
    settings = dataclasses.replace(settings, precision=resolved(settings.precision))
    if settings.threads:
        torch.set_num_threads(settings.threads)
    pairs = read_pairs(settings.pairs)
    learnt, held_out = [pair for pair in pairs if not pair.held_out], [pair for pair in pairs if pair.held_out]
    out = Path(settings.out)
    checkpoint = last_whole_checkpoint(out / "checkpoints")
    tokenizer = load_tokenizer(settings.model)
    rows = Rows(tokenizer, settings, min(settings.length, context_of(read_model_config(settings.model))))
    trainer = build_trainer(learnt, rows, settings)
    validation = [rows.story(story) for story in of_split(read_corpus(settings.stories), "validation")]
    trainer.add_callback(Reporter(trainer, validation, tokenizer.pad_token_id, settings))
    parameters, trainable = counts(trainer.model)
    check_disk_space(trainable, out, sharded=False)
    emit(
        "start",
        parameters=parameters,
        trainable=trainable,
        pairs=len(learnt),
        held_out_pairs=len(held_out),
        resumed_from=step_of(checkpoint) if checkpoint else None,
        device=str(trainer.args.device),
        settings=dataclasses.asdict(settings),
    )
    # An adapter starts as no change at all, and a resumed run loads its own only in `train`.
    before = likelihoods(trainer.model, held_out, rows, settings)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    after = likelihoods(trainer.model, held_out, rows, settings)
    save(trainer, tokenizer, settings)
    for pair, old, new in zip(held_out, before, after, strict=True):
        emit(
            "preference",
            title=pair.title,
            tokens=dataclasses.asdict(Sides(*(len(row[0]) - row[1].count(-100) for row in rows.pair(pair)))),
            before=dataclasses.asdict(old),
            after=dataclasses.asdict(new),
        )
    emit("done", model=str(out / "model"), steps=trainer.state.global_step, curve=str(out / "curve.jsonl"))


def read_pairs(path: str) -> list[Pair]:
    pairs = read_lines(
        path,
        lambda row: Pair(**row),
        missing="Name a JSON Lines file of pairs.",
        fields=", ".join(one.name for one in dataclasses.fields(Pair)),
    )
    for used, wanted in ((False, "to learn from"), (True, "held out")):
        found = sum(pair.held_out == used for pair in pairs)
        if found < LEAST_PAIRS:
            raise UserError(
                f"{path} has {found} pairs {wanted}; it needs at least {LEAST_PAIRS}.", "Collect more judgments."
            )
    both = {pair.title for pair in pairs if pair.held_out} & {pair.title for pair in pairs if not pair.held_out}
    if both:
        raise UserError(
            f"The title {min(both)} is both learnt from and held out.", "All pairs of a title are on one side."
        )
    return pairs


class Rows:
    """Pairs and stories as tokens, the same as in every other command."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, settings: PreferSettings, length: int):
        self.tokenizer, self.settings, self.length = tokenizer, settings, length

    def story(self, story: Any) -> Row:
        return encoded(self.tokenizer, self.settings.form, story, self.length)

    def parts(self, pair: Pair) -> tuple[list[int], list[int], list[int]]:
        """Prompt, chosen and rejected text. What was clipped has no end token."""
        asked, chosen = prompt_and_answer(self.tokenizer, self.settings.form, pair.title, pair.chosen)
        _, rejected = prompt_and_answer(self.tokenizer, self.settings.form, pair.title, pair.rejected)
        space = self.length - len(asked)
        return (
            asked,
            chosen[: len(chosen) - pair.chosen_clipped][:space],
            rejected[: len(rejected) - pair.rejected_clipped][:space],
        )

    def pair(self, pair: Pair) -> tuple[Row, Row]:
        asked, *written = self.parts(pair)
        chosen, rejected = ((asked + text, [-100] * len(asked) + text) for text in written)
        return chosen, rejected


class PairTrainer(DPOTrainer):
    """TRL's trainer on tokens: its own tokenizing would add an end to clipped texts, and no start token of chat models."""

    def _prepare_dataset(self, dataset: Any, *arguments: Any) -> Any:
        return dataset


def build_trainer(learnt: list[Pair], rows: Rows, settings: PreferSettings) -> PairTrainer:
    steps_per_epoch = math.ceil(len(learnt) / settings.batch)
    steps = max(1, math.ceil(settings.epochs * steps_per_epoch))
    micro = min(settings.micro_batch, settings.batch)
    arguments = DPOConfig(
        output_dir=str(Path(settings.out) / "checkpoints"),
        max_steps=steps,
        learning_rate=settings.rate,
        beta=settings.beta,
        warmup_steps=math.ceil(settings.warmup * steps),
        lr_scheduler_type="linear",
        max_grad_norm=settings.clip,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=max(1, settings.batch // micro),
        gradient_checkpointing=settings.checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        bf16=settings.precision == "bf16",
        fp16=False,
        max_length=None,  # the texts are cut already
        save_strategy="steps",
        save_steps=max(1, steps // settings.evaluations),
        save_total_limit=2,
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,
        seed=settings.seed,
        data_seed=settings.seed,
        use_cpu=device() == "cpu",
        dataloader_pin_memory=torch.cuda.is_available(),
        report_to=[],
        disable_tqdm=True,
    )
    parts = [rows.parts(pair) for pair in learnt]
    columns = dict(zip(("prompt_ids", "chosen_ids", "rejected_ids"), map(list, zip(*parts, strict=True)), strict=True))
    model = load_model(settings.model, base_dtype("lora", settings.precision))
    set_seed(settings.seed)
    trainer = PairTrainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict(columns),
        processing_class=rows.tokenizer,
        peft_config=lora_config(model.config.model_type, settings.lora_rank, settings.lora_alpha),
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


class Reporter(TrainerCallback):
    """Reports progress, and the loss of people's stories at the start, at each checkpoint and at the end."""

    def __init__(self, trainer: PairTrainer, validation: list[Row], pad: int, settings: PreferSettings):
        self.trainer, self.validation, self.pad, self.settings = trainer, validation, pad, settings
        self.clock = StepClock()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.clock.start(state.global_step)
        if state.global_step == 0:
            self.evaluate(state)

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.clock.begin_step()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.clock.end_step()
        if state.global_step % args.save_steps == 0 or state.global_step == state.max_steps:
            self.evaluate(state)

    def evaluate(self, state: Any) -> None:
        loss = story_loss(self.trainer.model, self.validation, self.pad, self.settings)
        state.log_history.append({"step": state.global_step, "eval_loss": loss})
        report_evaluation(loss, state, self.settings.out)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if not logs or "loss" not in logs or "learning_rate" not in logs:
            return
        emit(
            "progress",
            step=state.global_step,
            steps=state.max_steps,
            loss=logs["loss"],
            gradient_norm=number(logs.get("grad_norm")),
            rate=logs["learning_rate"],
            training_accuracy=logs.get("rewards/accuracies"),
            seconds_left=round(self.clock.seconds_left(state.global_step, state.max_steps)),
        )
        check_finite(logs["loss"], state.global_step)


@torch.no_grad()
def story_loss(model: Any, rows: list[Row], pad: int, settings: PreferSettings) -> float:
    """The loss of stories in nats per token, as `tune` measures it."""
    with evaluating(model, settings):
        total = sum(nats(model, batch, pad).item() for batch in in_batches(rows, settings.micro_batch))
    return total / max(1, learned(rows))


@torch.no_grad()
def likelihoods(model: Any, pairs: list[Pair], rows: Rows, settings: PreferSettings) -> list[Sides]:
    """The log-likelihoods of both texts of each pair, given the title."""
    texts = [row for pair in pairs for row in rows.pair(pair)]
    with evaluating(model, settings):
        found = [
            -one
            for batch in in_batches(texts, 2 * settings.micro_batch)
            for one in nats_of_each(model, batch, rows.tokenizer.pad_token_id).tolist()
        ]
    return [Sides(*found[at : at + 2]) for at in range(0, len(found), 2)]


@contextlib.contextmanager
def evaluating(model: PreTrainedModel, settings: PreferSettings) -> Iterator[None]:
    """Without dropout, in the precision of training."""
    was = model.training
    model.eval()
    with torch.autocast(model.device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
        yield
    model.train(was)


def save(trainer: PairTrainer, tokenizer: PreTrainedTokenizerFast, settings: PreferSettings) -> None:
    """Writes the adapter. Its base is the model that was trained, which may be an adapter itself."""
    folder = Path(settings.out) / "model"
    trainer.model.peft_config["default"].base_model_name_or_path = settings.model
    trainer.save_model(str(folder))
    tokenizer.save_pretrained(folder)
    record_base(folder, settings.model)
    write_curve(Path(settings.out), trainer.state.log_history)
