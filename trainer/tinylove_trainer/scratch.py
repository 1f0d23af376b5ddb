"""`scratch`: a small GPT-NeoX from nothing but texts. Vocabulary, stable phase, decay on the story form.

The rate warms up, stays, and falls to nothing in the decay (warmup-stable-decay, Hu et al. 2024, MiniCPM), so the
checkpoint at the end of the stable phase (`stable.pt`) can be trained further: copy it over `checkpoint.pt` and give
the same folder more `stable` steps.
Matrices are trained by Muon (Jordan et al. 2024), embeddings, norms and biases by AdamW. The order of the data
follows from the seed and the step alone, so a run killed at any point goes on as if it had not been.
"""

import json
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast

from .events import UserError, emit, note
from .neox import build_neox
from .packing import decay_batch, prepare, stable_batch
from .settings import positive, settled
from .vocabulary import END_OF_TEXT

DEFAULTS = {
    "texts": [],  # files of many sections, for the stable phase
    "stories": [],  # JSON Lines of short stories, for both
    "vocabulary": 4096,
    "width": 192,
    "layers": 6,
    "head": 64,
    "context": 512,
    "rotary": 0.25,
    "stable": {"steps": 3400, "rows": 16, "length": 256},
    "decay": {"steps": 2550, "rows": 8, "length": 512},
    "decay_mix": {"stories": 0.05, "passages": 0.2, "texts": 0.75},  # more stories are learnt by heart
    "first_person": 0.025,  # least share of I, my, we … in a passage of the decay
    "curly": 0.12,  # share of documents that keep typographic quotes
    "warmup_steps": 150,
    "matrix_rate": 0.003,
    "other_rate": 0.003,
    "weight_decay": 0.1,
    "clip": 1.0,
    "seed": 20221,
    "threads": 1,
    "compile": True,
    "evaluate_every": 250,
    "save_every": 100,
}


def scratch(config: dict) -> None:
    """Makes the model in `config["out"]`, or goes on with the one begun there."""
    settings = vars(settled(config, DEFAULTS, ("out",)))
    check(settings)
    out = Path(settings["out"])
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(settings["threads"])
    tokenizer, corpora = prepare(settings, out)
    model = build_neox(
        settings["vocabulary"], settings["width"], settings["layers"], settings["head"], settings["context"], settings["rotary"], settings["seed"]
    ).to("cuda" if torch.cuda.is_available() else "cpu")
    optimizers = build_optimizers(model, settings)
    step = load_checkpoint(out / "checkpoint.pt", model, optimizers)
    train(model, optimizers, tokenizer, corpora, settings, out, step)
    save_model(model, tokenizer, out / "model")
    emit("done", model=str(out / "model"), parameters=sum(p.numel() for p in model.parameters()), curve=str(out / "curve.jsonl"))


def check(settings: dict) -> None:
    for name in ("vocabulary", "width", "layers", "head", "context", "matrix_rate", "other_rate", "threads"):
        positive(name, settings[name])
    if settings["width"] % settings["head"]:
        raise UserError(f"A width of {settings['width']} does not part into heads of {settings['head']}.", "Make width a multiple of head.")
    if settings["vocabulary"] < 300 or settings["vocabulary"] > 65_535:
        raise UserError(f"vocabulary is {settings['vocabulary']}.", "It is from 300 (256 are the bytes) to 65535.")
    for phase in ("stable", "decay"):
        if settings[phase].keys() != DEFAULTS[phase].keys() or settings[phase]["length"] > settings["context"]:
            raise UserError(f"{phase} is {settings[phase]}.", f"It holds steps, rows and length, at most the context of {settings['context']}.")
    if not math.isclose(sum(settings["decay_mix"].values()), 1) or not set(settings["decay_mix"]) <= {"stories", "passages", "texts"}:
        raise UserError(f"decay_mix is {settings['decay_mix']}.", "Give shares of stories, passages and texts that add up to 1.")


def build_optimizers(model: torch.nn.Module, settings: dict) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for the rest. Each group keeps its full rate as `peak`."""
    matrices, tables, vectors = [], [], []
    for name, parameter in model.named_parameters():
        group = vectors if parameter.ndim == 1 else matrices if "layers" in name else tables
        group.append(parameter)
    muon = torch.optim.Muon(matrices, lr=settings["matrix_rate"], weight_decay=settings["weight_decay"], momentum=0.95, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW(
        [{"params": tables, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}],
        lr=settings["other_rate"],
        betas=(0.9, 0.95),
        fused=True,
    )
    for optimizer in (muon, adamw):
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return [muon, adamw]


def rate_share(step: int, settings: dict) -> float:
    """The share of the full rate at a step: up in a line, flat, down in a line to a fiftieth."""
    stable, decay = settings["stable"]["steps"], settings["decay"]["steps"]
    if step < settings["warmup_steps"]:
        return (step + 1) / settings["warmup_steps"]
    if step < stable:
        return 1.0
    return max(0.02, 1 - (step - stable) / decay)


def loss_of(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of each next token, in nats."""
    with torch.autocast(batch.device.type, torch.bfloat16):
        logits = model(batch[:, :-1], use_cache=False).logits
    return cross_entropy(logits.float().flatten(0, 1), batch[:, 1:].flatten())


