"""The reports of a run: its events and its curve."""

import copy
import json
import math
import os
import time
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerFast, TrainerCallback

from .events import UserError, emit, finite, is_first_process
from .sample import Request, write_texts
from .settings import TuneSettings
from .sharding import check_shares, check_trained, counts, shares
from .story_trainer import StoryTrainer


class StepClock:
    """Measures the steps of a run alone: evaluations have a clock of their own, and may take longer than many steps."""

    def __init__(self) -> None:
        self.first_step, self.training = 0, 0.0
        self.ended: float | None = None

    def start(self, step: int) -> None:
        self.first_step, self.training = step, 0.0

    def begin_step(self) -> None:
        self.began = time.monotonic()

    def end_step(self) -> None:
        self.ended = time.monotonic()
        self.training += self.ended - self.began

    def seconds_left(self, step: int, steps: int) -> float:
        return self.training / max(1, step - self.first_step) * (steps - step)


class RunReporter(TrainerCallback):
    """Reports the run as events, and writes its curve."""

    def __init__(self, settings: TuneSettings, tokenizer: PreTrainedTokenizerFast, trainer: StoryTrainer):
        self.settings = settings
        self.tokenizer = tokenizer
        self.trainer = trainer
        self.clock = StepClock()

    def on_train_begin(self, args: Any, state: Any, control: Any, optimizer: Any = None, **kwargs: Any) -> None:
        self.clock.start(state.global_step)
        self.evaluating, self.evaluations = 0.0, 0  # seconds, number
        if self.settings.sharded:
            parts, (parameters, trainable) = shares(self.trainer.model, optimizer), counts(self.trainer.model)
            held, trained = [part.held for part in parts], [part.trained for part in parts]
            emit(
                "sharding",
                parameters=parameters,
                trainable=trainable,
                held=held,
                trained=trained,
                bytes=[part.bytes for part in parts],
            )
            check_shares(held, parameters)
            check_trained(trained, trainable)

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.clock.begin_step()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.clock.end_step()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if not logs or "loss" not in logs or "learning_rate" not in logs:
            return
        steps_left = state.max_steps - state.global_step
        seconds_left = self.clock.seconds_left(state.global_step, state.max_steps)
        if self.evaluations:
            seconds_left += self.evaluating / self.evaluations * (steps_left / args.eval_steps)
        emit(
            "progress",
            step=state.global_step,
            steps=state.max_steps,
            epoch=round(logs["epoch"], 4),
            loss=logs["loss"],
            gradient_norm=number(logs.get("grad_norm")),
            rate=logs["learning_rate"],
            tokens_per_second=round(self.trainer.tokens_seen / self.clock.training),
            seconds_left=round(seconds_left),
        )
        check_finite(logs["loss"], state.global_step)

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: Any = None, model: Any = None, **kwargs: Any
    ) -> None:
        loss = metrics["eval_loss"]
        report_evaluation(loss, state, self.settings.out)
        check_finite(loss, state.global_step)
        if is_first_process() and not self.settings.sharded:
            self.write_samples(model, state.global_step)
        if self.clock.ended is not None:  # the evaluation before the first step also warms up
            self.evaluating += time.monotonic() - self.clock.ended
            self.evaluations += 1

    def write_samples(self, model: PreTrainedModel, step: int) -> None:
        """Writes a greedy and a sampled story for each of the fixed titles: the first shows repetition, both show collapse.

        All are one batch, written by a copy with the adapter merged, which is about three times as fast.
        """
        asked = [
            (title, decoding, temperature)
            for title in self.settings.sample_titles
            for decoding, temperature in (("greedy", 0.0), ("sampled", 1.0))
        ]
        if not asked:
            return
        requests = [
            Request(
                id=str(number),
                prompt=self.settings.form.prompt(title),
                seed=self.settings.seed,
                temperature=temperature,
                most_tokens=self.settings.sample_tokens,
            )
            for number, (title, _, temperature) in enumerate(asked)
        ]
        written = {
            text.id: text.text.strip() for text in write_texts(plain(model), self.tokenizer, requests, len(asked))
        }
        for request, (title, decoding, _) in zip(requests, asked, strict=True):
            emit("sample", step=step, title=title, decoding=decoding, text=written[request.id])


def plain(model: Any) -> PreTrainedModel:
    """The model without an adapter around it: a copy with the adapter merged, or the model itself if it has none."""
    return copy.deepcopy(model).merge_and_unload() if hasattr(model, "merge_and_unload") else model


def report_evaluation(loss: float, state: Any, out: str) -> None:
    """Emits the validation loss and its perplexity (capped at exp 50), and writes the curve so far."""
    emit(
        "evaluation",
        step=state.global_step,
        epoch=round(state.epoch or 0, 4),
        validation_loss=loss,
        perplexity=math.exp(min(loss, 50)),
    )
    write_curve(Path(out), state.log_history)


def check_finite(loss: float, step: int) -> None:
    if not math.isfinite(loss):
        raise UserError(
            f"The loss is not a number at step {step}.", "The rate is too high: run find-lr, or divide the rate by 3."
        )


def number(value: Any) -> float | None:
    return None if value is None else float(value)


def write_curve(out: Path, history: list[dict[str, Any]]) -> None:
    """Writes `curve.jsonl`: a line for each step and each evaluation. It is rewritten whole, so a resumed run has no step twice."""
    if not is_first_process():
        return
    rows = []
    for entry in history:
        if "eval_loss" in entry:
            rows.append({"step": entry["step"], "validation_loss": entry["eval_loss"]})
        elif "loss" in entry and "learning_rate" in entry:
            rows.append(
                {
                    "step": entry["step"],
                    "loss": entry["loss"],
                    "gradient_norm": number(entry.get("grad_norm")),
                    "rate": entry["learning_rate"],
                }
            )
    partial = out / "curve.partial"
    partial.write_text("".join(json.dumps(finite(row)) + "\n" for row in rows))
    os.replace(partial, out / "curve.jsonl")
