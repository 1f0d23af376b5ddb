"""`find-lr`: the learning-rate range test (Smith 2017). The rate grows at each step until the loss explodes."""

import dataclasses
import math
import random
from typing import Any

import torch
from peft import PeftModel, get_peft_model
from transformers import PreTrainedModel

from .batches import Row, in_batches, learned, nats
from .device import device, resolved
from .events import UserError, emit
from .models import base_dtype, context_of, load_model, load_tokenizer, lora_config
from .settings import FindRateSettings
from .stories import check_enough_stories, of_split, read_corpus
from .tokens import encoded


def find_lr(config: dict[str, Any]) -> None:
    """Trains a copy in memory on the corpus in `stories` and keeps nothing. Reports the curve and suggests a rate."""
    settings = FindRateSettings.read(config)
    settings = dataclasses.replace(settings, precision=resolved(settings.precision))
    if settings.threads:
        torch.set_num_threads(settings.threads)
    stories = read_corpus(settings.stories)
    check_enough_stories(stories)
    torch.manual_seed(settings.seed)
    model, tokenizer = (
        load_model(settings.model, base_dtype(settings.method, settings.precision)),
        load_tokenizer(settings.model),
    )
    length = min(settings.length, context_of(model))
    if settings.method == "lora":
        model = get_peft_model(model, lora_config(model.config.model_type, settings.lora_rank, settings.lora_alpha))
    rows = [encoded(tokenizer, settings.form, story, length) for story in of_split(stories, "train")]
    if settings.checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    curve = range_test(model.to(device()), rows, tokenizer.pad_token_id, settings)
    best = min(curve, key=lambda row: row["smoothed"])
    emit(
        "done",
        suggested=suggestion(curve),
        lowest_loss_at=best["rate"],
        exploded_at=curve[-1]["rate"] if len(curve) < settings.steps else None,
        curve=curve,
    )


def range_test(
    model: PreTrainedModel | PeftModel, rows: list[Row], pad: int, settings: FindRateSettings
) -> list[dict[str, Any]]:
    """One step at each rate. Ends early if the loss is not a number or 2 nats above the first."""
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr=settings.lowest, weight_decay=0.0
    )
    growth = (settings.highest / settings.lowest) ** (1 / max(1, settings.steps - 1))
    rng = random.Random(settings.seed)
    model.train()
    curve, average = [], 0.0
    for step in range(settings.steps):
        rate = settings.lowest * growth**step
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = rng.sample(rows, min(settings.batch, len(rows)))
        loss = torch.zeros(())
        for part in in_batches(batch, settings.micro_batch):
            with torch.autocast(model.device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
                share = nats(model, part, pad) / learned(batch)
            share.backward()
            loss += share.detach().cpu()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        average = 0.9 * average + 0.1 * loss.item()
        smoothed = average / (1 - 0.9 ** (step + 1))  # the bias correction of Adam
        curve.append({"step": step + 1, "rate": rate, "loss": loss.item(), "smoothed": smoothed})
        emit("progress", step=step + 1, steps=settings.steps, rate=rate, loss=loss.item())
        if not math.isfinite(loss.item()) or smoothed > curve[0]["smoothed"] + 2:
            break
    return [row for row in curve if math.isfinite(row["loss"])]


def suggestion(curve: list[dict[str, Any]]) -> float:
    """A third of the rate at which the smoothed loss falls fastest (over the logarithm of the rate) before its lowest point.

    A third, because smoothing shows a fall late and because the training that follows is longer.
    """
    lowest = min(range(len(curve)), key=lambda at: curve[at]["smoothed"])
    falls = [(curve[at + 1]["smoothed"] - curve[at]["smoothed"], at) for at in range(lowest)]
    if not falls:
        raise UserError(
            "The loss falls at none of the rates.",
            "Try a smaller `lowest`, or check what the template makes of the stories.",
        )
    return curve[min(falls)[1]]["rate"] / 3