def train(model, optimizers, tokenizer, corpora, settings, out: Path, step: int) -> None:
    stable, decay = settings["stable"], settings["decay"]
    steps = stable["steps"] + decay["steps"]
    objective = torch.compile(loss_of) if settings["compile"] else loss_of
    curve = (out / "curve.jsonl").open("a")
    began, tokens_seen, running = time.monotonic(), 0, None
    model.train()
    while step < steps:
        if step < stable["steps"]:
            batch = stable_batch(corpora, step, stable["rows"], stable["length"], settings["seed"])
        else:
            batch = decay_batch(corpora, step, decay["rows"], decay["length"], settings["seed"], settings["decay_mix"])
        batch = batch.to(model.device)
        loss = objective(model, batch)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), settings["clip"])
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate_share(step, settings)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        if not math.isfinite(loss.item()):
            raise UserError(f"The loss is not a number at step {step}.", "Lower matrix_rate and other_rate; the last checkpoint is sound.")
        step += 1
        tokens_seen += batch.shape[0] * (batch.shape[1] - 1)
        running = loss.item() if running is None else 0.95 * running + 0.05 * loss.item()
        if step % 20 == 0 or step == steps:
            speed = tokens_seen / (time.monotonic() - began)
            left = (steps - step) * (batch.shape[0] * (batch.shape[1] - 1)) / speed
            row = {"step": step, "steps": steps, "loss": round(running, 4), "gradient_norm": round(norm.item(), 3), "tokens_per_second": round(speed), "seconds_left": round(left)}
            curve.write(json.dumps(row) + "\n")
            curve.flush()
            emit("progress", **row)
        if step % settings["evaluate_every"] == 0 or step == steps:
            measures = {"step": step, **{name: round(held_out_loss(model, corpora[name]), 4) for name in ("held_texts", "held_stories")}}
            curve.write(json.dumps(measures) + "\n")
            emit("evaluation", **measures)
        if step % (4 * settings["evaluate_every"]) == 0 or step == steps:
            emit("sample", step=step, text=sample(model, tokenizer, "Title: The Letter\nStory: I"))
        if step % settings["save_every"] == 0 or step in (stable["steps"], steps):
            save_checkpoint(out / "checkpoint.pt", model, optimizers, step)
            if step == stable["steps"]:
                save_checkpoint(out / "stable.pt", model, optimizers, step)


@torch.no_grad()
def held_out_loss(model, stream: np.ndarray, length: int = 256, most: int = 96) -> float:
    """Mean cross-entropy in nats a token, over at most `most` rows from the start of the stream."""
    rows = min(most, (len(stream) - 1) // length)
    losses = []
    for first in range(0, rows, 16):
        starts = range(first * length, min(first + 16, rows) * length, length)
        batch = torch.from_numpy(np.stack([stream[start : start + length + 1] for start in starts]).astype(np.int64)).to(model.device)
        losses.append(loss_of(model, batch).item() * len(batch))
    return sum(losses) / rows


@torch.no_grad()
def sample(model, tokenizer: Tokenizer, prompt: str, length: int = 120) -> str:
    ids = torch.tensor([tokenizer.encode(prompt).ids], device=model.device)
    state = torch.random.get_rng_state()
    torch.manual_seed(1)
    made = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=length, do_sample=True, temperature=0.8, top_k=0, top_p=0.95, pad_token_id=0)
    torch.random.set_rng_state(state)
    return tokenizer.decode(made[0].tolist(), skip_special_tokens=False)


# --- keeping ----------------------------------------------------------------------------------------------------------


def save_checkpoint(path: Path, model, optimizers, step: int) -> None:
    """Whole or not at all: a kill while it is written leaves the one before."""
    partial = path.with_suffix(".partial")
    torch.save({"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "step": step}, partial)
    os.replace(partial, path)


def load_checkpoint(path: Path, model, optimizers) -> int:
    """The step to go on with, 0 where there is nothing yet."""
    if not path.exists():
        return 0
    saved = torch.load(path, weights_only=True, map_location=model.device)
    model.load_state_dict(saved["model"])
    for optimizer, state in zip(optimizers, saved["optimizers"]):
        optimizer.load_state_dict(state)
    note(f"going on from step {saved['step']}")
    return saved["step"]


def save_model(model, tokenizer: Tokenizer, folder: Path) -> None:
    """The model as Transformers reads it."""
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=END_OF_TEXT, eos_token=END_OF_TEXT, pad_token=END_OF_TEXT, model_max_length=model.config.max_position_embeddings
    ).save_pretrained(folder)
