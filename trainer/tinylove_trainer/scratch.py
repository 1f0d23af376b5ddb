"""`scratch`: trains a small GPT-NeoX from texts alone: vocabulary, stable phase, decay on the story form.

The rate warms up, stays, and falls to almost zero in the decay (warmup-stable-decay, Hu et al. 2024, MiniCPM), so the
checkpoint at the end of the stable phase (`stable.pt`) can be trained further: copy it over `checkpoint.pt` and give
the same folder more `stable` steps.
Muon (Jordan et al. 2024) trains matrices, AdamW embeddings, norms and biases. The order of the data depends only on the
seed and the step, so a run that was killed continues with the same results.
"""

import json
import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from transformers import GPTNeoXForCausalLM, PreTrainedTokenizerFast

from .events import UserError, emit, note
from .neox import build_neox
from .packing import decay_batch, prepare, stable_batch
from .settings import ScratchSettings
from .vocabulary import END_OF_TEXT


def scratch(config: dict[str, Any]) -> None:
    """Trains a model in the folder `out`, or continues with the one that was started there."""
    settings = ScratchSettings.read(config)
    out = Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(settings.threads)
    tokenizer, corpora = prepare(settings, out)
    model = build_neox(
        settings.vocabulary,
        settings.width,
        settings.layers,
        settings.head,
        settings.context,
        settings.rotary,
        settings.seed,
    ).to("cuda" if torch.cuda.is_available() else "cpu")
    optimizers = build_optimizers(model, settings)
    step = load_checkpoint(out / "checkpoint.pt", model, optimizers)
    train(model, optimizers, tokenizer, corpora, settings, out, step)
    save_model(model, tokenizer, out / "model")
    emit(
        "done",
        model=str(out / "model"),
        parameters=sum(p.numel() for p in model.parameters()),
        curve=str(out / "curve.jsonl"),
    )


def build_optimizers(model: torch.nn.Module, settings: ScratchSettings) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for the rest. Each parameter group keeps its full rate as `peak`."""
    matrices: list[torch.nn.Parameter] = []
    tables: list[torch.nn.Parameter] = []
    vectors: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        group = vectors if parameter.ndim == 1 else matrices if "layers" in name else tables
        group.append(parameter)
    muon = torch.optim.Muon(
        matrices,
        lr=settings.matrix_rate,
        weight_decay=settings.weight_decay,
        momentum=0.95,
        adjust_lr_fn="match_rms_adamw",
    )
    adamw = torch.optim.AdamW(
        [{"params": tables, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}],
        lr=settings.other_rate,
        betas=(0.9, 0.95),
        fused=True,
    )
    optimizers: list[torch.optim.Optimizer] = [muon, adamw]
    for optimizer in optimizers:
        for parameters in optimizer.param_groups:
            parameters["peak"] = parameters["lr"]
    return optimizers


def rate_share(step: int, settings: ScratchSettings) -> float:
    """The share of the full rate at a step: a linear rise, a flat part, a linear fall to a fiftieth."""
    stable, decay = settings.stable.steps, settings.decay.steps
    if step < settings.warmup_steps:
        return (step + 1) / settings.warmup_steps
    if step < stable:
        return 1.0
    return max(0.02, 1 - (step - stable) / decay)


def loss_of(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of each next token, in nats."""
    with torch.autocast(batch.device.type, torch.bfloat16):
        logits = model(batch[:, :-1], use_cache=False).logits
    return cross_entropy(logits.float().flatten(0, 1), batch[:, 1:].flatten())


