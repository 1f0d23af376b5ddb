"""`find-lr`: the learning-rate range test (Smith 2017): the rate grows step by step until the loss breaks out."""

import math
import random

import torch
from peft import get_peft_model

from .events import UserError, emit
from .models import base_dtype, context_of, load_model, load_tokenizer, lora_config
from .settings import one_of, positive, settled
from .stories import check_template, encoded, enough_to_train, of_split, prompt_and_story, read_corpus
from .tune import TEMPLATE

DEFAULTS = {
    "template": TEMPLATE,
    "method": "full",
    "lowest": 1e-7,
    "highest": 1.0,
    "steps": 100,
    "batch": 8,
    "length": 512,
    "precision": "bf16",
    "lora_rank": 16,
    "lora_alpha": 32,
    "seed": 1,
    "threads": None,
}


def find_lr(config: dict) -> None:
    """Trains a copy in memory on the corpus in `stories`; nothing is kept. Suggests a rate and tells the curve."""
    settings = settled(config, DEFAULTS, ("model", "stories"))
    one_of("method", settings.method, ("full", "lora"))
    one_of("precision", settings.precision, ("bf16", "fp32"))
    check_template(settings.template)
    for name in ("lowest", "highest", "steps", "batch", "length"):
        positive(name, getattr(settings, name))
    if settings.threads:
        torch.set_num_threads(settings.threads)
    stories = read_corpus(settings.stories)
    enough_to_train(stories)
    torch.manual_seed(settings.seed)
    model, tokenizer = load_model(settings.model, base_dtype(settings.method, settings.precision)), load_tokenizer(settings.model)
    length = min(settings.length, context_of(model))
    if settings.method == "lora":
        model = get_peft_model(model, lora_config(model.config.model_type, settings.lora_rank, settings.lora_alpha))
    rows = [encoded(tokenizer, *prompt_and_story(settings.template, story.title, story.text), length) for story in of_split(stories, "train")]
    curve = range_test(model.to("cuda" if torch.cuda.is_available() else "cpu"), rows, tokenizer.pad_token_id, settings)
    best = min(curve, key=lambda row: row["smoothed"])
    emit("done", suggested=suggestion(curve), lowest_loss_at=best["rate"], broke_out_at=curve[-1]["rate"] if len(curve) < settings.steps else None, curve=curve)


def range_test(model, rows: list, pad: int, settings) -> list[dict]:
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=settings.lowest, weight_decay=0.0)
    growth = (settings.highest / settings.lowest) ** (1 / max(1, settings.steps - 1))
    rng = random.Random(settings.seed)
    model.train()
    curve, average = [], 0.0
    for step in range(settings.steps):
        rate = settings.lowest * growth**step
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = {name: tensor.to(model.device) for name, tensor in padded(rng.sample(rows, min(settings.batch, len(rows))), pad).items()}
        with torch.autocast(model.device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        average = 0.9 * average + 0.1 * loss.item()
        smoothed = average / (1 - 0.9 ** (step + 1))  # as Adam mends the start of an average
        curve.append({"step": step + 1, "rate": rate, "loss": loss.item(), "smoothed": smoothed})
        emit("progress", step=step + 1, steps=settings.steps, rate=rate, loss=loss.item())
        if not math.isfinite(loss.item()) or smoothed > curve[0]["smoothed"] + 2:
            break
    return [row for row in curve if math.isfinite(row["loss"])]


def suggestion(curve: list[dict]) -> float:
    """Where the smoothed loss falls fastest for the logarithm of the rate, before its lowest point; a third of that.

    The third is for the smoothing, which tells of a fall when it has been, and since the training to come is longer.
    """
    lowest = min(range(len(curve)), key=lambda at: curve[at]["smoothed"])
    falls = [(curve[at + 1]["smoothed"] - curve[at]["smoothed"], at) for at in range(lowest)]
    if not falls:
        raise UserError("The loss falls at no rate that was tried.", "Try a lower `lowest`, or look at what the template makes of the stories.")
    return curve[min(falls)[1]]["rate"] / 3


def padded(rows: list, pad: int) -> dict[str, torch.Tensor]:
    """Padding is masked by itself, not by its token: where that is the end of text, the end is still learnt."""
    longest = max(len(ids) for ids, _ in rows)
    return {
        "input_ids": torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in rows]),
        "labels": torch.tensor([labels + [-100] * (longest - len(ids)) for ids, labels in rows]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows]),
    }
