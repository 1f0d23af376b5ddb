"""Tokens per second of `tune` compared with a bare PyTorch loop: same model, same batches, in turns within one run.

    python bench/step.py MODEL CORPUS.jsonl [ROUNDS]

Prints the median over the steps of the ratio between the two in processor time, so that other work on the machine does
not count. The bare loop is what anybody would write: forward, loss, backward, clip, step. It gets the same batches as
`tune`, since a batch of longer stories takes longer.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch
from transformers import TrainerCallback

from tinylove_trainer import tune
from tinylove_trainer.models import load_model
from tinylove_trainer.settings import TuneSettings
from tinylove_trainer.stories import read_corpus

BATCH, LENGTH, STEPS = 8, 256, 8


class Clock(TrainerCallback):
    def __init__(self):
        self.times = []

    def on_step_begin(self, *_, **__):
        self.begun = time.process_time()

    def on_step_end(self, *_, **__):
        self.times.append(time.process_time() - self.begun)


def by_tune(model_folder: str, corpus: str, folder: str) -> tuple[list[dict], list[float]]:
    """The batches of the steps, and how long each step took."""
    config = {
        "model": model_folder,
        "stories": corpus,
        "out": folder,
        "epochs": 99,
        "batch": BATCH,
        "micro_batch": BATCH,
        "length": LENGTH,
        "threads": 1,
        "patience": 99,
    }
    settings = tune.fitted(TuneSettings.read(config))
    trainer = tune.build_trainer(read_corpus(corpus), settings, fresh=False)
    clock = Clock()
    trainer.add_callback(clock)
    trainer.args.max_steps, trainer.args.eval_strategy, trainer.args.save_strategy = STEPS, "no", "no"
    trainer.args.load_best_model_at_end = False
    trainer.callback_handler.callbacks = [
        c
        for c in trainer.callback_handler.callbacks
        if type(c).__name__ not in ("EarlyStoppingCallback", "RunReporter")
    ]
    batches, step = [], trainer.training_step

    def recorded(model, inputs, *more):
        batches.append({name: values.clone() for name, values in inputs.items()})
        return step(model, inputs, *more)

    trainer.training_step = recorded
    trainer.train()
    return batches, clock.times


def by_bare_loop(model_folder: str, batches: list[dict]) -> list[float]:
    model = load_model(model_folder)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.0, fused=True)
    times = []
    for batch in batches:
        begun = time.process_time()
        with torch.autocast("cpu", torch.bfloat16):
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
        times.append(time.process_time() - begun)
    return times


def main(model: str, corpus: str, rounds: int = 3) -> None:
    torch.set_num_threads(1)
    bare, ours = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            batches, times = by_tune(model, corpus, folder)
        # The first steps allocate memory.
        ours += times[2:]
        bare += by_bare_loop(model, batches)[2:]
    ratio = statistics.median(fast / slow for fast, slow in zip(bare, ours, strict=True))
    fast, slow = statistics.median(bare), statistics.median(ours)
    print(
        f"bare {fast * 1000:.0f} ms a step, tune {slow * 1000:.0f} ms: {ratio:.2f} of the bare loop's tokens a second (wanted: 0.9)"
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