def train(
    model: GPTNeoXForCausalLM,
    optimizers: list[torch.optim.Optimizer],
    tokenizer: Tokenizer,
    corpora: dict[str, np.ndarray],
    settings: ScratchSettings,
    out: Path,
    step: int,
) -> None:
    """Trains from `step` to the end, with a checkpoint every `save_every` steps."""
    stable, decay = settings.stable, settings.decay
    steps = stable.steps + decay.steps
    objective = torch.compile(loss_of) if settings.compile else loss_of
    curve = (out / "curve.jsonl").open("a")
    began, tokens_seen, running = time.monotonic(), 0, None
    model.train()
    while step < steps:
        if step < stable.steps:
            batch = stable_batch(corpora, step, stable.rows, stable.length, settings.seed)
        else:
            batch = decay_batch(corpora, step, decay.rows, decay.length, settings.seed, settings.decay_mix)
        batch = batch.to(model.device)
        loss = objective(model, batch)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate_share(step, settings)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        if not math.isfinite(loss.item()):
            raise UserError(
                f"The loss is not a number at step {step}.",
                "Lower matrix_rate and other_rate; the last checkpoint is still good.",
            )
        step += 1
        tokens_seen += batch.shape[0] * (batch.shape[1] - 1)
        running = loss.item() if running is None else 0.95 * running + 0.05 * loss.item()
        if step % 20 == 0 or step == steps:
            speed = tokens_seen / (time.monotonic() - began)
            left = (steps - step) * (batch.shape[0] * (batch.shape[1] - 1)) / speed
            row = {
                "step": step,
                "steps": steps,
                "loss": round(running, 4),
                "gradient_norm": round(norm.item(), 3),
                "tokens_per_second": round(speed),
                "seconds_left": round(left),
            }
            curve.write(json.dumps(row) + "\n")
            curve.flush()
            emit("progress", **row)
        if step % settings.evaluate_every == 0 or step == steps:
            measures = {
                "step": step,
                **{name: round(held_out_loss(model, corpora[name]), 4) for name in ("held_texts", "held_stories")},
            }
            curve.write(json.dumps(measures) + "\n")
            emit("evaluation", **measures)
        if step % (4 * settings.evaluate_every) == 0 or step == steps:
            emit("sample", step=step, text=sample(model, tokenizer, "Title: The Letter\nStory: I"))
        if step % settings.save_every == 0 or step in (stable.steps, steps):
            save_checkpoint(out / "checkpoint.pt", model, optimizers, step)
            if step == stable.steps:
                save_checkpoint(out / "stable.pt", model, optimizers, step)


@torch.no_grad()
def held_out_loss(model: GPTNeoXForCausalLM, stream: np.ndarray, length: int = 256, most: int = 96) -> float:
    """Mean cross-entropy per token, in nats, over at most `most` rows from the start of the stream."""
    rows = min(most, (len(stream) - 1) // length)
    losses = []
    for first in range(0, rows, 16):
        starts = range(first * length, min(first + 16, rows) * length, length)
        batch = torch.from_numpy(
            np.stack([stream[start : start + length + 1] for start in starts]).astype(np.int64)
        ).to(model.device)
        losses.append(loss_of(model, batch).item() * len(batch))
    return sum(losses) / rows


@torch.no_grad()
def sample(model: GPTNeoXForCausalLM, tokenizer: Tokenizer, prompt: str, length: int = 120) -> str:
    ids = torch.tensor([tokenizer.encode(prompt).ids], device=model.device)
    state = torch.random.get_rng_state()
    torch.manual_seed(1)
    made = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=length,
        do_sample=True,
        temperature=0.8,
        top_k=0,
        top_p=0.95,
        pad_token_id=0,
    )
    torch.random.set_rng_state(state)
    return tokenizer.decode(made[0].tolist(), skip_special_tokens=False)


def save_checkpoint(path: Path, model: GPTNeoXForCausalLM, optimizers: list[torch.optim.Optimizer], step: int) -> None:
    """Writes the checkpoint whole or not at all: a kill during the write leaves the previous one."""
    partial = path.with_suffix(".partial")
    torch.save({"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "step": step}, partial)
    os.replace(partial, path)


def load_checkpoint(path: Path, model: GPTNeoXForCausalLM, optimizers: list[torch.optim.Optimizer]) -> int:
    """Loads the checkpoint, if there is one, and returns the step to continue from, else 0."""
    if not path.exists():
        return 0
    saved = torch.load(path, weights_only=True, map_location=model.device)
    model.load_state_dict(saved["model"])
    for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    note(f"continuing from step {saved['step']}")
    return int(saved["step"])


def save_model(model: GPTNeoXForCausalLM, tokenizer: Tokenizer, folder: Path) -> None:
    """Saves the model in the form that Transformers reads."""
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        model_max_length=model.config.max_position_embeddings,
    ).save_pretrained(folder)
